#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/idx.hpp"
#include "idx_file.hpp"
#include "task/classification.hpp"
#include "task/task.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::HasSubstr;

class ImageSequence : public testing::Test {
 protected:
  ImageSequence() { write_pictures(folder_ / "mnist", 3, 4, {30, 9}); }

  std::unique_ptr<ClassificationProblem> problem(const std::string& order, int valid = 7) const {
    const Task& task = find_task("image_sequence");
    TaskOptions options(task.options);
    options.set("order", order);
    options.set("valid", std::to_string(valid));
    return std::unique_ptr<ClassificationProblem>(dynamic_cast<ClassificationProblem*>(
        task.set_up(options, {folder_.path().string()}).release()));
  }

  TemporaryFolder folder_;
};

TEST_F(ImageSequence, HoldsTheLastTrainingPicturesOut) {
  const auto rows = problem("rows");
  const Pictures train = read_pictures(folder_ / "mnist", "train");
  EXPECT_EQ(rows->size(Split::train), 23);
  EXPECT_EQ(rows->size(Split::valid), 7);
  EXPECT_EQ(rows->size(Split::test), 9);
  EXPECT_EQ(rows->name(), "mnist_rows");
  const SequenceExample example = rows->example(Split::valid, 2);
  for (std::size_t k = 0; k < 12; ++k) {
    const auto pixel = static_cast<unsigned char>(train.pixels[25 * 12 + k]);
    EXPECT_EQ(example.x[k], static_cast<float>(pixel) / 255.0f);
  }
  EXPECT_EQ(example.targets[0], static_cast<float>(25 % 3));
  EXPECT_EQ(rows->length(Split::valid, 2), 3);
  EXPECT_THAT(error_of<InputError>([&] { problem("rows", 30); }), HasSubstr("valid is 30"));
}

TEST_F(ImageSequence, PermutedHoldsTheSamePixelsInOneOtherOrder) {
  const auto pixels = problem("pixels"), permuted = problem("permuted");
  EXPECT_EQ(pixels->length(Split::train, 0), 12);
  bool differs = false;
  for (ExampleId id = 0; id < 9; ++id) {
    auto a = pixels->example(Split::test, id).x, b = permuted->example(Split::test, id).x;
    differs |= a != b;
    std::ranges::sort(a);
    std::ranges::sort(b);
    EXPECT_EQ(a, b);
  }
  EXPECT_TRUE(differs);
  EXPECT_EQ(permuted->example(Split::test, 1).x, problem("permuted")->example(Split::test, 1).x);
}

TEST_F(ImageSequence, IsTheSameProblemForTheSameDataAlone) {
  const std::string digest = problem("rows")->digest();
  EXPECT_EQ(digest, problem("rows")->digest());
  write_pictures(folder_ / "mnist", 3, 4, {31, 9});
  EXPECT_NE(digest, problem("rows")->digest());
}

// By hand: 23 training pictures of the classes 0, 1, 2, 0, ..: 8, 8, 7, and half a count each.
TEST_F(ImageSequence, BaselinesAreTheShareOfClassesAndALinearClassifier) {
  const auto rows = problem("rows");
  const auto baselines = rows->baselines();
  ASSERT_EQ(baselines.size(), 2U);
  EXPECT_EQ(baselines[0].name, "most frequent class");
  EXPECT_EQ(figure_of(baselines[0].figures, "accuracy", Split::test), 3.0 / 9.0);
  const double nll = -(2.0 * std::log(8.5 / 24.5) + std::log(7.5 / 24.5)) / 3.0;
  EXPECT_NEAR(figure_of(baselines[0].figures, "nll", Split::test), nll, 1e-12);
  // Pictures of class 0 are black, the others differ in how bright they are.
  EXPECT_EQ(baselines[1].name, "linear classifier");
  EXPECT_GT(figure_of(baselines[1].figures, "accuracy", Split::train), 0.6);
}

// Three black pictures of class 0 to learn from: the bias alone moves, by steps of AdaGrad down the
// slope of a softmax, and the first epoch is kept.
TEST_F(ImageSequence, TheLinearClassifierLearnsASoftmax) {
  const auto write = [&](const std::string& prefix, std::uint32_t count, char label) {
    std::ofstream(folder_ / "mnist" / (prefix + "-images-idx3-ubyte"), std::ios::binary)
        << idx_bytes({count, 2, 2}, std::string(std::size_t(4) * count, '\0'));
    std::ofstream(folder_ / "mnist" / (prefix + "-labels-idx1-ubyte"), std::ios::binary)
        << idx_bytes({count}, std::string(count, label));
  };
  write("train", 5, 0);
  write("t10k", 2, 1);
  double bias[2] = {0.0, 0.0}, squares[2] = {1e-8, 1e-8};
  for (int update = 0; update < 3; ++update) {
    const double other = 1.0 / (1.0 + std::exp(bias[0] - bias[1]));  // its probability
    for (const int k : {0, 1}) {
      const double slope = k == 0 ? -other : other;
      squares[k] += slope * slope;
      bias[k] -= 0.02 * slope / std::sqrt(squares[k]);
    }
  }
  const double nll = std::log(1.0 + std::exp(bias[0] - bias[1]));
  EXPECT_NEAR(figure_of(problem("rows", 2)->baselines()[1].figures, "nll", Split::test), nll, 1e-6);
}

// The first pixel alone tells the class.
TEST_F(ImageSequence, TheLinearClassifierReadsEveryPixel) {
  for (const std::size_t told : {0U, 3U}) {
    for (const char* prefix : {"train", "t10k"}) {
      std::string pixels, classes;
      for (std::size_t k = 0; k < 40; ++k) {
        std::string picture(4, '\x50');
        picture[told] = k % 2 == 0 ? '\0' : '\x7f';
        pixels += picture;
        classes += static_cast<char>(k % 2);
      }
      std::ofstream(folder_ / "mnist" / (std::string(prefix) + "-images-idx3-ubyte"),
                    std::ios::binary)
          << idx_bytes({40, 2, 2}, pixels);
      std::ofstream(folder_ / "mnist" / (std::string(prefix) + "-labels-idx1-ubyte"),
                    std::ios::binary)
          << idx_bytes({40}, classes);
    }
    for (const char* order : {"rows", "permuted"}) {
      EXPECT_EQ(figure_of(problem(order)->baselines()[1].figures, "accuracy", Split::test), 1.0)
          << told << " " << order;
    }
  }
}

TEST_F(ImageSequence, PicturesAndClassesAreInTheDigest) {
  const std::string digest = problem("rows")->digest();
  for (const char* prefix : {"train", "t10k"}) {
    const auto labels = folder_ / "mnist" / (std::string(prefix) + "-labels-idx1-ubyte");
    const std::string before = file_text(labels);
    std::string bytes = before;
    bytes.back() = static_cast<char>(bytes.back() == 1 ? 0 : 1);
    std::ofstream(labels, std::ios::binary) << bytes;
    EXPECT_NE(problem("rows")->digest(), digest) << prefix;
    std::ofstream(labels, std::ios::binary) << before;
    EXPECT_EQ(problem("rows")->digest(), digest);
    Pictures pictures = read_pictures(folder_ / "mnist", prefix);
    pictures.pixels.back() ^= 1;
    std::ofstream(folder_ / "mnist" / (std::string(prefix) + "-images-idx3-ubyte"),
                  std::ios::binary)
        << idx_bytes({static_cast<std::uint32_t>(pictures.count()), 3, 4}, pictures.pixels);
    EXPECT_NE(problem("rows")->digest(), digest) << prefix;
    std::filesystem::remove(folder_ / "mnist" / (std::string(prefix) + "-images-idx3-ubyte"));
  }
}

TEST_F(ImageSequence, PicturesToTestWithHaveTheSameSize) {
  write_pictures(folder_ / "other", 4, 3, {30, 9});
  std::filesystem::copy_file(folder_ / "other/t10k-images-idx3-ubyte.gz",
                             folder_ / "mnist/t10k-images-idx3-ubyte.gz",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(error_of<InputError>([&] { problem("rows"); }),
            "mnist: pictures of 3 x 4 to train with and of 4 x 3 to test with, expected one size");
}

TEST_F(ImageSequence, ShowsTheAnswersToEachClass) {
  const auto rows = problem("rows");
  // Answers class 2 to all.
  const auto shown = rows->exhibits([](Split split, Ids ids) {
    EXPECT_EQ(split, Split::test);
    return std::vector<std::vector<double>>(ids.size(), {0.0, 1.0, 2.0});
  });
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].kind, "matrix");
  EXPECT_EQ(shown[0].texts.at("rows"), "0\n1\n2");
  const auto values = shown[0].arrays.at("values").values();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()),
            (std::vector<float>{0, 0, 3, 0, 0, 3, 0, 0, 3}));
}

TEST_F(ImageSequence, OptionsAreChecked) {
  EXPECT_THAT(error_of<InputError>([&] { problem("row"); }),
              testing::AllOf(HasSubstr("did you mean 'rows'"), HasSubstr("permuted")));
}

}  // namespace
}  // namespace carousel
