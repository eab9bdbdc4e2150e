#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/exhibit_parts.hpp"
#include "report/plots.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

// As many steps as every line of the picture has.
std::size_t steps_of(const StudyExhibit& one) {
  const auto& arrays = one.exhibit.arrays;
  if (arrays.empty()) fail_bug("a picture of lines has no line");
  const Shape& shape = arrays.begin()->second.shape();
  for (const auto& [name, values] : arrays) {
    if (values.shape().rank() != 1 || values.shape() != shape) {
      fail_bug("a picture of lines has '{}' {} beside {}, not all [steps]", name,
               values.shape().to_string(), shape.to_string());
    }
  }
  return static_cast<std::size_t>(shape[0]);
}

PlotLines without_lines(const StudyExhibit& one) {
  const auto scale = one.exhibit.texts.find("y_scale");
  const bool is_log = scale != one.exhibit.texts.end() && scale->second == "log";
  return {one.dataset,
          one.exhibit.title,
          text_in(one.exhibit, "x_title"),
          text_in(one.exhibit, "y_title"),
          static_cast<int>(std::lround(number_in(one.exhibit, "first"))),
          {},
          is_log};
}

void add_lines(const StudyExhibit& one, PlotLines& picture) {
  const bool first = picture.lines.empty();
  const auto& arrays = one.exhibit.arrays;
  const std::size_t own = arrays.size() - arrays.count("truth");
  for (const auto& [name, array] : arrays) {
    const bool is_truth = name == "truth";
    if (is_truth && !first) continue;
    std::string label = is_truth  ? name
                        : own > 1 ? fmt::format("{}: {}", one.cell, name)
                                  : one.cell;
    PlotLines::Line line{std::move(label), is_truth, {}};
    line.values.assign(array.values().begin(), array.values().end());
    const auto front = picture.lines.begin();
    picture.lines.insert(is_truth ? front : picture.lines.end(), std::move(line));
  }
}

}  // namespace

std::vector<PlotLines> lines_of(const std::vector<StudyExhibit>& exhibits) {
  std::vector<PlotLines> pictures;
  for (const StudyExhibit& one : exhibits) {
    if (one.exhibit.kind != "lines") continue;
    const std::size_t steps = steps_of(one);
    auto found = std::ranges::find_if(pictures, [&](const PlotLines& picture) {
      return picture.dataset == one.dataset && picture.title == one.exhibit.title;
    });
    if (found == pictures.end()) found = pictures.insert(found, without_lines(one));
    if (!found->lines.empty() && found->lines.front().values.size() != steps) {
      fail_bug("lines of '{}' have {} steps and {}", found->title,
               found->lines.front().values.size(), steps);
    }
    add_lines(one, *found);
  }
  return pictures;
}

}  // namespace carousel
