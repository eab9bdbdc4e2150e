#include <cmath>

#include "report/exhibit_parts.hpp"
#include "report/plots.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

PlotMatrix matrix_of(const StudyExhibit& one) {
  const Exhibit& exhibit = one.exhibit;
  PlotMatrix matrix{one.dataset,
                    one.cell,
                    exhibit.title,
                    text_in(exhibit, "row_title"),
                    text_in(exhibit, "column_title"),
                    lines_in(exhibit, "rows"),
                    lines_in(exhibit, "columns"),
                    {}};
  const Tensor<float>& counts = array_in(exhibit, "values");
  const Shape named{std::ssize(matrix.rows), std::ssize(matrix.columns)};
  if (counts.shape() != named) {
    fail_bug("a matrix has values {} and names for {}", counts.shape().to_string(),
             named.to_string());
  }
  for (const float count : counts.values()) {
    if (!std::isfinite(count) || count < 0.0f) fail_bug("a matrix has the count {}", count);
    if (matrix.counts.empty() || matrix.counts.back().size() == matrix.columns.size()) {
      matrix.counts.emplace_back();
    }
    matrix.counts.back().push_back(static_cast<double>(count));
  }
  return matrix;
}

}  // namespace

std::vector<PlotMatrix> matrices_of(const std::vector<StudyExhibit>& exhibits) {
  std::vector<PlotMatrix> matrices;
  for (const StudyExhibit& one : exhibits) {
    if (one.exhibit.kind == "matrix") matrices.push_back(matrix_of(one));
  }
  return matrices;
}

}  // namespace carousel
