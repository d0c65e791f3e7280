/* Tern's engine in C99: load a `.tern` file, plan it once for this processor, run it many times.
 *
 *   tern_error error;
 *   tern_model* model = NULL;
 *   tern_instance* instance = NULL;
 *   if (tern_model_load("net.tern", NULL, &model, &error) != TERN_OK ||
 *       tern_instance_create(model, NULL, &instance, &error) != TERN_OK ||
 *       tern_instance_run(instance, input, input_size, output, output_size, &error) != TERN_OK)
 *     fprintf(stderr, "%s\n", error.message);
 *   tern_instance_free(instance);
 *   tern_model_free(model);
 *
 * Handles are opaque. Functions that can fail return a tern_status and, where they are given a tern_error, write the
 * status and a text into it, also on success; nothing is kept in globals. A null handle or pointer where one is needed is
 * TERN_BAD_INPUT; handles are null after a failure; freeing null does nothing. No C++ exception leaves a function.
 *
 * Threads: a model is immutable and may be used by many threads at once; an instance belongs to one thread at a time.
 * Instances of one model share its weights and keep it alive: the model may be freed before them.
 *
 * ABI: structures that may grow begin with their size, set by their ..._INIT macro, and new members come last with 0 as
 * their default; numbers once given out keep their meaning. A program built with an older tern.h of the same
 * TERN_ABI_VERSION therefore works with a newer library. */
#ifndef TERN_H
#define TERN_H

#include <stddef.h>
#include <stdint.h>

#define TERN_VERSION_MAJOR 0
#define TERN_VERSION_MINOR 1
#define TERN_VERSION_PATCH 0
#define TERN_ABI_VERSION 1

#if defined(__GNUC__)
#define TERN_API __attribute__((visibility("default")))
#else
#define TERN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Whose move it is after a failure. */
typedef int32_t tern_status;
enum {
  TERN_OK = 0,
  TERN_IO = 1,            /* the system's: no such file, no permission */
  TERN_BAD_MODEL = 2,     /* the model's maker: the file is corrupt, or the model contradicts itself */
  TERN_UNSUPPORTED = 3,   /* ours or a newer build's: valid, but this engine cannot run it */
  TERN_BAD_INPUT = 4,     /* the caller's: null, or values of another number than the network takes */
  TERN_OUT_OF_MEMORY = 5, /* the machine's */
  TERN_INTERNAL = 6       /* ours: a mistake */
};

/* The caller's, on the stack mostly: nothing in it needs to be freed. Its size never changes. */
typedef struct tern_error {
  tern_status status;
  char message[1020]; /* UTF-8, ends with 0, cut where it is longer; empty where status is TERN_OK */
} tern_error;

typedef struct tern_model tern_model;
typedef struct tern_instance tern_instance;

typedef struct tern_model_options {
  size_t size;            /* sizeof(tern_model_options) */
  int32_t skip_measuring; /* 0: kernels are chosen by measuring them, some milliseconds a layer; else by a fixed order */
  int32_t reserved;       /* 0 */
  const char* cache_folder; /* where measurements are kept for the next start; null: nowhere; "": the user's cache folder
                               ($TERN_CACHE, else $XDG_CACHE_HOME/tern, else ~/.cache/tern) */
} tern_model_options;
#define TERN_MODEL_OPTIONS_INIT {sizeof(tern_model_options), 0, 0, NULL}

typedef struct tern_instance_options {
  size_t size;         /* sizeof(tern_instance_options) */
  int64_t num_steps;   /* length of the time axis; 0: the network's own, or 1 */
  int32_t num_threads; /* that one run may use, the caller's included; 0: 1 */
  int32_t reserved;    /* 0 */
} tern_instance_options;
#define TERN_INSTANCE_OPTIONS_INIT {sizeof(tern_instance_options), 0, 0, 0}

/* What goes in or comes out: [num_steps, shape...] where has_time, else [shape...]; row-major floats, images as c, h, w. */
typedef struct tern_tensor_type {
  size_t size;          /* sizeof(tern_tensor_type) */
  const int64_t* shape; /* `rank` extents of one step; the model's, valid until it is freed */
  int32_t rank;
  int32_t has_time;
  int64_t elements;     /* product of the extents: values of one step */
} tern_tensor_type;
#define TERN_TENSOR_TYPE_INIT {sizeof(tern_tensor_type), NULL, 0, 0, 0}

/* Of the library that is linked: TERN_ABI_VERSION when it was built, and "0.1.0". */
TERN_API uint32_t tern_abi_version(void);
TERN_API const char* tern_version(void);
/* "ok", "io", "bad_model", ...; "?" for a number that this build does not know. */
TERN_API const char* tern_status_name(tern_status status);

/* Reads and plans a file, or the bytes of one (not needed afterwards). options: null for all defaults.
 * Errors: TERN_IO, TERN_BAD_MODEL, TERN_UNSUPPORTED (the operation's name and the reason), TERN_OUT_OF_MEMORY. */
TERN_API tern_status tern_model_load(const char* path, const tern_model_options* options, tern_model** model,
                                     tern_error* error);
TERN_API tern_status tern_model_from_bytes(const void* bytes, size_t size, const tern_model_options* options,
                                           tern_model** model, tern_error* error);
TERN_API void tern_model_free(tern_model* model);

/* The type of what the network reads and writes. type->size is set by the caller. */
TERN_API tern_status tern_model_input(const tern_model* model, tern_tensor_type* type, tern_error* error);
TERN_API tern_status tern_model_output(const tern_model* model, tern_tensor_type* type, tern_error* error);
/* Steps that the network states; 0: left to the caller, or model is null. */
TERN_API int64_t tern_model_num_steps(const tern_model* model);
/* A free text of the file ("classes", ...), valid until the model is freed; null where there is none. */
TERN_API const char* tern_model_metadata(const tern_model* model, const char* name);

/* Runs n samples at once, on all of the process's threads. frames: [num_steps, n, shape...]; num_steps is 1 where the
 * input has no time axis. scores: [n, shape...], or [num_steps, n, shape...] where the output has one. Sizes count floats.
 * Allocates; a sample's scores depend neither on its neighbours nor on the number of threads. Errors: TERN_BAD_INPUT with
 * what was expected; TERN_OUT_OF_MEMORY. */
TERN_API tern_status tern_run(const tern_model* model, const float* frames, size_t frames_size, int64_t num_steps, int64_t n,
                              float* scores, size_t scores_size, tern_error* error);

/* All memory that running one sample at a time takes. options: null for all defaults.
 * Errors: TERN_BAD_INPUT for a number of steps that the network does not run with; TERN_OUT_OF_MEMORY. */
TERN_API tern_status tern_instance_create(const tern_model* model, const tern_instance_options* options,
                                          tern_instance** instance, tern_error* error);
TERN_API void tern_instance_free(tern_instance* instance);
/* Floats that go in and come out of a run; bytes of activations and scratch. 0 for null. */
TERN_API size_t tern_instance_input_size(const tern_instance* instance);
TERN_API size_t tern_instance_output_size(const tern_instance* instance);
TERN_API size_t tern_instance_bytes(const tern_instance* instance);
/* Runs one sample. Allocates nothing. Errors: TERN_BAD_INPUT for other sizes. */
TERN_API tern_status tern_instance_run(tern_instance* instance, const float* input, size_t input_size, float* output,
                                       size_t output_size, tern_error* error);

#ifdef __cplusplus
}
#endif

#endif /* TERN_H */
