#pragma once
// What the tests of the exchange with other libraries share.

#include <H5Cpp.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "exchange/layout_arrays.hpp"
#include "layer/recurrent_stack.hpp"
#include "tensor/convert.hpp"
#include "tensor/random.hpp"

namespace carousel {

inline const std::filesystem::path golden_folder = CAROUSEL_SOURCE_DIR "/tests/golden";

/// An array of an HDF5 file of golden values.
inline Tensor<double> golden_array(const std::filesystem::path& file, const std::string& name) {
  const H5::H5File hdf5(file.string(), H5F_ACC_RDONLY);
  const H5::DataSet data = hdf5.openDataSet(name);
  std::vector<hsize_t> dims(std::size_t(data.getSpace().getSimpleExtentNdims()));
  if (!dims.empty()) data.getSpace().getSimpleExtentDims(dims.data());
  Shape shape;
  for (const hsize_t dim : dims) shape.push_back(Index(dim));
  auto array = Tensor<double>::uninitialised(shape);
  data.read(array.data(), H5::PredType::NATIVE_DOUBLE);
  return array;
}

/// The cell that a layout names; where it has a projection, of this size.
inline Cell reference_of(const Layout& layout, Index projection = 0) {
  Cell cell = catalogue().find(layout.cell);
  if (projection == 0) return cell;
  cell.build = [build = cell.build, projection](CellSizes sizes) {
    sizes.hyper["projection"] = double(projection);
    return build(sizes);
  };
  return cell;
}

/// What a stack of ours gives for x [T, batch, input]. states: first ones, [batch, size], layer by
/// layer; none: zeros.
template <class T>
Tensor<double> outputs_of(const Cell& cell, const StackArrays& arrays, const StackOptions& form,
                          const Tensor<double>& x, const std::vector<Index>& lengths = {},
                          const std::vector<Tensor<double>>& states = {}) {
  StackOptions options = form;
  options.depth = int(arrays.size());
  options.bidirectional = arrays[0].size() == 2;
  const RecurrentStack stack(cell, options);
  NamedArrays named = named_arrays(arrays, "layers");
  for (const ParameterSpec& spec : stack.parameters()) {
    for (const std::string& summand : summand_names(spec.name)) named.erase(summand);
  }
  EXPECT_EQ(named.size(), stack.parameters().size());
  Tape<T> tape;
  std::vector<Var> values, start;
  for (const ParameterSpec& spec : stack.parameters()) {
    values.push_back(tape.constant(converted<T>(named.at(spec.name))));
  }
  for (const auto& state : states) start.push_back(tape.constant(converted<T>(state)));
  const StackResult result = stack.forward(Pass(tape, {stack.parameters(), values}),
                                           tape.constant(converted<T>(x)), {lengths, start, {}});
  return converted<double>(tape.value(result.outputs));
}

/// max |a - b| / max |b|
inline double difference(const Tensor<double>& got, const Tensor<double>& want) {
  EXPECT_EQ(got.shape(), want.shape());
  if (!(got.shape() == want.shape())) return HUGE_VAL;
  double worst = 0.0, scale = 0.0;
  for (Index k = 0; k < want.numel(); ++k) {
    const double away = std::abs(got.data()[k] - want.data()[k]);
    worst = std::isnan(away) ? HUGE_VAL : std::max(worst, away);
    scale = std::max(scale, std::abs(want.data()[k]));
  }
  return worst / scale;
}

/// Bit by bit.
inline bool same_bits(const NamedArrays& one, const NamedArrays& other) {
  return std::ranges::equal(one, other, [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.shape() == b.second.shape() &&
           bytes_of(a.second) == bytes_of(b.second);
  });
}

}  // namespace carousel
