#include "formats/onnx/export_model.hpp"

#include "base/atomic_file.hpp"
#include "formats/onnx/exporter.hpp"

namespace tern::onnx {

std::string export_model(const pack::PackedModel& model, const ExportOptions& options) {
  return Exporter(model, options).run();
}

std::vector<std::string> nodes_to_measure(const net::Net& net) {
  return QdqPlan(net).to_measure();
}

void write_model(const std::filesystem::path& path, const pack::PackedModel& model,
                 const ExportOptions& options) {
  write_file_atomically(path, export_model(model, options));
}

}  // namespace tern::onnx
