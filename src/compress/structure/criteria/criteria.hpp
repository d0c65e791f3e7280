// Rows of channel_criterion_table(), each defined in a file of its name.
#pragma once

#include "compress/structure/channel_criterion.hpp"

namespace tern::compress {

ChannelCriterionRow l1_criterion();          // filter_norm.cpp: sum |w|
ChannelCriterionRow l2_criterion();          // filter_norm.cpp: sqrt(sum w^2)
ChannelCriterionRow fpgm_criterion();        // fpgm.cpp: sum_j ||F_i - F_j||
ChannelCriterionRow bn_gamma_criterion();    // bn_gamma.cpp: sum |gamma|
ChannelCriterionRow taylor_criterion();      // filter_taylor.cpp: mean over batches of (sum g w)^2
ChannelCriterionRow activation_criterion();  // channel_activation.cpp: mean |x|
ChannelCriterionRow apoz_criterion();        // channel_activation.cpp: fraction of x that is not zero
ChannelCriterionRow random_criterion();      // random_channels.cpp

}  // namespace tern::compress
