// The rows that criterion_table() lists; each is defined in the file of its method.
#pragma once

#include "compress/prune/criterion.hpp"

namespace tern::compress::criteria {

CriterionRow magnitude();  // ../magnitude.cpp
CriterionRow lamp();
CriterionRow random();
CriterionRow snip();
CriterionRow grasp();
CriterionRow synflow();
CriterionRow taylor();
CriterionRow movement();
CriterionRow obd();
CriterionRow obs();
CriterionRow woodfisher();
CriterionRow l0();
CriterionRow fpgm();
CriterionRow activation();

}  // namespace tern::compress::criteria
