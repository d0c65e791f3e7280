/* What c_api_c.c, compiled as C99, does for c_api_test.cpp. */
#ifndef TERN_TESTS_C_API_C_H
#define TERN_TESTS_C_API_C_H

#include "engine/tern.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Loads the file and runs one sample in an instance: all that a C program does. */
tern_status c_run_file(const char* path, const float* input, size_t input_size, float* output, size_t output_size,
                       tern_error* error);

#ifdef __cplusplus
}
#endif

#endif
