#include "data/idx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "idx_file.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Idx : public testing::Test {
 protected:
  std::string error(const std::string& bytes) {
    std::ofstream(file_, std::ios::binary) << bytes;
    return error_of<InputError>([&] { read_idx(file_); });
  }
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "a";
};

TEST_F(Idx, IsReadPackedOrNot) {
  const std::string bytes = idx_bytes({2, 3}, "abcdef");
  write_gzip(file_, bytes);
  EXPECT_EQ(read_idx(file_).values, "abcdef");
  std::ofstream(file_, std::ios::binary) << bytes;
  EXPECT_EQ(read_idx(file_).values, "abcdef");
  EXPECT_THAT(read_idx(file_).sizes, ElementsAre(2, 3));
}

TEST_F(Idx, ThatIsDamagedIsRefused) {
  const std::string bytes = idx_bytes({2, 3}, "abcdef");
  EXPECT_THAT(error(""), HasSubstr("not an IDX file of bytes"));
  EXPECT_THAT(error(std::string("\0\0\x0d\1", 4) + bytes.substr(4)),
              HasSubstr("not an IDX file of bytes"));
  for (const std::size_t place : {0U, 1U}) {  // two zeros in front
    std::string other = bytes;
    other[place] = 1;
    EXPECT_THAT(error(other), HasSubstr("not an IDX file of bytes"));
  }
  EXPECT_THAT(error(std::string("\0\0\x08\0", 4)), HasSubstr("holds 4 bytes"))
      << "of no axes it would be one value";
  EXPECT_THAT(error(bytes.substr(0, 3)), HasSubstr("not an IDX file of bytes"));
  EXPECT_THAT(error(bytes.substr(0, 11)), HasSubstr("the file is damaged"));
  EXPECT_THAT(error(bytes.substr(0, bytes.size() - 1)),
              AllOf(HasSubstr("holds 17 bytes"), HasSubstr("2 x 3"), HasSubstr("ask for 18;")));
  EXPECT_THAT(error(bytes + "g"), HasSubstr("holds 19 bytes"));
  const std::uint32_t huge = 0xffffffff;
  EXPECT_THAT(error(idx_bytes({huge, huge, huge}, "abc")), HasSubstr("the file is damaged"));
  write_gzip(file_, bytes);
  const std::string packed = file_text(file_);
  EXPECT_THAT(error(packed.substr(0, packed.size() - 9)), HasSubstr("can't be unpacked"));
}

// 258 and 65793 hold different bytes in every place.
TEST_F(Idx, SizesHaveFourBytesTheHighestFirst) {
  std::ofstream(file_, std::ios::binary) << idx_bytes({1, 258}, std::string(258, 'a'));
  EXPECT_THAT(read_idx(file_).sizes, ElementsAre(1, 258));
  std::ofstream(file_, std::ios::binary) << idx_bytes({65793, 2}, std::string(2 * 65793, 'b'));
  EXPECT_THAT(read_idx(file_).sizes, ElementsAre(65793, 2));
  std::ofstream(file_, std::ios::binary) << idx_bytes({1U << 24, 0}, "");
  EXPECT_THAT(read_idx(file_).sizes, ElementsAre(1 << 24, 0));
  std::ofstream(file_, std::ios::binary) << idx_bytes({}, "c");
  EXPECT_EQ(read_idx(file_).values, "c") << "one value without axes";
}

TEST_F(Idx, PicturesHaveThreeAxes) {
  const auto images = folder_ / "train-images-idx3-ubyte";
  const auto error_with = [&](const std::string& bytes, const std::string& classes) {
    std::ofstream(images, std::ios::binary) << bytes;
    std::ofstream(folder_ / "train-labels-idx1-ubyte", std::ios::binary) << classes;
    return error_of<InputError>([&] { read_pictures(folder_.path(), "train"); });
  };
  EXPECT_THAT(error_with(idx_bytes({2, 3}, "abcdef"), idx_bytes({2}, "ab")),
              HasSubstr("got an array of 2 axes and 6 bytes, expected pictures x rows x columns"));
  EXPECT_THAT(error_with(idx_bytes({0, 2, 3}, ""), idx_bytes({0}, "")),
              HasSubstr("got an array of 3 axes and 0 bytes"));
  EXPECT_THAT(error_with(idx_bytes({2, 1, 3}, "abcdef"), idx_bytes({2, 1}, "ab")),
              HasSubstr("got 2 x 1 classes, expected one for each of the 2 pictures"));
  EXPECT_EQ(error_with(idx_bytes({2, 1, 3}, "abcdef"), idx_bytes({2}, "ab")), "nothing was thrown");
  const Pictures pictures = read_pictures(folder_.path(), "train");
  EXPECT_EQ(pictures.rows, 1);
  EXPECT_EQ(pictures.columns, 3);
  EXPECT_EQ(pictures.pixels, "abcdef");
}

TEST_F(Idx, PicturesHaveAClassEach) {
  write_pictures(folder_.path(), 3, 4, {6, 5});
  const Pictures pictures = read_pictures(folder_.path(), "train");
  EXPECT_EQ(pictures.rows, 3);
  EXPECT_EQ(pictures.columns, 4);
  EXPECT_EQ(pictures.count(), 6);
  EXPECT_EQ(pictures.pixels.size(), 72U);
  EXPECT_EQ(pictures.classes, std::string({0, 1, 2, 0, 1, 2}));
  const auto labels = folder_ / "train-labels-idx1-ubyte";
  std::ofstream(labels, std::ios::binary) << idx_bytes({5}, "abcde");
  EXPECT_THAT(error_of<InputError>([&] { read_pictures(folder_.path(), "train"); }),
              AllOf(HasSubstr("got 5 classes"), HasSubstr("each of the 6 pictures")));
  std::filesystem::remove(labels);
  EXPECT_THAT(error_of<InputError>([&] { read_pictures(folder_.path(), "train"); }),
              HasSubstr("train-labels-idx1-ubyte.gz: can't read this file"));
}

}  // namespace
}  // namespace carousel
