#include "io/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "numpy_file.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Safetensors : public testing::Test {
 protected:
  NamedArrays read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return read_safetensors(path_);
  }
  std::string refusal(const std::string& bytes) {
    return error_of<InputError>([&] { read(bytes); });
  }
  // Of a file of 8 bytes behind this header.
  std::string refused_header(const std::string& header) {
    return refusal(safetensors_file(header, std::string(8, '\0')));
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "w.safetensors";
};

// 1.5 and -2 as float32, then 0.5 as float64; the header in another order than the numbers.
TEST_F(Safetensors, ReadsBothPrecisions) {
  const std::string numbers("\0\0\xc0?\0\0\0\xc0\0\0\0\0\0\0\xe0?", 16);
  const NamedArrays arrays =
      read(safetensors_file(R"({"b":{"dtype":"F64","shape":[],"data_offsets":[8,16]},)"
                            R"("__metadata__":{"format":"pt"},)"
                            R"("a.W":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}   )",
                            numbers));
  ASSERT_EQ(arrays.size(), 2);
  EXPECT_EQ(arrays.at("a.W").shape(), (Shape{2, 1}));
  EXPECT_THAT(arrays.at("a.W").values(), ElementsAre(1.5, -2.0));
  EXPECT_THAT(arrays.at("b").values(), ElementsAre(0.5));
}

TEST_F(Safetensors, NamesMayHoldWhatTheHeaderIsMadeOf) {
  EXPECT_EQ(read(safetensors_file(R"({"a:\"b{":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                                  std::string(8, '\0')))
                .begin()
                ->first,
            "a:\"b{");
}

TEST_F(Safetensors, HeadersOfAnotherFormAreRefused) {
  EXPECT_THAT(refusal("short"), HasSubstr("w.safetensors: not a .safetensors file"));
  EXPECT_THAT(refused_header("[]"), HasSubstr("its header is no JSON object"));
  EXPECT_THAT(refused_header("{\"a\":"), HasSubstr("its header is no JSON object"));
  EXPECT_THAT(refused_header(R"({"a":1})"), HasSubstr("a: expected type, shape and place"));
  EXPECT_THAT(refused_header(R"({"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}})"),
              HasSubstr("w.safetensors: a: got the type \"F16\", expected F32 or F64"));
  EXPECT_THAT(refused_header(R"({"a":{"shape":[4],"data_offsets":[0,8]}})"),
              HasSubstr("got the type nothing"));
  EXPECT_THAT(refused_header(R"({"a":{"dtype":"F64","data_offsets":[0,8]}})"),
              HasSubstr("expected 'shape' to be a list"));
  EXPECT_THAT(refused_header(R"({"a":{"dtype":"F64","shape":[-1],"data_offsets":[0,8]}})"),
              HasSubstr("got 'shape': [-1], expected whole numbers"));
  EXPECT_THAT(refused_header(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}})"),
              HasSubstr("expected 'data_offsets'"));
}

TEST_F(Safetensors, ANameThatStandsTwiceIsRefused) {
  const std::string entry = R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]})";
  EXPECT_THAT(refused_header("{\"a\":" + entry + ",\"a\":" + entry + "}"),
              HasSubstr("a name stands twice"));
  EXPECT_THAT(
      refused_header(R"({"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}})"),
      HasSubstr("a name stands twice"));
}

TEST_F(Safetensors, ArraysLieSideBySide) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)" + first +
           R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}";
  };
  EXPECT_EQ(read(safetensors_file(two("[4,8]", "[0,4]"), std::string(8, '\0'))).size(), 2);
  EXPECT_THAT(refused_header(two("[0,4]", "[2,6]")), HasSubstr("expected it to begin at 4"));
  EXPECT_THAT(refused_header(two("[0,4]", "[5,9]")), HasSubstr("expected it to begin at 4"));
  EXPECT_THAT(refused_header(two("[0,4]", "[0,4]")), HasSubstr("expected it to begin at 4"));
  EXPECT_THAT(refusal(safetensors_file(two("[0,4]", "[4,8]"), std::string(9, '\0'))),
              HasSubstr("1 bytes belong to no array"));
  EXPECT_THAT(refusal(safetensors_file(two("[0,4]", "[4,8]"), std::string(7, '\0'))),
              HasSubstr("lies at bytes 4 to 8 of 7"));
}

TEST_F(Safetensors, SizesAreComparedWithTheBytesThatAreThere) {
  const auto of_shape = [&](const std::string& shape) {
    return refused_header(R"({"a":{"dtype":"F64","shape":)" + shape + R"(,"data_offsets":[0,8]}})");
  };
  EXPECT_THAT(of_shape("[2]"), HasSubstr("asks for more than the 8 bytes"));
  EXPECT_THAT(of_shape("[4611686018427387904,4]"), HasSubstr("asks for more than the 8 bytes"));
  EXPECT_THAT(of_shape("[0]"), HasSubstr("has no elements"));
  std::string huge = safetensors_file("{}", "");
  huge[7] = '\x7f';
  EXPECT_THAT(refusal(huge), HasSubstr("its header is to have 9151314442816847874 bytes"));
  std::string longer = safetensors_file("{}", "");
  longer[0] = '\3';
  EXPECT_THAT(refusal(longer), HasSubstr("its header is to have 3 bytes, expected at most 2"));
}

}  // namespace
}  // namespace carousel
