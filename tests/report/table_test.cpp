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

TEST(TableTest, LayerTableHasARowALayer) {
  const Table table = layer_table(synthetic_trial("joint", 2, 0.8, 1));
  EXPECT_EQ(table.rows.size(), 4u);
  EXPECT_NE(table.print(TableFormat::csv).find("conv3,2,"), std::string::npos);
}

}  // namespace
}  // namespace tern::report
