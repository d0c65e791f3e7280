// A data set that a small spiking network learns in seconds: which half of the frame is busy.
#pragma once

#include "base/seed.hpp"
#include "data/dataset.hpp"
#include "learn/model.hpp"

namespace tern::train {

inline data::FrameDataset toy_data(std::int64_t count = 48) {
  data::FrameDataset data;
  data.name = "toy";
  data.sample_shape = {2, 6, 6};
  data.num_steps = 4;
  data.class_names = {"left", "right"};
  Rng rng(11);
  for (data::Split* split : {&data.train, &data.validation, &data.test}) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto label = static_cast<std::int32_t>(i % 2);
      split->labels.push_back(label);
      split->sample_names.push_back(std::to_string(i));
      for (int cell = 0; cell < 4 * 2 * 6 * 6; ++cell) {
        const bool right = cell % 6 >= 3;
        split->frames.push_back(rng.uniform() < (right == (label == 1) ? 0.5 : 0.1) ? 1 : 0);
      }
    }
  }
  data.checksum = 1;
  return data;
}

inline net::Net toy_net() {
  net::Net net("toy", 4);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 6, 6}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("lif", "lif", {"bn"});
  net.add("pool", "max_pool2d", {"lif"});
  net.add("flat", "flatten", {"pool"});
  net.add("drop", "dropout", {"flat"}, {{"p", 0.2}});
  net.add("fc", "linear", {"drop"}, {{"out_features", 2}});
  net.add("mean", "mean_time", {"fc"});
  return net;
}

}  // namespace tern::train
