#include "compress/posttrain/posttrain.hpp"

#include "base/error.hpp"
#include "compress/posttrain/fold.hpp"
#include "posttrain_testing.hpp"

namespace tern::compress {
namespace {

struct Outcome {
  std::vector<std::string> notes;
  bool net_changed = false;
};

Outcome run(learn::Model& model, const std::string& text, const Samples& samples) {
  Options options(posttrain_options());
  options.parse(text, "posttrain");
  const auto weights = model.weight_names();
  PosttrainCall call{model, weights, options, [&]() -> const Samples& { return samples; }, 1, false, {}};
  run_posttrain(find_posttrain(options.text("method")), call);
  return {call.notes, call.net_changed};
}

TEST(Posttrain, EveryMethodRunsAndSaysWhatItDid) {
  for (const auto& row : posttrain_table()) {
    learn::Model model = random_model(chain_net(), 2);
    if (row.needs_quantizers) {
      model = fold_batch_norms(model);
      quantize_weights(model, 4);
    }
    std::string text = row.info.name;
    for (const auto& parameter : row.info.parameters)
      if (parameter.name == "iterations") text += ",iterations=20";
    const Outcome outcome = run(model, text, image_samples());
    EXPECT_FALSE(outcome.notes.empty()) << row.info.name;
    EXPECT_TRUE(at::isfinite(scores_of(model, image_samples())).all().item<bool>()) << row.info.name;
  }
}

TEST(Posttrain, OptionsOfEveryMethodAreKnown) {
  const auto specs = posttrain_options();
  for (const auto& row : posttrain_table())
    for (const auto& parameter : row.info.parameters) {
      const bool known = std::any_of(specs.begin(), specs.end(),
                                     [&](const OptionSpec& spec) { return spec.name == parameter.name; });
      EXPECT_TRUE(known) << row.info.name << " " << parameter.name;
    }
  EXPECT_THROW(find_posttrain("adaruond"), Error);
}

// False statistics make the analytic correction harmful: it is undone, and kept where that is asked for.
TEST(Posttrain, UndoesWhatDoesNotHelp) {
  const Samples samples = image_samples();
  const auto misled = [&] {
    learn::Model model = fold_batch_norms(random_model(chain_net(), 2));
    for (const char* node : {"conv1", "dw", "conv3"})
      model.parameter(node, "bias").state.at(norm_shift_state).fill_(50);
    quantize_weights(model, 4);
    return model;
  };
  learn::Model model = misled();
  const at::Tensor before = scores_of(model, samples), latent = model.parameter("dw", "bias").latent;
  const Outcome undone = run(model, "bias-correction,analytic", samples);
  EXPECT_NE(undone.notes.back().find("undone"), std::string::npos) << undone.notes.back();
  EXPECT_EQ(learn::distance(scores_of(model, samples), before), 0);
  EXPECT_TRUE(model.parameter("dw", "bias").latent.is_same(latent));
  learn::Model kept = misled();
  run(kept, "bias-correction,analytic,keep-if-better=false", samples);
  EXPECT_GT(learn::distance(scores_of(kept, samples), before), 0.1);
}

TEST(Posttrain, CleFoldsFirstAndMeetsRelu6) {
  learn::Model model = random_model(chain_net());
  const Outcome outcome = run(model, "cle", image_samples());
  EXPECT_TRUE(outcome.net_changed);
  EXPECT_NE(outcome.notes[0].find("folded 3"), std::string::npos);

  net::Net net("six");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 6}, {"bias", true}});
  net.add("six", "relu6", {"conv1"});
  net.add("conv2", "conv2d", {"six"}, {{"out_channels", 4}, {"kernel", 1}, {"bias", true}});
  learn::Model six = random_model(net);
  EXPECT_THROW(run(six, "cle", image_samples()), Error);
  run(six, "cle,replace-relu6", image_samples());
  EXPECT_EQ(six.net().node("six").op, "relu");
}

TEST(Posttrain, RoundingNeedsQuantizedWeights) {
  learn::Model model = random_model(residual_net());
  EXPECT_THROW(run(model, "adaround", image_samples()), Error);
  quantize_weights(model, 4);
  EXPECT_THROW(run(model, "adaround", {}), Error) << "no samples";
}

TEST(Posttrain, DistilledImagesServeInPlaceOfData) {
  learn::Model model = fold_batch_norms(random_model(chain_net(), 2));
  quantize_weights(model, 3);
  const Outcome outcome = run(model, "adaround,iterations=20,distill,count=8", {});
  EXPECT_NE(outcome.notes[0].find("zeroq"), std::string::npos);
  EXPECT_EQ(model.parameter("conv3", "weight").quantizer->name(), "lsq");
}

}  // namespace
}  // namespace tern::compress
