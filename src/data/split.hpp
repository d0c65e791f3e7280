// Choosing recordings: which of a class are kept, which are for validation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/recipe.hpp"

namespace tern::data {

/// Where the samples of a source go.
enum class Destination { train, validation, test, nowhere };

/// `count` of `total` items chosen by a shuffle seeded with (seed, name); true marks a chosen one. All where
/// count is not smaller than total.
std::vector<bool> choose(std::int64_t total, std::int64_t count, std::uint64_t seed, std::string_view name);

/// How many of `total` samples are for validation: the rounded fraction, but at least one and never all where
/// the fraction is positive and total > 1.
std::int64_t validation_count(std::int64_t total, double fraction);

/// Destination of each source. With rule `recordings`, of each class the validation fraction of the training
/// recordings goes to validation (recordings of several classes form one class of their own). Of sources with
/// one sample each, at most `options.max_per_class` of a class are kept in train (validation is carved from
/// these) and in test; other sources are limited sample by sample later.
std::vector<Destination> destinations(const Recipe& recipe, const DataOptions& options);

/// The paragraph of FrameDataset::split_statement.
std::string split_statement(const Recipe& recipe, const DataOptions& options, const FrameDataset& data);

}  // namespace tern::data
