#include "report/table.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "synthetic.hpp"

namespace tern::report {
namespace {

Table small() {
  Table table{{{"name", "name"}, {"value", "value", true}}, {}};
  table.rows.push_back({"a, \"b\"", Cell(1.25, 1)});
  table.rows.push_back({"é|", Cell(not_measured, 1)});
  return table;
}

TEST(TableTest, TextIsAligned) {
  EXPECT_EQ(small().print(TableFormat::text),
            "name    value\n"
            "------  -----\n"
            "a, \"b\"    1.2\n"
            "é|          -\n");
}

TEST(TableTest, Markdown) {
  EXPECT_EQ(small().print(TableFormat::markdown),
            "| name | value |\n| --- | ---: |\n| a, \"b\" | 1.2 |\n| é\\| | - |\n");
}

TEST(TableTest, CsvQuotesAndKeepsPrecision) {
  EXPECT_EQ(small().print(TableFormat::csv), "name,value\n\"a, \"\"b\"\"\",1.25\né|,\n");
}

TEST(TableTest, JsonHasNumbersAndNulls) {
  const auto rows = nlohmann::json::parse(small().print(TableFormat::json));
  EXPECT_EQ(rows[0]["value"], 1.25);
  EXPECT_EQ(rows[0]["name"], "a, \"b\"");
  EXPECT_TRUE(rows[1]["value"].is_null());
}

TEST(TableTest, NamesOfFormatsAndWrongRows) {
  EXPECT_EQ(table_format("md"), TableFormat::markdown);
  EXPECT_THROW(table_format("xml"), Error);
  Table table = small();
  table.rows[0].pop_back();
  EXPECT_THROW(table.print(TableFormat::csv), Error);
}

TEST(TableTest, StudyTableShowsDeviationsAndStars) {
  const auto groups = group_trials(synthetic_trials());
  const Table table = study_table(groups);
  ASSERT_EQ(table.rows.size(), groups.size());
  const auto rows = nlohmann::json::parse(table.print(TableFormat::json));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    EXPECT_EQ(rows[i]["on_front"], groups[i].on_front ? "true" : "false");
    EXPECT_EQ(rows[i]["validation_accuracy"].get<double>(), groups[i].validation_accuracy.mean);
    EXPECT_EQ(rows[i]["seeds"], 2);
  }
  EXPECT_EQ(rows[0]["relative_energy"], 1);
  EXPECT_FALSE(rows[0].contains("validation"));
  const std::string text = table.print(TableFormat::text);
  EXPECT_NE(text.find(" ± "), std::string::npos);
  EXPECT_NE(text.find("\n*"), std::string::npos);
}

TEST(TableTest, StudyTableHasPeoplesColumns) {
  auto trials = synthetic_trials();
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    trials.push_back(synthetic_trial("dense-narrow", 8, 0, seed));
    trials.back().file_bytes = 2000;
  }
  const auto groups = group_trials(trials);
  const Table table = study_table(groups);
  const std::string text = table.print(TableFormat::text);
  std::vector<std::string> titles;
  for (const Column& column : table.columns)
    if (column.audience != Audience::programs) titles.push_back(column.title);
  EXPECT_EQ(titles, (std::vector<std::string>{"front", "combination", "bits w/a", "sparsity %", "zeros %", "non-zeros",
                                              "file bytes", "MMACs", "GBOPs", "validation %", "test %", "vs baseline",
                                              "dense at these bytes %", "energy mJ", "x baseline", "seeds"}));
  EXPECT_NE(text.find("32/32"), std::string::npos);
  EXPECT_NE(text.find(" 2/8 "), std::string::npos);
  EXPECT_NE(text.find(" 14.2 "), std::string::npos) << "MMACs";
  const auto rows = nlohmann::json::parse(table.print(TableFormat::json));
  for (std::size_t i = 0; i < groups.size(); ++i) {
    EXPECT_EQ(rows[i]["bits"], groups[i].bits);
    EXPECT_EQ(rows[i]["activation_bits"], groups[i].activation_bits);
    EXPECT_EQ(rows[i]["macs"], 14.2e6);
    EXPECT_EQ(rows[i]["cycles"].get<double>(), groups[i].cycles.mean);
    EXPECT_EQ(rows[i]["weight_bytes"].get<double>(), groups[i].weight_bytes.mean);
    EXPECT_EQ(rows[i]["bit_operations"].get<double>(), groups[i].bit_operations.mean);
    EXPECT_EQ(rows[i]["train_seconds"].get<double>(), groups[i].train_seconds.mean);
  }
  EXPECT_TRUE(rows[0]["vs_baseline"].is_null());
  EXPECT_EQ(rows[1]["vs_baseline"].get<double>(), groups[1].vs_baseline.mean);
  EXPECT_EQ(rows[0]["dense_of_equal_bytes"].get<double>(), groups[0].test_accuracy.mean);
}

TEST(TableTest, SignsOfDifferences) {
  std::vector<Group> groups(2);
  groups[0].vs_baseline = {2, 0.0123, 0.001};
  groups[1].vs_baseline = {1, -0.0123, not_measured};
  const std::string text = study_table(groups).print(TableFormat::text);
  EXPECT_NE(text.find(" +1.23 ± 0.10 "), std::string::npos) << text;
  EXPECT_NE(text.find(" -1.23 "), std::string::npos) << text;
}

TEST(TableTest, WhatNobodyMeasuredIsHiddenFromPeopleOnly) {
  const std::vector<Group> groups(1);
  const Table table = study_table(groups);
  const std::string text = table.print(TableFormat::text);
  EXPECT_EQ(text.find("MMACs"), text.npos);
  EXPECT_EQ(text.find("vs baseline"), text.npos);
  EXPECT_NE(text.find("bits w/a"), text.npos);
  const auto rows = nlohmann::json::parse(table.print(TableFormat::json));
  for (const char* key : {"macs", "bit_operations", "nonzeros", "file_bytes", "vs_baseline", "dense_of_equal_bytes"})
    EXPECT_TRUE(rows[0].at(key).is_null()) << key;
}

TEST(TableTest, LayerTableHasARowALayer) {
  const Table table = layer_table(synthetic_trial("joint", 2, 0.8, 1));
  EXPECT_EQ(table.rows.size(), 4u);
  EXPECT_NE(table.print(TableFormat::csv).find("conv3,2,"), std::string::npos);
}

}  // namespace
}  // namespace tern::report
