#include "io/npz.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/array_bytes.hpp"
#include "io/files.hpp"
#include "io/npy.hpp"
#include "numpy_file.hpp"
#include "packed_zip.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// np.savez(file, a=np.array([1.0, 2.0]), b=np.array([[True], [False]])) of NumPy 1.24.
const std::string stored = bytes_of_hex(
    "504b030414000000000000002100645baabf900000009000000005001400612e6e7079010010009000000000"
    "0000009000000000000000934e554d5059010076007b276465736372273a20273c6638272c2027666f727472"
    "616e5f6f72646572273a2046616c73652c20277368617065273a2028322c292c207d20202020202020202020"
    "2020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
    "2020202020200a000000000000f03f0000000000000040504b030414000000000000002100f46c7e67820000"
    "008200000005001400622e6e70790100100082000000000000008200000000000000934e554d505901007600"
    "7b276465736372273a20277c6231272c2027666f727472616e5f6f72646572273a2046616c73652c20277368"
    "617065273a2028322c2031292c207d2020202020202020202020202020202020202020202020202020202020"
    "20202020202020202020202020202020202020202020202020202020200a0100504b01021403140000000000"
    "00002100645baabf9000000090000000050000000000000000000000800100000000612e6e7079504b010214"
    "0314000000000000002100f46c7e6782000000820000000500000000000000000000008001c7000000622e6e"
    "7079504b0506000000000200020066000000800100000000");

// np.savez_compressed(file, a=np.zeros((2, 50), 'f4') + 0.25).
const std::string compressed = bytes_of_hex(
    "504b0304140000000800000021002af447134f0000001002000005001400612e6e7079010010001002000000"
    "0000004f000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f5452"
    "9498179f5f94920a12774bcc294e058a17672416a402f91a463a0aa6069a3a0ab50ae4022e068606bb513c78"
    "3000504b01021403140000000800000021002af447134f000000100200000500000000000000000000008001"
    "00000000612e6e7079504b0506000000000100010033000000860000000000");

class Npz : public testing::Test {
 protected:
  NamedArrays read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return read_npz(path_);
  }
  std::string refusal(const std::string& bytes) {
    return error_of<InputError>([&] { read(bytes); });
  }
  // With other bytes wherever `old` stands.
  static std::string changed(std::string bytes, const std::string& old, const std::string& now) {
    for (std::size_t at = 0; (at = bytes.find(old, at)) != bytes.npos; at += now.size()) {
      bytes.replace(at, old.size(), now);
    }
    return bytes;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "a.npz";
};

TEST_F(Npz, ReadsWhatNumPyWrites) {
  const NamedArrays arrays = read(stored);
  ASSERT_EQ(arrays.size(), 2);
  EXPECT_THAT(arrays.at("a").values(), ElementsAre(1.0, 2.0));
  EXPECT_EQ(arrays.at("b").shape(), (Shape{2, 1}));
  EXPECT_THAT(arrays.at("b").values(), ElementsAre(1.0, 0.0));
}

TEST_F(Npz, ReadsWhatNumPyPacks) {
  const Tensor<double> array = read(compressed).at("a");
  EXPECT_EQ(array.shape(), (Shape{2, 50}));
  EXPECT_THAT(array.values(), Each(0.25));
}

TEST_F(Npz, ArraysComeBack) {
  const NamedArrays arrays{{"W_z", Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, 1 / 3.0})},
                           {"fast.b", Tensor<double>::from({1}, {-0.0})}};
  write_npz(path_, arrays);
  const std::string bytes = file_text(path_);
  const NamedArrays back = read_npz(path_);
  ASSERT_EQ(back.size(), 2);
  for (const auto& [name, array] : arrays) {
    EXPECT_EQ(back.at(name).shape(), array.shape());
    EXPECT_THAT(back.at(name).values(), testing::ElementsAreArray(array.values()));
  }
  write_npz(path_, arrays);
  EXPECT_EQ(file_text(path_), bytes);
}

TEST_F(Npz, OtherFilesAreRefused) {
  EXPECT_THAT(refusal("no zip"),
              AllOf(HasSubstr("a.npz: not an .npz file"), HasSubstr("np.savez")));
  EXPECT_THAT(refusal(""), HasSubstr("a.npz: holds no arrays"));
  EXPECT_THAT(refusal(changed(stored, "b.npy", "b.txt")),
              HasSubstr("a.npz: b.txt: expected names that end in .npy"));
  EXPECT_THAT(refusal(changed(stored, "b.npy", "a.npy")), HasSubstr("File already exists"));
  EXPECT_THAT(refusal(changed(stored, "|b1", "|O8")), HasSubstr("a.npz"));  // and its checksum
}

TEST_F(Npz, AnyPartOfAFileIsRefused) {
  for (const std::string& whole : {stored, compressed}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("a.npz: ")) << size;
    }
  }
}

TEST_F(Npz, DamagedNumbersAreRefused) {
  const std::size_t last = stored.find("PK\x01\x02") - 1;  // of b
  std::string bytes = stored;
  bytes[last] = '\1';
  EXPECT_THAT(refusal(bytes), HasSubstr("a.npz: b.npy: can't be unpacked"));
}

TEST_F(Npz, UnknownPackingIsRefused) {
  // method 8 in front of the file and in the list behind
  const std::string front("\x14\0\0\0\x08\0", 6);
  for (const char method : {'\x0c', '\x62'}) {
    const std::string other("\x14\0\0\0", 4);
    const std::string text = refusal(changed(compressed, front, other + method + '\0'));
    EXPECT_THAT(text, HasSubstr(fmt::format("is packed by method {} of zip, expected 0", +method)));
  }
}

// Sizes that a file claims are no reason to take memory.
TEST_F(Npz, AClaimOfAHugeSizeIsRefused) {
  const std::string size("\x10\x02\0\0", 4), huge("\xf0\xff\xff\x0f", 4);
  EXPECT_THAT(refusal(changed(compressed, size, huge)),
              HasSubstr("has 528 bytes, expected 268435440 as the file says"));
  EXPECT_THAT(refusal(changed(stored, std::string("\x90\0\0\0", 4), huge)), HasSubstr("a.npz: "));
}

// A small file that would be a large one. What it says of its size may be true or not.
TEST_F(Npz, ABombIsRefused) {
  std::string array = npy_bytes(Tensor<double>::zeros({1 << 25}));
  write_packed_zip(path_, {{"a.npy", array + array.substr(0, 1 << 20)}});
  const std::string bomb = file_text(path_);
  EXPECT_LT(bomb.size(), 1 << 20);
  const std::string message = "a.npy: has more than 268";
  EXPECT_THAT(error_of<InputError>([&] { read_npz(path_); }), HasSubstr(message));
  std::string size;
  append_little_endian(size, std::uint32_t(array.size() + (1 << 20)));
  EXPECT_THAT(refusal(changed(bomb, size, std::string("\x10\0\0\0", 4))), HasSubstr(message));
}

}  // namespace
}  // namespace carousel
