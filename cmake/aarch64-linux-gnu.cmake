# Toolchain: 64-bit ARM Linux from a Debian machine of another processor. Packages: g++-aarch64-linux-gnu, qemu-user for the
# tests, googletest. fmt and nlohmann-json are headers here, so that those of the building machine serve.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
file(GLOB fmt_DIR /usr/lib/*-linux-gnu/cmake/fmt)
