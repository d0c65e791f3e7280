/* Runs a packed model without the training stack, and prints a score for each class.
 *
 *   example_run_model_c MODEL.tern [FRAMES.f32]
 *
 * FRAMES.f32 holds float32 values, little-endian, [num_steps, c, h, w] of one sample; without it the sample is all
 * zeros. A network that leaves num_steps open runs one step.
 *
 * Built by hand:  cc 1-run_model.c $(pkg-config --cflags --libs tern-engine) */
#include <stdio.h>
#include <stdlib.h>

#include <tern.h>

static int read_floats(const char* path, float* values, size_t count) {
  FILE* const file = fopen(path, "rb");
  size_t got;
  if (file == NULL) {
    perror(path);
    return 0;
  }
  got = fread(values, sizeof *values, count, file);
  fclose(file);
  if (got != count) fprintf(stderr, "%s: expected %zu values, got %zu\n", path, count, got);
  return got == count;
}

int main(int argc, char** argv) {
  tern_error error;
  tern_model* model = NULL;
  tern_instance* instance = NULL;
  float *input, *output;
  size_t input_size, output_size, i;
  int good;

  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: %s MODEL.tern [FRAMES.f32]\n", argv[0]);
    return 2;
  }
  if (tern_model_load(argv[1], NULL, &model, &error) != TERN_OK ||
      tern_instance_create(model, NULL, &instance, &error) != TERN_OK) {
    fprintf(stderr, "%s\n", error.message);
    tern_model_free(model);
    return 1;
  }

  /* The instance holds all that runs need; these two are the caller's. */
  input_size = tern_instance_input_size(instance);
  output_size = tern_instance_output_size(instance);
  input = calloc(input_size, sizeof *input);
  output = calloc(output_size, sizeof *output);
  good = input != NULL && output != NULL && (argc < 3 || read_floats(argv[2], input, input_size));
  if (good && tern_instance_run(instance, input, input_size, output, output_size, &error) != TERN_OK) {
    fprintf(stderr, "%s\n", error.message);
    good = 0;
  }
  for (i = 0; good && i < output_size; ++i) printf("%zu %.6f\n", i, (double)output[i]);

  free(output);
  free(input);
  tern_instance_free(instance);
  tern_model_free(model);
  return good ? 0 : 1;
}
