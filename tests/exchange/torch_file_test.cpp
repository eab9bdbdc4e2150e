// Files that PyTorch 1.13 has written (tests/golden/make_exchange.py): their numbers, and what a
// stack of ours gives with them; and files that it did not write, each refused with one message.

#include "exchange/torch_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <fstream>

#include "exchange/exchange_fixtures.hpp"
#include "io/zip_file.hpp"
#include "packed_zip.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::filesystem::path golden(const std::string& name) { return golden_folder / "exchange" / name; }

struct Case {
  const char *name, *kind;  // a group of pytorch.h5
  Index input, hidden, projection = 0;
};
constexpr Case cases[] = {{"lstm_2_bi_packed", "pytorch-lstm", 2, 3},
                          {"gru_2_bi_packed", "pytorch-gru", 2, 3},
                          {"rnn_2_bi_packed", "pytorch-rnn-tanh", 2, 3},
                          {"relu_1_uni_full", "pytorch-rnn-relu", 2, 3},
                          {"lstmp_2_bi_packed", "pytorch-lstm-projected", 2, 3, 2}};

// First states, layer by layer: PyTorch has an array of all scans for each state.
std::vector<Tensor<double>> states_of(const Case& c, std::size_t scans) {
  std::vector<Tensor<double>> states;
  const bool has_c = std::string_view(c.kind).starts_with("pytorch-lstm");
  for (std::size_t scan = 0; scan < scans; ++scan) {
    for (const char* name : {"h_0", "c_0"}) {
      if (!has_c && name[0] == 'c') continue;
      const Tensor<double> all =
          golden_array(golden_folder / "pytorch.h5", fmt::format("{}/{}", c.name, name));
      const Shape shape{all.shape()[1], all.shape()[2]};
      const double* from = all.data() + Index(scan) * shape.numel();
      states.push_back(Tensor<double>::from(shape, {from, from + shape.numel()}));
    }
  }
  return states;
}

template <class T>
double error_of_outputs(const Case& c, const std::string& file) {
  const Layout& layout = find_layout(c.kind);
  const Cell cell = reference_of(layout, c.projection);
  const StackArrays stack =
      ours_of(layout, catalogue().find(layout.cell), read_torch_file(golden(file)), file);
  const std::string group = c.name;
  std::vector<Index> lengths;
  if (group.ends_with("_packed")) {
    const auto values = golden_array(golden_folder / "pytorch.h5", group + "/lengths");
    for (const double length : values.values()) lengths.push_back(Index(length));
  }
  return difference(outputs_of<T>(cell, stack, {.input = c.input, .hidden = c.hidden},
                                  golden_array(golden_folder / "pytorch.h5", group + "/x"), lengths,
                                  states_of(c, stack.size() * stack[0].size())),
                    golden_array(golden_folder / "pytorch.h5", group + "/y"));
}

TEST(TorchFile, AStackOfOursGivesWhatPyTorchsModuleDoes) {
  for (const Case& c : cases) {
    EXPECT_LE(error_of_outputs<double>(c, std::string(c.name) + ".pt"), 1e-11) << c.name;
    EXPECT_LE(error_of_outputs<float>(c, std::string(c.name) + "_float.pt"), 1e-5) << c.name;
  }
}

TEST(TorchFile, NumbersAreThoseOfTheModule) {
  const NamedArrays arrays = read_torch_file(golden("gru_2_bi_packed.pt"));
  EXPECT_EQ(arrays.size(), 16);
  for (const auto& [name, array] : arrays) {
    const auto want = golden_array(golden_folder / "pytorch.h5", "gru_2_bi_packed/" + name);
    EXPECT_EQ(array.shape(), want.shape());
    EXPECT_EQ(bytes_of(array), bytes_of(want)) << name;
  }
}

// Precisions, views that lie anywhere in a storage that they share, and dicts in dicts.
TEST(TorchFile, ReadsACheckpoint) {
  const NamedArrays all = read_torch_file(golden("checkpoint.pt"));
  for (const char* name : {"half", "bfloat16", "double"}) {
    EXPECT_THAT(all.at(std::string("others.") + name).values(),
                ElementsAre(-1, -0.875, -0.75, -0.625, -0.5, -0.375))
        << name;
  }
  EXPECT_EQ(all.at("others.transposed").shape(), (Shape{3, 2}));
  EXPECT_THAT(all.at("others.transposed").values(),
              ElementsAre(-1, -0.625, -0.875, -0.5, -0.75, -0.375));
  EXPECT_THAT(all.at("others.second").values(), ElementsAre(-0.25, -0.125, 0, 0.125, 0.25, 0.375));
  EXPECT_THAT(all.at("others.column").values(), ElementsAre(-0.875, -0.5, -0.125, 0.25));
  EXPECT_THAT(all.at("others.long").values(), ElementsAre(7));
  EXPECT_EQ(all.at("others.long").shape(), Shape{});
  EXPECT_THAT(all.at("parameter").values(), ElementsAre(-1, -0.875));
  EXPECT_TRUE(all.contains("optimiser.state.0.exp_avg"));
  const NamedArrays model = read_torch_file(golden("checkpoint.pt"), "model.");
  EXPECT_EQ(model.size(), 2);
  EXPECT_EQ(model.at("model.linear.weight").shape(), (Shape{2, 3}));
}

// ---- files that PyTorch did not write ----

std::string text(const std::string& word) {
  std::string bytes = "X";
  append_little_endian(bytes, std::uint32_t(word.size()));
  return bytes + word;
}

std::string whole(std::int32_t number) {
  std::string bytes = "J";
  append_little_endian(bytes, std::uint32_t(number));
  return bytes;
}

std::string tuple(const std::vector<std::int32_t>& numbers) {
  std::string bytes = "(";
  for (const std::int32_t number : numbers) bytes += whole(number);
  return bytes + "t";
}

// What a tensor of a state_dict is in a pickle.
struct Tensor32 {
  std::int32_t stored = 6, offset = 0;
  std::vector<std::int32_t> sizes = {2, 3}, strides = {3, 1};
  std::string type = "FloatStorage", key = "0";

  std::string bytes() const {
    return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + type + "\n" +
           text(key) + text("cpu") + whole(stored) + "tQ" + whole(offset) + tuple(sizes) +
           tuple(strides) + "\x89" + "ccollections\nOrderedDict\n)RtR";
  }
};

std::string dict(const std::string& items) { return "\x80\x02}(" + items + "u."; }

class TorchFileOfOthers : public testing::Test {
 protected:
  NamedArrays read(const std::map<std::string, std::string>& files) {
    std::ofstream(path_, std::ios::binary) << zip_bytes(files);
    return read_torch_file(path_);
  }
  NamedArrays read(const std::string& pickle, const std::string& numbers = floats(6)) {
    return read({{"m/data.pkl", pickle}, {"m/data/0", numbers}, {"m/version", "3\n"}});
  }
  template <class... Args>
  std::string refusal(const Args&... arguments) {
    return error_of<InputError>([&] { read(arguments...); });
  }
  static std::string floats(int count) {
    std::string bytes;
    for (int k = 0; k < count; ++k)
      append_little_endian(bytes, std::bit_cast<std::uint32_t>(float(k)));
    return bytes;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "m.pt";
};

TEST_F(TorchFileOfOthers, TheFixtureIsRead) {
  EXPECT_THAT(read(dict(text("w") + Tensor32().bytes())).at("w").values(),
              ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST_F(TorchFileOfOthers, NoCodeRuns) {
  const std::string trace = folder_ / "trace";
  for (const std::string& function :
       {std::string("cos\nsystem\n"), std::string("cbuiltins\neval\n"),
        std::string("cposix\nsystem\n"), std::string("ctorch\nload\n"),
        std::string("ctorch.hub\nload\n")}) {
    EXPECT_THAT(refusal("\x80\x02" + function + "(" + text("touch " + trace) + "tR."),
                AllOf(HasSubstr("m.pt: data.pkl: asks for '"), HasSubstr("(byte 2)"),
                      HasSubstr("nothing of the file was run")))
        << function;
  }
  EXPECT_FALSE(std::filesystem::exists(trace));
  // Instructions that build objects of any class, or call.
  for (const char instruction : {'i', 'o', '\x81', '\x92', '\x93', '\x94', 'P', '\x82', '2'}) {
    EXPECT_THAT(refusal(std::string("\x80\x02}") + instruction),
                HasSubstr("which a state_dict does not need"))
        << int(static_cast<unsigned char>(instruction));
  }
  EXPECT_THAT(refusal("\x80\x02" + text("f") + ")R."), HasSubstr("it is to have a function"));
}

TEST_F(TorchFileOfOthers, APickleMayBeWrongAnywhere) {
  const std::string good = dict(text("w") + Tensor32().bytes());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_THAT(refusal(good.substr(0, size)), HasSubstr("m.pt: data.pkl: ")) << size;
  }
  for (const auto& [pickle, message] :
       std::map<std::string, std::string>{{"}.", "holds no tensors"},
                                          {".", "takes a value that is not there"},
                                          {"t.", "takes values that are not there"},
                                          {"(.", "takes a value that is not there"},
                                          {"h\1.", "takes a value that is not there"},
                                          {"}(K\1u.", "a key without a value"},
                                          {"K\1K\1K\1s.", "it is to have a dict"},
                                          {"K\1K\1a.", "it is to have a list"},
                                          {"X\xff\xff\xff\xff", "is cut short"},
                                          {"ctorch", "is cut short"}}) {
    EXPECT_THAT(refusal(pickle), HasSubstr(message)) << pickle;
  }
}

TEST_F(TorchFileOfOthers, ATensorStaysInsideItsNumbers) {
  const auto of = [&](const Tensor32& tensor) { return refusal(dict(text("w") + tensor.bytes())); };
  constexpr std::int32_t huge = 0x7fffffff;
  EXPECT_THAT(of({.offset = 1}), HasSubstr("m.pt: w: reaches beyond the 6 numbers"));
  EXPECT_THAT(of({.sizes = {3, 3}}), HasSubstr("reaches beyond"));
  EXPECT_THAT(of({.strides = {4, 1}}), HasSubstr("reaches beyond"));
  EXPECT_THAT(of({.sizes = {huge, huge, huge, huge}, .strides = {huge, huge, huge, huge}}),
              HasSubstr("reaches beyond"));
  EXPECT_THAT(of({.stored = 0}), HasSubstr("reaches beyond"));
  EXPECT_THAT(of({.stored = 7}), HasSubstr("there are 24 bytes for it, expected 7 numbers"));
  EXPECT_THAT(of({.type = "DoubleStorage"}), HasSubstr("there are 24 bytes for it"));
  EXPECT_THAT(of({.stored = -1}), HasSubstr("names numbers in another form"));
  EXPECT_THAT(of({.offset = -1}), HasSubstr("makes a tensor in another form"));
  EXPECT_THAT(of({.sizes = {-2, 3}}), HasSubstr("a size that is no whole number"));
  EXPECT_THAT(of({.sizes = {2, 0}}), HasSubstr("m.pt: w: has no elements"));
  EXPECT_THAT(of({.strides = {1}}), HasSubstr("another number of strides than of axes"));
  EXPECT_THAT(of({.sizes = std::vector<std::int32_t>(9, 1)}), HasSubstr("more than 8 axes"));
  EXPECT_THAT(of({.key = "1"}), HasSubstr("m.pt: lacks its part data/1"));
  EXPECT_THAT(of({.type = "ByteStorage"}), HasSubstr("m.pt: w: has numbers of the type Byte"));
  EXPECT_THAT(of({.type = "QInt8Storage"}), HasSubstr("asks for 'torch.QInt8Storage'"));
}

// A stride of 0, many tensors of one storage, and dicts of dicts: each a small file that would be a
// large model.
TEST_F(TorchFileOfOthers, MemoryIsBounded) {
  constexpr std::int32_t huge = 0x7fffffff;
  EXPECT_THAT(refusal(dict(text("w") + Tensor32{.sizes = {huge, huge}, .strides = {0, 0}}.bytes())),
              HasSubstr("its tensors share their numbers"));
  std::string many;
  for (int k = 0; k < 1000; ++k) {
    many += text(std::to_string(k)) +
            (k == 0 ? Tensor32{.stored = 10'000, .sizes = {10'000}, .strides = {1}}.bytes() + "q\1"
                    : "h\1");
  }
  EXPECT_THAT(refusal(dict(many), floats(10'000)), HasSubstr("its tensors share their numbers"));
  std::string levels = "](" + ("}(" + text("w") + Tensor32().bytes() + "uq\1");
  for (char level = 2; level < 60; ++level) {
    const std::string before = std::string("h") + char(level - 1);
    levels += "}(" + text("a") + before + text("b") + before + "uq" + level;
  }
  EXPECT_THAT(refusal("\x80\x02" + levels + "e."), HasSubstr("stand in one another without end"));
  EXPECT_THAT(refusal("\x80\x02}q\1(" + text("a") + "h\1u."),
              HasSubstr("stand in one another without end"));
}

TEST_F(TorchFileOfOthers, BombsAreRefused) {
  const std::string good = dict(text("w") + Tensor32().bytes()), zeros(std::size_t{1} << 26, '\0');
  write_packed_zip(path_, {{"m/data.pkl", good + zeros}});
  EXPECT_THAT(error_of<InputError>([&] { read_torch_file(path_); }),
              HasSubstr("m.pt: m/data.pkl is packed, expected it stored"));
  write_packed_zip(path_, {{"m/data.pkl", good}, {"m/data/0", zeros}});
  EXPECT_THAT(error_of<InputError>([&] { read_torch_file(path_); }), HasSubstr("is packed"));
}

TEST_F(TorchFileOfOthers, ArchivesOfAnotherFormAreRefused) {
  const std::string good = dict(text("w") + Tensor32().bytes());
  EXPECT_THAT(refusal(std::map<std::string, std::string>{{"m/other", ""}}),
              HasSubstr("m.pt: has no data.pkl"));
  EXPECT_THAT(refusal(std::map<std::string, std::string>{
                  {"m/data.pkl", good}, {"m/data/0", floats(6)}, {"m/byteorder", "big"}}),
              HasSubstr("with the other order of bytes"));
  std::ofstream(path_, std::ios::binary)
      << "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
  EXPECT_THAT(error_of<InputError>([&] { read_torch_file(path_); }),
              HasSubstr("m.pt: not a .pt file of PyTorch 1.6 or newer"));
  EXPECT_THAT(error_of<InputError>([&] { read_torch_file(folder_ / "none.pt"); }),
              HasSubstr("none.pt"));
}

TEST_F(TorchFileOfOthers, TwoTensorsOfOneNameAreRefused) {
  const std::string tensor = Tensor32().bytes();
  EXPECT_THAT(refusal(dict(text("w") + tensor + text("w") + tensor)),
              HasSubstr("m.pt: w: two tensors have this name"));
}

TEST_F(TorchFileOfOthers, AnyPartOfAFileIsRefused) {
  for (const char* name : {"relu_1_uni_full.pt", "checkpoint.pt"}) {
    std::filesystem::copy_file(golden(name), path_,
                               std::filesystem::copy_options::overwrite_existing);
    for (std::uintmax_t size = std::filesystem::file_size(path_); size-- > 0;) {
      std::filesystem::resize_file(path_, size);
      EXPECT_THAT(error_of<InputError>([&] { read_torch_file(path_); }), HasSubstr("m.pt: "))
          << size;
    }
  }
}

}  // namespace
}  // namespace carousel
