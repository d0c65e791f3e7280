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
