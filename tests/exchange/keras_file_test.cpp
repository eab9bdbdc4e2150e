// Files in the layouts of Keras (tests/golden/make_exchange.py): what stacks of ours give with
// their layers, and what is refused.

#include "exchange/keras_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "exchange/exchange_fixtures.hpp"
#include "io/zip_file.hpp"
#include "packed_zip.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::filesystem::path golden(const std::string& name) { return golden_folder / "exchange" / name; }

class KerasFile : public testing::Test {
 protected:
  KerasFile() {
    const ZipFile zip(golden("model.keras"), "", "");
    for (std::size_t k = 0; k < zip.entries().size(); ++k) {
      if (zip.entries()[k].name != "model.weights.h5") continue;
      std::ofstream(weights_, std::ios::binary) << zip.unpacked(k, 1 << 20);
    }
  }
  std::string refusal(const std::filesystem::path& path) {
    return error_of<InputError>([&] { read_keras_file(path); });
  }
  void make(const std::function<void(const H5::H5File&)>& fill) {
    fill(H5::H5File((folder_ / "made.h5").string(), H5F_ACC_TRUNC));
  }

  TemporaryFolder folder_;
  std::filesystem::path weights_ = folder_ / "m.weights.h5";
};

TEST_F(KerasFile, AStackOfOursGivesWhatKerasLayersDo) {
  const struct {
    const char* kind;
    std::vector<std::string> layers;
    const char* values;
  } cases[] = {{"keras-lstm", {"lstm"}, "lstm"},
               {"keras-lstm", {"lstm", "lstm_1"}, "lstm_1"},
               {"keras-lstm", {"bidirectional"}, "bidirectional"},
               {"keras-gru-reset-after", {"gru"}, "gru"},
               {"keras-gru-reset-before", {"gru_1"}, "gru_1"},
               {"keras-simple-rnn", {"simple_rnn"}, "simple_rnn"}};
  for (const auto& path : {weights_, golden("model.keras"), golden("old.h5")}) {
    const NamedArrays arrays = read_keras_file(path);
    for (const auto& [kind, layers, values] : cases) {
      const Layout& layout = find_layout(kind);
      const Cell& cell = catalogue().find(layout.cell);
      const StackArrays stack =
          ours_of(layout, cell, keras_layers(arrays, layers, path.string()), path.string());
      const auto y = outputs_of<double>(cell, stack, {.input = 3, .hidden = 4},
                                        golden_array(golden("keras_values.h5"), "x"));
      EXPECT_LE(difference(y, golden_array(golden("keras_values.h5"), values)), 1e-11)
          << path << " " << values;
    }
  }
}

TEST_F(KerasFile, ALayerIsFoundByItsWholePathToo) {
  const NamedArrays arrays = read_keras_file(weights_);
  const NamedArrays named = keras_layers(arrays, {"lstm"}, "f");
  EXPECT_EQ(named.size(), 3);
  EXPECT_TRUE(same_bits(keras_layers(arrays, {"layers/lstm"}, "f"), named));
  EXPECT_TRUE(same_bits(keras_layers(arrays, {"layers/lstm/cell"}, "f"), named));
  EXPECT_THAT(error_of<InputError>([&] {
                keras_layers(arrays, {"lstm", "lsm"}, "f.h5");
              }),
              AllOf(HasSubstr("f.h5: there is no layer 'lsm'; what has a recurrent kernel: "),
                    HasSubstr("layers/bidirectional/forward_layer, layers/gru, layers/gru_1")));
}

TEST_F(KerasFile, FilesOfAnotherFormAreRefused) {
  std::ofstream(folder_ / "text.h5") << "text";
  EXPECT_THAT(refusal(folder_ / "text.h5"), HasSubstr("text.h5: not a whole HDF5 file"));
  EXPECT_THAT(refusal(folder_ / "none.h5"), HasSubstr("none.h5: there is no such file"));
  std::ofstream(folder_ / "text.keras") << "text";
  EXPECT_THAT(refusal(folder_ / "text.keras"), HasSubstr("text.keras: not a .keras file"));
  std::ofstream(folder_ / "other.keras", std::ios::binary) << zip_bytes({{"config.json", "{}"}});
  EXPECT_THAT(refusal(folder_ / "other.keras"), HasSubstr("has no model.weights.h5"));
  std::ofstream(folder_ / "text.keras", std::ios::binary)
      << zip_bytes({{"model.weights.h5", "text"}});
  EXPECT_THAT(refusal(folder_ / "text.keras"), HasSubstr("can't read model.weights.h5"));
  const std::string zeros((std::size_t{1} << 28) + (1 << 20), '\0');
  write_packed_zip(folder_ / "bomb.keras", {{"model.weights.h5", zeros}});
  EXPECT_THAT(refusal(folder_ / "bomb.keras"), HasSubstr("model.weights.h5: has more than 268"));
}

// A part of a file can never hang, crash or give other numbers.
TEST_F(KerasFile, PartsOfAFileAreRefused) {
  const std::string bytes = file_text(golden("model.keras"));
  for (std::size_t size = 0; size < bytes.size(); size += 997) {
    std::ofstream(folder_ / "part.keras", std::ios::binary) << bytes.substr(0, size);
    EXPECT_THAT(refusal(folder_ / "part.keras"), HasSubstr("part.keras: ")) << size;
  }
  const std::string hdf5 = file_text(weights_);
  for (std::size_t size = 0; size < hdf5.size(); size += 997) {
    std::ofstream(folder_ / "part.h5", std::ios::binary) << hdf5.substr(0, size);
    EXPECT_THAT(refusal(folder_ / "part.h5"), HasSubstr("part.h5: ")) << size;
  }
}

TEST_F(KerasFile, WhatLeadsOutOfTheFileIsRefused) {
  const hsize_t size = 2;
  const H5::DataSpace space(1, &size);
  make([](const H5::H5File& file) {
    H5Lcreate_external("other.h5", "/kernel", file.getId(), "kernel", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(refusal(folder_ / "made.h5"), HasSubstr("kernel: is a link to another place"));
  make([](const H5::H5File& file) {
    H5Lcreate_soft("/kernel", file.getId(), "round", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(refusal(folder_ / "made.h5"), HasSubstr("round: is a link to another place"));
  make([&](const H5::H5File& file) {
    H5::DSetCreatPropList made;
    made.setExternal("/etc/passwd", 0, 8);
    file.createDataSet("kernel", H5::PredType::NATIVE_FLOAT, space, made);
  });
  EXPECT_THAT(refusal(folder_ / "made.h5"), HasSubstr("kernel: is packed or in another file"));
  make([&](const H5::H5File& file) {
    H5::DSetCreatPropList made;
    made.setChunk(1, &size);
    file.createDataSet("kernel", H5::PredType::NATIVE_FLOAT, space, made);
  });
  EXPECT_THAT(refusal(folder_ / "made.h5"), HasSubstr("kernel: is packed or in another file"));
  // Never written, so nothing is stored.
  make([&](const H5::H5File& file) {
    file.createDataSet("kernel", H5::PredType::NATIVE_FLOAT, space);
  });
  EXPECT_THAT(refusal(folder_ / "made.h5"), HasSubstr("kernel: has 0 numbers stored"));
}

}  // namespace
}  // namespace carousel
