# libtorch, and the precompiled header that every folder above the engine shares.
find_package(Torch REQUIRED)

# tern_torch_library(NAME SOURCES ... DEPENDS ...): a tern_library that may include torch in its implementation files.
# Debian's torch exports compile flags that would override ours; only its include folders and libraries are taken.
function(tern_torch_library name)
  tern_library(${name} ${ARGN})
  target_include_directories(tern_${name} SYSTEM PUBLIC ${TORCH_INCLUDE_DIRS})
  target_link_libraries(tern_${name} PUBLIC ${TORCH_LIBRARIES})
  if(name STREQUAL "learn")
    target_precompile_headers(tern_learn PRIVATE ${PROJECT_SOURCE_DIR}/src/learn/torch.hpp)
  else()
    target_precompile_headers(tern_${name} REUSE_FROM tern_learn)
  endif()
endfunction()

# tern_torch_test(FOLDER ...): a tern_test that shares the precompiled header, made with -fPIC as the libraries are.
function(tern_torch_test folder)
  tern_test(${folder} ${ARGN})
  set_target_properties(test_${folder} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(test_${folder} PRIVATE -fPIC)
  target_precompile_headers(test_${folder} REUSE_FROM tern_learn)
endfunction()
