#include "report/html.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "report/pareto.hpp"
#include "synthetic.hpp"

namespace tern::report {
namespace {

nlohmann::json data_of(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"report-data\">";
  const std::size_t begin = page.find(open) + open.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(HtmlTest, HoldsEveryTrialAndRepeatsByteForByte) {
  const ReportData data = synthetic_report();
  const std::string page = render_report(data);
  EXPECT_EQ(page, render_report(data));
  const auto json = data_of(page);
  EXPECT_EQ(json["trials"].size(), data.trials.size());
  EXPECT_EQ(json["config"], data.config);
  EXPECT_EQ(json["commands"].size(), data.commands.size());
  EXPECT_EQ(json["example"]["layers"].size(), 4u);
  EXPECT_EQ(json["trials"][0]["layers"][0]["scale"], nullptr);
}

TEST(HtmlTest, HoldsAFrontForEachCost) {
  const ReportData data = synthetic_report();
  const auto groups = group_trials(data.trials);
  const auto json = data_of(render_report(data));
  EXPECT_EQ(json["fronts"]["energy"], front_by(groups, &Group::energy_mj));
  EXPECT_EQ(json["fronts"]["file_bytes"], front_by(groups, &Group::file_bytes));
  EXPECT_EQ(json["fronts"]["nonzeros"], front_by(groups, &Group::nonzeros));
  EXPECT_EQ(json["fronts"]["bit_operations"], front_by(groups, &Group::bit_operations));
  EXPECT_GE(json["fronts"]["nonzeros"].size(), 2u);
  EXPECT_EQ(json["trials"][2]["activation_bits"], 8);
  EXPECT_EQ(json["groups"][2]["file_bytes"]["mean"], groups[2].file_bytes.mean);
}

TEST(HtmlTest, ShowsColourImages) {
  ReportData data = synthetic_report();
  ExampleRaster& example = *data.example;
  example.c = 3;
  example.h = example.w = 2;
  example.frames.assign(static_cast<std::size_t>(example.num_steps * 12), 0.5F);
  example.frames[0] = 1.0F;
  const auto json = data_of(render_report(data));
  EXPECT_EQ(json["example"]["c"], 3);
  EXPECT_EQ(json["example"]["frames"].get<std::string>().substr(0, 2), "_W") << "levels 63 and 32";
}

TEST(HtmlTest, NeedsNoOtherFile) {
  const std::string page = render_report(synthetic_report());
  EXPECT_EQ(page.find("src=\""), page.npos);
  EXPECT_EQ(page.find("@import"), page.npos);
  EXPECT_EQ(page.find("url("), page.npos);
  EXPECT_EQ(count(page, "<link"), 1u) << "only the empty icon";
  EXPECT_EQ(page.find("{{"), page.npos) << "every slot of the template is filled";
}

TEST(HtmlTest, TextCannotBecomeMarkup) {
  const std::string attack =
      "</script><script>alert(1)</script><!--<script>\"'><img src=x onerror=alert(2)>{{data}}";
  const std::size_t scripts = count(render_report(synthetic_report()), "<script");
  ReportData data = synthetic_report();
  data.name = data.title = data.split = data.data = data.config = data.created = data.data_checksum = attack;
  data.environment = {{attack, attack}};
  data.commands = {attack};
  data.example->label = data.example->layers[0].node = attack;
  for (TrialRecord& trial : data.trials) trial.plan = trial.run_dir = trial.layers[0].encoding = attack;
  data.trials[3].combination = data.trials[3].key = data.trials[3].error = attack;
  const std::string page = render_report(data);
  EXPECT_EQ(count(page, "<script"), scripts);
  EXPECT_EQ(count(page, "<img"), 0u);
  EXPECT_EQ(data_of(page)["config"], attack);
  EXPECT_NE(page.find("<title>&lt;/script&gt;&lt;script&gt;alert(1)"), page.npos);
}

TEST(HtmlTest, InvalidUtf8IsReplaced) {
  ReportData data;
  data.title = "caf\xe9";
  data.name = "caf\xe9";
  const std::string page = render_report(data);
  EXPECT_NE(page.find("caf\xef\xbf\xbd"), page.npos);
  EXPECT_EQ(page.find("caf\xe9"), page.npos);
}

TEST(HtmlTest, EmptyAndUnfinishedStudiesRender) {
  EXPECT_NE(render_report(ReportData{}).find("no finished baseline"), std::string::npos);
  ReportData data;
  data.trials.resize(2);
  data.trials[1].status = "failed";
  EXPECT_EQ(data_of(render_report(data))["groups"].size(), 0u);
}

TEST(HtmlTest, ExampleSizesAreChecked) {
  ReportData data = synthetic_report();
  data.example->frames.pop_back();
  EXPECT_THROW(render_report(data), Error);
  data = synthetic_report();
  data.example->layers[1].shown += 1;
  EXPECT_THROW(render_report(data), Error);
  data = synthetic_report();
  data.example->c = 3;
  EXPECT_THROW(render_report(data), Error);
  data = synthetic_report();
  data.example->num_steps = -1;
  EXPECT_THROW(render_report(data), Error);
}

}  // namespace
}  // namespace tern::report
