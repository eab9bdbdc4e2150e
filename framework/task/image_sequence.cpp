// Pictures as sequences: row by row, pixel by pixel, or pixel by pixel in a fixed random order (Le,
// Jaitly and Hinton 2015, arXiv:1504.00941, section 4.2; Arjovsky, Shah and Bengio 2016,
// arXiv:1511.06464, section 5.2). A step holds a row, or a pixel, from 0 to 1; the class is asked
// for at the end.
#include <fmt/format.h>

#include <memory>
#include <numeric>

#include "data/data_sets.hpp"
#include "data/idx.hpp"
#include "io/digest.hpp"
#include "task/classification.hpp"
#include "task/entries.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

struct PictureSet {
  Pictures train, test;
  Index valid = 0;           // pictures at the end of train that are held out
  std::vector<Index> order;  // of the pixels of a picture
  Index width = 0;           // of a step

  const Pictures& part(Split split) const { return split == Split::test ? test : train; }
  std::size_t number(Split split, ExampleId id) const {
    return static_cast<std::size_t>(split == Split::valid ? train.count() - valid + id : id);
  }
  float pixel(Split split, ExampleId id, std::size_t k) const {
    const auto at = number(split, id) * order.size() + static_cast<std::size_t>(order[k]);
    return static_cast<float>(static_cast<unsigned char>(part(split).pixels[at])) / 255.0f;
  }
  std::vector<float> steps(Split split, ExampleId id) const {
    std::vector<float> x(order.size());
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = pixel(split, id, k);
    return x;
  }
  Index label(Split split, ExampleId id) const {
    return static_cast<unsigned char>(part(split).classes[number(split, id)]);
  }
};

std::vector<Index> pixel_order(const std::string& name, Index pixels) {
  std::vector<Index> order(static_cast<std::size_t>(pixels));
  std::iota(order.begin(), order.end(), Index{0});
  if (name != "permuted") return order;
  constexpr std::uint64_t seed = 1;  // the order is the same in every study
  const std::vector<int> drawn = Random(seed, "pixel order").permutation(static_cast<int>(pixels));
  return {drawn.begin(), drawn.end()};
}

void expect_fit(const PictureSet& set, const std::string& data) {
  if (set.train.rows != set.test.rows || set.train.columns != set.test.columns) {
    fail_input(
        "{}: pictures of {} x {} to train with and of {} x {} to test with, expected one size",
        data, set.train.rows, set.train.columns, set.test.rows, set.test.columns);
  }
  if (set.valid >= set.train.count()) {
    fail_input("valid is {}, expected less than the {} pictures to train with", set.valid,
               set.train.count());
  }
}

std::shared_ptr<const PictureSet> load(const TaskOptions& options, const DataSource& data) {
  const std::string& name = options.text("data");
  const std::string& order = options.text("order");
  const auto folder = find_data(name, DataKind::images, data.folder);
  auto set = std::make_shared<PictureSet>();
  set->train = read_pictures(folder, "train");
  set->test = read_pictures(folder, "t10k");
  set->valid = options.integer("valid");
  set->order = pixel_order(order, set->train.rows * set->train.columns);
  set->width = order == "rows" ? set->train.columns : 1;
  expect_fit(*set, name);
  return set;
}

std::string digest_of(const PictureSet& set) {
  Sha256 digest;
  for (const Pictures* part : {&set.train, &set.test}) {
    digest.add(std::string_view(part->pixels));
    digest.add(std::string_view(part->classes));
  }
  return digest.hex();
}

Index classes_of(const PictureSet& set) {
  Index most = 0;
  for (const Pictures* part : {&set.train, &set.test}) {
    for (const char c : part->classes) most = std::max<Index>(most, static_cast<unsigned char>(c));
  }
  return most + 1;
}

Features features_of(const PictureSet& set, Split split, ExampleId id) {
  Features features;
  for (std::size_t k = 0; k < set.order.size(); ++k) {
    const float value = set.pixel(split, id, k);
    if (value > 0.0f) features.emplace_back(static_cast<Index>(k), value);
  }
  return features;
}

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  const auto set = load(options, data);
  const std::string& order = options.text("order");
  ClassificationForm form;
  form.name = fmt::format("{}_{}", name_of_data(options.text("data")), order);
  form.description = fmt::format("{} x {} pixels, {}", set->train.rows, set->train.columns,
                                 order == "rows"     ? "a row a step"
                                 : order == "pixels" ? "a pixel a step"
                                                     : "a pixel a step, in a fixed random order");
  form.digest = digest_of(*set);
  form.width = set->width;
  form.sight = Sight::whole;
  form.classes = classes_of(*set);
  for (Index k = 0; k < form.classes; ++k) form.class_names.push_back(std::to_string(k));
  form.sizes = {set->train.count() - set->valid, set->valid, set->test.count()};
  form.steps = [set](Split, ExampleId) { return std::ssize(set->order) / set->width; };
  form.x = [set](Split split, ExampleId id) { return set->steps(split, id); };
  form.label = [set](Split split, ExampleId id) { return set->label(split, id); };
  form.baselines = [set](const ClassificationProblem& problem) {
    return std::vector{
        linear_classifier("linear classifier", problem, std::ssize(set->order),
                          [&](Split split, ExampleId id) { return features_of(*set, split, id); })};
  };
  return std::make_unique<ClassificationProblem>(std::move(form));
}

}  // namespace

Task image_sequence_task() {
  return {"image_sequence",
          "The class of a picture that is read row by row or pixel by pixel",
          "Le, Jaitly and Hinton 2015, arXiv:1504.00941, section 4.2",
          {data_option("data", "mnist", "the pictures (docs/data.md)"),
           choice_option("order", "rows", {"rows", "pixels", "permuted"},
                         "a step is a row, a pixel, or a pixel in a fixed random order"),
           integer_option("valid", 5000, 1, 1 << 24,
                          "training pictures, the last ones, that are kept for validation")},
          set_up};
}

}  // namespace carousel
