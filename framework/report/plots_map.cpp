#include "report/exhibit_parts.hpp"
#include "report/plots.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

PlotMap map_of(const StudyExhibit& one) {
  PlotMap map{one.dataset, one.cell, one.exhibit.title, {}, lines_in(one.exhibit, "labels")};
  const Tensor<float>& places = array_in(one.exhibit, "places");
  const Shape named{std::ssize(map.labels), 2};
  if (places.shape() != named) {
    fail_bug("a map has places {} and {} names", places.shape().to_string(), map.labels.size());
  }
  for (Index i = 0; i < places.numel(); ++i) {
    const float value = places.data()[i];
    if (!(value >= 0.0f && value <= 1.0f)) fail_bug("a map has the place {}", value);
    if (i % 2 == 0) map.places.emplace_back();
    map.places.back()[static_cast<std::size_t>(i % 2)] = static_cast<double>(value);
  }
  return map;
}

}  // namespace

std::vector<PlotMap> maps_of(const std::vector<StudyExhibit>& exhibits) {
  std::vector<PlotMap> maps;
  for (const StudyExhibit& one : exhibits) {
    if (one.exhibit.kind == "map") maps.push_back(map_of(one));
  }
  return maps;
}

}  // namespace carousel
