# Compiler settings shared by every target, and the two functions that declare targets.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_C_COMPILER_LAUNCHER})
endif()

find_package(OpenMP REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
if(NOT TERN_ENGINE_ALONE)
  find_package(Protobuf REQUIRED)  # of ONNX files
endif()

add_library(tern_flags INTERFACE)
# g++ 12 sees overlapping copies in its own strings (-Wrestrict). No silent fused multiply-add: every instruction set then gives the same bits, and the engine equals learn.
target_compile_definitions(tern_flags INTERFACE TERN_VERSION="${PROJECT_VERSION}")
target_compile_options(tern_flags INTERFACE -Wall -Wextra -Wno-unknown-pragmas -Wno-restrict -ffp-contract=off)
if(TERN_WARNINGS_AS_ERRORS)
  target_compile_options(tern_flags INTERFACE -Werror)
endif()
if(TERN_ASSERTIONS)
  target_compile_options(tern_flags INTERFACE -UNDEBUG)
endif()
if(TERN_SANITIZE)
  target_compile_options(tern_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                                              -fno-omit-frame-pointer)
  target_link_options(tern_flags INTERFACE -fsanitize=address,undefined)
endif()

# What is called seldom (reading, planning, messages) is compiled for size in release builds.
set(tern_for_size $<$<CONFIG:Release>:-Os>)

# tern_library(NAME SOURCES ... DEPENDS ...): the static library of one folder, target tern_NAME, alias tern::NAME.
function(tern_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(tern_${name} STATIC ${ARG_SOURCES})
  add_library(tern::${name} ALIAS tern_${name})
  target_include_directories(tern_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                                 $<INSTALL_INTERFACE:include>)
  target_link_libraries(tern_${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS} $<BUILD_INTERFACE:tern_flags>)
endfunction()

# tern_test(FOLDER SOURCES ... DEPENDS ...): the test program of one folder, discovered test by test.
function(tern_test folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(test_${folder} ${ARG_SOURCES})
  target_include_directories(test_${folder} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${folder} PRIVATE ${ARG_DEPENDS} tern_flags GTest::gtest GTest::gtest_main)
  target_compile_definitions(test_${folder} PRIVATE TERN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(test_${folder} TEST_PREFIX "${folder}." DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
