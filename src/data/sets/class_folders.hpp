// Data sets laid out as PART/CLASS/FILE.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/recipe.hpp"

namespace tern::data::sets {

/// Sub-folders of `folder`, sorted by name; hidden ones are left out.
std::vector<std::string> sub_folders(const std::filesystem::path& folder);

/// What the files of a class folder are.
struct FileKind {
  const char* file;                                    ///< "event file"
  const char* sample;                                  ///< "recording"
  bool (*accepts)(const std::filesystem::path& path);  ///< by its extension
  void (*set_reader)(Source& source, const std::filesystem::path& path);
};
extern const FileKind event_kind;
extern const FileKind jpeg_kind;

/// Event files of `folder`, sorted by name; hidden files are left out.
/// Errors: bad_data (no file, or one whose extension is that of no event format).
std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder);

/// The recipe of root/TRAIN/CLASS/FILE and root/TEST/CLASS/FILE; the classes are the folders in TRAIN.
/// Errors: usage (no such folder: the message says what was expected); bad_data (a folder in TEST that is
/// none of the classes, a class without a file, files beside the class folders).
Recipe list_class_folders(const std::string& set, const std::filesystem::path& root, const std::string& train,
                          const std::string& test, const FileKind& kind = event_kind);

/// Throws usage "SET: no folder 'Train' in X: expected LAYOUT" unless root/name is a folder.
void need_folder(const std::string& set, const std::filesystem::path& root, const std::string& name,
                 const std::string& layout);

}  // namespace tern::data::sets
