#!/bin/sh
# Installs the engine into an empty prefix and builds the examples outside of this project, with CMake and with pkg-config:
# they build, print the same scores, need no library but those of the compiler, and stay small.
# Usage: installed_test.sh BUILD_DIR SOURCE_DIR CMAKE CC CXX
set -eu
build=$1 source=$2 cmake=$3 cc=$4 cxx=$5
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
most_bytes=3000000
export CMAKE_GENERATOR=Ninja  # what builds this project; a fresh machine has no make
model=$source/fuzz/corpus/tern/spiking-w2-d50

fail() {
  echo "FAIL: $*"
  exit 1
}

# check_needs PROGRAM: only the C and C++ runtimes, threads, OpenMP's runtime and oneDNN.
check_needs() {
  strange=$(ldd "$1" | sed 's/ (0x.*//; s/ =>.*//; s/^[[:space:]]*//' |
    grep -vE '^(linux-vdso|libstdc\+\+|libm|libgcc_s|libc|libpthread|libgomp|libdnnl)\.so|ld-linux' || true)
  [ -z "$strange" ] || fail "$1 needs $strange"
}

# check_scores PROGRAM: what the first program printed.
check_scores() {
  "$1" "$model" >"$dir/scores" || fail "$1 does not run"
  [ -s "$dir/scores" ] || fail "$1 prints nothing"
  [ -f "$dir/expected" ] || cp "$dir/scores" "$dir/expected"
  cmp -s "$dir/scores" "$dir/expected" || fail "$1 prints other scores"
}

"$cmake" --install "$build" --prefix "$dir/built" --component engine >"$dir/log" || fail "$(cat "$dir/log")"
mv "$dir/built" "$dir/prefix"  # an installation may be moved
for file in include/tern.h include/tern.hpp; do
  [ -f "$dir/prefix/$file" ] || fail "$file is not installed"
done
# Whole paths: a checkout in /tern must not be found in lib/cmake/tern.
for path in "$source" "$build" "$dir"; do
  grep -rnE "(^|[\"'; :=]|-[IL])$path(/|[\"'; ]|\$)" "$dir/prefix" --include='*.cmake' --include='*.pc' && fail "a path of this machine is installed"
done

# CMake, the examples as they are.
cp -r "$source/examples" "$dir/examples"
"$cmake" -S "$dir/examples" -B "$dir/cmake" -DCMAKE_PREFIX_PATH="$dir/prefix" -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_BUILD_TYPE=Release >"$dir/log" 2>&1 && "$cmake" --build "$dir/cmake" >>"$dir/log" 2>&1 || fail "$(cat "$dir/log")"

# CMake, three lines.
mkdir "$dir/three"
cp "$source/examples/2-run_model.cpp" "$dir/three/main.cpp"
printf '%s\n' 'find_package(tern REQUIRED COMPONENTS engine)' 'add_executable(program main.cpp)' \
  'target_link_libraries(program tern::engine)' >"$dir/three/CMakeLists.txt"
"$cmake" -S "$dir/three" -B "$dir/three/build" -DCMAKE_PREFIX_PATH="$dir/prefix" -DCMAKE_CXX_COMPILER="$cxx" >"$dir/log" 2>&1 &&
  "$cmake" --build "$dir/three/build" >>"$dir/log" 2>&1 || fail "$(cat "$dir/log")"

for program in "$dir/cmake/example_run_model_c" "$dir/cmake/example_run_model" "$dir/three/build/program"; do
  check_needs "$program"
  check_scores "$program"
done

# pkg-config, where it is; a C program is linked by the C compiler, and the C++ face is C++17.
if command -v pkg-config >/dev/null; then
  PKG_CONFIG_PATH=$(dirname "$(find "$dir/prefix" -name tern-engine.pc)")
  export PKG_CONFIG_PATH
  flags=$(pkg-config --cflags --libs tern-engine)
  "$cc" -std=c99 -pedantic -Wall -Werror "$source/examples/1-run_model.c" -o "$dir/by_cc" $flags || fail "pkg-config, C"
  "$cxx" -std=c++17 -pedantic -Wall -Werror "$source/examples/2-run_model.cpp" -o "$dir/by_cxx" $flags || fail "pkg-config, C++"
  check_needs "$dir/by_cc"
  check_scores "$dir/by_cc"
  check_scores "$dir/by_cxx"

  # One file that needs nothing of the machine it runs on, stripped: the engine, the C++ and the C library.
  "$cxx" -O2 -static -Wl,--gc-sections "$source/examples/2-run_model.cpp" -o "$dir/static" $flags >"$dir/log" 2>&1 ||
    fail "a static build: $(cat "$dir/log")"
  strip "$dir/static"
  check_scores "$dir/static"
  ldd "$dir/static" >/dev/null 2>&1 && fail "the static build needs $(ldd "$dir/static")"
  bytes=$(wc -c <"$dir/static")
  echo "static and stripped: $bytes bytes"
  [ "$bytes" -lt "$most_bytes" ] || fail "$bytes bytes, expected less than $most_bytes"
fi
echo "the installed engine serves other projects"
