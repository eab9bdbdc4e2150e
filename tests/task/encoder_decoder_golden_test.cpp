// The same loss and gradients as PyTorch's encoder-decoders from the same weights.
// tests/golden/make_encoder_decoder.py wrote the numbers and says what they are.

#include <H5Cpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "catalogue.hpp"
#include "task/translation_model.hpp"

namespace carousel {
namespace {

constexpr Index units = 4, embedding = 3, readout = 5, keys = 6;

Tensor<double> read(const H5::Group& group, const std::string& name) {
  const H5::DataSet set = group.openDataSet(name);
  const H5::DataSpace space = set.getSpace();
  std::vector<hsize_t> sizes(static_cast<std::size_t>(space.getSimpleExtentNdims()));
  space.getSimpleExtentDims(sizes.data());
  Shape shape;
  for (const hsize_t size : sizes) shape.push_back(static_cast<Index>(size));
  auto values = Tensor<double>::uninitialised(shape);
  set.read(values.data(), H5::PredType::NATIVE_DOUBLE);
  return values;
}

std::vector<Index> read_lengths(const H5::Group& group, const std::string& name) {
  const Tensor<double> values = read(group, name);
  return {values.data(), values.data() + values.numel()};
}

Tensor<float> numbers_of(const Tensor<double>& values) {
  return Tensor<float>::from(values.shape(),
                             std::vector<float>(values.data(), values.data() + values.numel()));
}

// A problem with PyTorch's numbers of words, of which nothing else is read.
TranslationProblem problem_for(TranslationForm::Source source) {
  PairSet pairs;
  pairs.parts[0] = {{{"a", "b", "c", "d"}, {"A", "B", "C", "D", "E"}}};
  TranslationForm form;
  form.source = source;
  form.attention.keys = keys;
  form.embedding = embedding;
  form.readout = readout;
  return {"golden", pairs, {1, 0, 0}, form};
}

PairBatch batch_of(const H5::Group& group) {
  PairBatch batch;
  batch.source = numbers_of(read(group, "source"));
  batch.before = numbers_of(read(group, "before"));
  batch.source_lengths = read_lengths(group, "lengths");
  batch.target_lengths = read_lengths(group, "target_lengths");
  const Tensor<double> all = read(group, "next");
  const Index count = std::ssize(batch.target_lengths);
  std::vector<float> rows, next;
  for (Index b = 0; b < count; ++b) {
    for (Index t = 0; t < batch.target_lengths[std::size_t(b)]; ++t) {
      rows.push_back(float(t * count + b));
      next.push_back(float(all.data()[t * count + b]));
    }
  }
  batch.rows = Tensor<float>::from({1, std::ssize(rows)}, rows);
  batch.next = Tensor<float>::from({1, std::ssize(next)}, next);
  return batch;
}

template <class T>
void expect_same(const std::string& name, TranslationForm::Source source, double tolerance) {
  const H5::H5File file(CAROUSEL_SOURCE_DIR "/tests/golden/encoder_decoder.h5", H5F_ACC_RDONLY);
  const H5::Group group = file.openGroup(name);
  const TranslationProblem problem = problem_for(source);
  Recurrence recurrence(catalogue().find("gru_reset_after"), units);
  const TranslationModel model(recurrence, problem);
  Tape<T> tape;
  std::vector<Var> vars;
  std::vector<std::string> names;
  for (const ParameterSpec& spec : model.parameters()) {
    names.push_back(spec.name);
    std::ranges::replace(names.back(), '/', '|');
    const Tensor<double> value = read(group.openGroup("parameters"), names.back());
    ASSERT_EQ(value.shape(), spec.shape) << spec.name;
    vars.push_back(tape.leaf(Tensor<T>::from(
        value.shape(), std::vector<T>(value.data(), value.data() + value.numel()))));
  }
  EXPECT_EQ(group.openGroup("parameters").getNumObjs(), names.size());
  const Var loss = sum(model.nll(Pass(tape, {model.parameters(), vars}), batch_of(group)));
  const double expected = read(group, "loss").item();
  EXPECT_NEAR(double(tape.value(loss).item()), expected, tolerance * expected);
  const auto gradients = tape.gradients(loss, vars);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const Tensor<double> exact = read(group.openGroup("grad"), names[k]);
    double difference = 0.0, size = 0.0;
    for (Index i = 0; i < exact.numel(); ++i) {
      difference = std::max(difference, std::abs(double(gradients[k].data()[i]) - exact.data()[i]));
      size = std::max(size, std::abs(exact.data()[i]));
    }
    EXPECT_GT(size, 0.0) << names[k];
    EXPECT_LE(difference, tolerance * size) << names[k];
  }
}

TEST(EncoderDecoderGolden, TheFormOfChoIsPyTorchs) {
  expect_same<double>("cho", TranslationForm::Source::context, 1e-11);
  expect_same<float>("cho", TranslationForm::Source::context, 1e-5);
}

TEST(EncoderDecoderGolden, TheFormOfBahdanauIsPyTorchs) {
  expect_same<double>("bahdanau", TranslationForm::Source::attention, 1e-11);
  expect_same<float>("bahdanau", TranslationForm::Source::attention, 1e-5);
}

}  // namespace
}  // namespace carousel
