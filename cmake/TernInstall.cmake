# cmake --install BUILD --component engine --prefix PREFIX: the engine for other people's programs. Its public face is
# tern.h (C99) and tern.hpp (C++17); found by find_package(tern COMPONENTS engine) and pkg-config tern-engine.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(engine_folders engine pack kernels net base)  # in the linker's order
set(tern_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tern)
foreach(folder ${engine_folders})
  target_compile_options(tern_${folder} PRIVATE -ffunction-sections -fdata-sections)  # programs then hold what they call
  set_target_properties(tern_${folder} PROPERTIES EXPORT_NAME ${folder})
  install(TARGETS tern_${folder} EXPORT tern-engine-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT engine)
endforeach()
install(FILES ${PROJECT_SOURCE_DIR}/src/engine/tern.h ${PROJECT_SOURCE_DIR}/src/engine/tern.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT engine)
install(EXPORT tern-engine-targets NAMESPACE tern:: DESTINATION ${tern_cmake_dir} COMPONENT engine)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tern-config.cmake.in ${PROJECT_BINARY_DIR}/tern-config.cmake
                              INSTALL_DESTINATION ${tern_cmake_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tern-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tern-config.cmake ${PROJECT_BINARY_DIR}/tern-config-version.cmake
        DESTINATION ${tern_cmake_dir} COMPONENT engine)

list(TRANSFORM engine_folders PREPEND "-ltern_" OUTPUT_VARIABLE tern_pc_libs)
list(TRANSFORM OpenMP_CXX_LIB_NAMES PREPEND "-l" OUTPUT_VARIABLE tern_pc_openmp)
list(JOIN tern_pc_libs " " tern_pc_libs)
list(JOIN tern_pc_openmp " " tern_pc_openmp)
file(RELATIVE_PATH tern_pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)  # from the file to the prefix: it may be moved
configure_file(${PROJECT_SOURCE_DIR}/cmake/tern-engine.pc.in ${PROJECT_BINARY_DIR}/tern-engine.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tern-engine.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT engine)
