#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"

namespace tern::data::sets {
namespace {

Recipe list_event_folder(const DataOptions& options) {
  return list_class_folders("event-folder", options.path, "train", "test");
}

}  // namespace

const DataSet event_folder{
    .row = {.info = {"event-folder",
                     "your own recordings, any event format (folder train/CLASS/, test/CLASS/)",
                     "",
                     {}},
            .needs_path = true,
            .defaults = {.num_steps = 10, .slicing = "count"}},
    .list = list_event_folder,
};

}  // namespace tern::data::sets
