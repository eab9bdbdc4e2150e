#include "study/settings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tensor/error.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

// A value between two ends, from u in [0, 1).
struct Kind {
  const char* name;
  double (*value)(double low, double high, double u);
  bool whole = false;      // whole numbers
  bool logarithm = false;  // of the ends
};

double log_uniform(double low, double high, double u) {
  const double from = std::log(low), to = std::log(high);
  return std::clamp(std::exp(from + u * (to - from)), low, high);
}

constexpr std::array kinds = {
    Kind{"uniform", [](double low, double high, double u) { return low + u * (high - low); }},
    Kind{"log_uniform", log_uniform, false, true},
    Kind{"one_minus_log_uniform",
         [](double low, double high, double u) { return 1.0 - log_uniform(low, high, u); }, false,
         true},
    Kind{"exponent",
         [](double low, double high, double u) { return std::exp(low + u * (high - low)); }},
    Kind{"integer",
         [](double low, double high, double u) {
           return std::min(high, low + std::floor(u * (high - low + 1.0)));
         },
         true},
    // Each whole number has the share of the half steps around it.
    Kind{"log_integer",
         [](double low, double high, double u) {
           return std::clamp(std::round(log_uniform(low - 0.5, high + 0.5, u)), low, high);
         },
         true, true}};
constexpr const char* choice = "choice";

const Kind* find_kind(const std::string& name) {
  const auto found = std::ranges::find(kinds, name, [](const Kind& kind) { return kind.name; });
  return found == kinds.end() ? nullptr : &*found;
}

double expect_number(const std::string& text) {
  const auto number = number_in(text);
  if (!number) fail_input("got '{}', expected a finite number", text);
  return *number;
}

std::string text_of(double value) { return fmt::format("{}", value); }

// Rates were drawn before any other key was.
std::string stream_of(const std::string& key) {
  return key == "train.learning_rate" ? "learning_rate" : key;
}

}  // namespace

std::string to_text(const Settings& settings) {
  std::string text;
  for (const auto& [key, value] : settings) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  return text;
}

Settings settings_of(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      fail_input("got the settings '{}', expected key=value with a blank between them", text);
    }
    settings.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  return settings;
}

std::optional<double> number_in(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole_text = error == std::errc() && end == text.data() + text.size();
  return whole_text && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::vector<std::string> distribution_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.emplace_back(kind.name);
  names.emplace_back(choice);
  return names;
}

void expect_sound(const Distribution& d) {
  if (d.kind == choice) {
    if (d.values.empty()) fail_input("choice is empty, expected at least one value");
    return;
  }
  const Kind* kind = find_kind(d.kind);
  if (!kind) {
    fail_input("there is no distribution '{}'{} (there are: {})", d.kind,
               did_you_mean(d.kind, distribution_kinds()), fmt::join(distribution_kinds(), ", "));
  }
  if (d.values.size() != 2) {
    fail_input("{} has {} values, expected two: from and to", d.kind, d.values.size());
  }
  const double low = expect_number(d.values[0]), high = expect_number(d.values[1]);
  if (low > high)
    fail_input("{} goes from {} to {}, expected the lower end first", d.kind, low, high);
  if (kind->logarithm && low <= 0.0) fail_input("{} begins at {}, expected above 0", d.kind, low);
  if (kind->whole && (low != std::round(low) || high != std::round(high))) {
    fail_input("{} goes from {} to {}, expected whole numbers", d.kind, low, high);
  }
}

std::vector<std::string> drawn_values(const Distribution& d, std::uint64_t seed, int count) {
  Random random(seed, stream_of(d.key));
  std::vector<std::string> values;
  for (int k = 0; k < count; ++k) {
    const double u = random.uniform();
    if (const Kind* kind = find_kind(d.kind)) {
      values.push_back(
          text_of(kind->value(expect_number(d.values[0]), expect_number(d.values[1]), u)));
    } else {
      values.push_back(
          d.values.at(static_cast<std::size_t>(u * static_cast<double>(d.values.size()))));
    }
  }
  return values;
}

std::vector<std::string> typical_values(const Distribution& d) {
  const Kind* kind = find_kind(d.kind);
  if (!kind) return d.values;
  const double low = expect_number(d.values[0]), high = expect_number(d.values[1]);
  std::vector<std::string> values;
  for (const double u : {0.0, 0.6180339887, 1.0})
    values.push_back(text_of(kind->value(low, high, u)));
  return values;
}

std::vector<Settings> combinations(const std::vector<GridKey>& grid) {
  std::vector<Settings> points(1);
  for (const GridKey& key : grid) {
    std::vector<Settings> longer;
    for (const Settings& point : points) {
      for (const std::string& value : key.values) {
        longer.push_back(point);
        longer.back().emplace_back(key.key, value);
      }
    }
    points = std::move(longer);
  }
  return points;
}

}  // namespace carousel
