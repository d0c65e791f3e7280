// A study's configuration as text, every default written out: its identity. Private to study.
#pragma once

#include <string>

#include "study/study_file.hpp"

namespace tern::study {

/// One line: everything that decides a written-out trial.
std::string plan_line(const NamedPlan& plan);

/// The section `plans:`, empty where there are none.
std::string plans_text(const StudyConfig& config);

/// The whole file with `plans` as its section of plans.
std::string resolved_text(const StudyConfig& config, const std::string& plans);

}  // namespace tern::study
