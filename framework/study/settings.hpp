#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carousel {

struct StudyOptions;

/// Keys of a study with the values that one trial has there: {"train.batch", "16"}.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// "train.batch=16 hidden=64", as records keep them; keys and values have no blanks.
std::string to_text(const Settings& settings);
/// The way back. Throws InputError when the text is of another form.
Settings settings_of(std::string_view text);

/// The study in which a key has another value. Keys are those of the groups `model` and `train`,
/// `parameters`, and `hidden` (of each cell), `hyper.NAME` (a number of each cell) and
/// `task.OPTION` (of each task). Throws InputError when there is no such key, or when it does not
/// take the value.
void set_key(StudyOptions& options, const std::string& key, const std::string& value);
/// The study with all of them.
StudyOptions with_settings(const StudyOptions& options, const Settings& settings);

/// The number that a text is, all of it; nothing where it is none, or not finite.
std::optional<double> number_in(std::string_view text);

/// How the values of a key are drawn.
struct Distribution {
  std::string key;                  ///< "train.learning_rate"
  std::string kind;                 ///< one of distribution_kinds()
  std::vector<std::string> values;  ///< the two ends; of `choice` any number
};

/// uniform, log_uniform, one_minus_log_uniform, exponent (e^u, u uniform), integer, log_integer,
/// choice.
std::vector<std::string> distribution_kinds();
/// Throws InputError when there is no such kind, when the ends are no numbers in order, where a
/// logarithm is taken of what is not above 0, or where there is nothing to choose from.
void expect_sound(const Distribution& distribution);
/// The first values, as texts that read back to the same numbers. Each is a function of the seed,
/// the key and its place: further draws, or further keys, leave it as it is.
std::vector<std::string> drawn_values(const Distribution& distribution, std::uint64_t seed,
                                      int count);
/// The values at the ends and one between them, or all choices: where a key takes those, it takes
/// every draw.
std::vector<std::string> typical_values(const Distribution& distribution);

/// A key with each value that it takes in a grid.
struct GridKey {
  std::string key;                  ///< "model.depth"
  std::vector<std::string> values;  ///< in the order of the trials
};

/// Every combination, the last key the fastest; one without settings where the grid is empty.
std::vector<Settings> combinations(const std::vector<GridKey>& grid);

}  // namespace carousel
