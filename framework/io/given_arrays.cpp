#include "io/given_arrays.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

std::string text_of(const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : " or ") + shape.to_string();
  return text;
}

// Of an element by its number, row by row: [2, 0, 1].
std::string place_in(const Shape& shape, Index number) {
  std::vector<Index> place(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank(); axis-- > 0; number /= shape[axis]) {
    place[static_cast<std::size_t>(axis)] = number % shape[axis];
  }
  return fmt::format("[{}]", fmt::join(place, ", "));
}

void expect_finite(const std::string& file, const std::string& name, const Tensor<double>& array) {
  for (Index k = 0; k < array.numel(); ++k) {
    if (std::isfinite(array.data()[k])) continue;
    fail_input("{}: array '{}' holds {} at {}, expected finite numbers", file, name,
               array.data()[k], place_in(array.shape(), k));
  }
}

}  // namespace

GivenArrays::GivenArrays(std::string file, NamedArrays arrays)
    : file_(std::move(file)), arrays_(std::move(arrays)) {
  for (const auto& [name, array] : arrays_) expect_finite(file_, name, array);
}

void GivenArrays::note(const std::string& name, const std::string& expected,
                       const std::string& got) {
  lines_.push_back(fmt::format("\n  {}: got {}, expected {}", name, got, expected));
}

std::optional<Tensor<double>> GivenArrays::take(const std::string& name,
                                                const std::vector<Shape>& shapes) {
  if (!taken_.insert(name).second) {
    fail_input("{}: '{}' stands for two things here: give the cell's own '{}' another name", file_,
               name, name);
  }
  const auto found = arrays_.find(name);
  if (found == arrays_.end()) return std::nullopt;
  const Shape& shape = found->second.shape();
  if (std::ranges::find(shapes, shape) != shapes.end()) return found->second;
  note(name, text_of(shapes), shape.to_string());
  return std::nullopt;
}

void GivenArrays::note_missing(const std::string& name, const std::vector<Shape>& shapes) {
  if (!has(name)) note(name, text_of(shapes), "nothing");
}

void GivenArrays::pass_over(const std::string& name) { taken_.insert(name); }

std::vector<std::string> GivenArrays::others() const {
  std::vector<std::string> names;
  for (const auto& [name, array] : arrays_) {
    if (!taken_.contains(name)) names.push_back(name);
  }
  return names;
}

void GivenArrays::expect_fitting(const std::string& whom) {
  for (const std::string& name : others()) {
    note(name, "no such array", arrays_.at(name).shape().to_string());
  }
  if (lines_.empty()) return;
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t k = 0; k < std::min(lines_.size(), most); ++k) text += lines_[k];
  if (lines_.size() > most) text += fmt::format("\n  and {} others", lines_.size() - most);
  fail_input("{} does not fit {}:{}", file_, whom, text);
}

}  // namespace carousel
