#include "engine/c_api_c.h"

tern_status c_run_file(const char* path, const float* input, size_t input_size, float* output, size_t output_size,
                       tern_error* error) {
  tern_model_options model_options = TERN_MODEL_OPTIONS_INIT;
  tern_instance_options instance_options = TERN_INSTANCE_OPTIONS_INIT;
  tern_tensor_type type = TERN_TENSOR_TYPE_INIT;
  tern_model* model = NULL;
  tern_instance* instance = NULL;
  tern_status status;

  model_options.skip_measuring = 1;
  instance_options.num_threads = 2;
  status = tern_model_load(path, &model_options, &model, error);
  if (status == TERN_OK) status = tern_model_input(model, &type, error);
  if (status == TERN_OK) status = tern_instance_create(model, &instance_options, &instance, error);
  tern_model_free(model); /* the instance keeps what it needs */
  if (status == TERN_OK) status = tern_instance_run(instance, input, input_size, output, output_size, error);
  tern_instance_free(instance);
  return status;
}
