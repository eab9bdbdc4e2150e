#include "io/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

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

// The largest and the smallest numbers of both halves, bit by bit.
TEST_F(Safetensors, ReadsHalfPrecision) {
  const auto of_type = [&](const char* type, const std::vector<std::uint16_t>& bits) {
    std::string numbers;
    for (const std::uint16_t number : bits) append_little_endian(numbers, number);
    return read(safetensors_file(
        fmt::format(R"({{"a":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})", type,
                    bits.size(), numbers.size()),
        numbers));
  };
  EXPECT_THAT(of_type("F16", {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x7c00, 0xfc00})
                  .at("a")
                  .values(),
              ElementsAre(1, -2, 65504, 0x1p-14, 0x1p-24, 0x1p-14 - 0x1p-24, HUGE_VAL, -HUGE_VAL));
  EXPECT_THAT(of_type("F16", {0x7e00}).at("a").values(), ElementsAre(testing::IsNan()));
  const NamedArrays zero = of_type("F16", {0x8000});
  EXPECT_TRUE(std::signbit(zero.at("a").item()));
  EXPECT_THAT(of_type("BF16", {0x3f80, 0xc020, 0x0001}).at("a").values(),
              ElementsAre(1, -2.5, 0x1p-133));
}

TEST_F(Safetensors, ArraysComeBackBitByBit) {
  NamedArrays arrays{{"W \"z\"", Tensor<double>::from({2, 2}, {1, -0.0, 0x1p-149, 0.1F})},
                     {"a/b", Tensor<double>::from({}, {3e38F})}};
  const auto written = [&] {
    write_safetensors(path_, arrays, {{"cell", "own"}, {"text", "a\n\"b\""}});
    const NamedArrays back = read_safetensors(path_);
    EXPECT_EQ(back.size(), arrays.size());
    for (const auto& [name, array] : arrays) {
      EXPECT_EQ(back.at(name).shape(), array.shape());
      EXPECT_EQ(bytes_of(back.at(name)), bytes_of(array)) << name;
    }
    return file_text(path_);
  };
  const std::string in_float = written();
  EXPECT_THAT(in_float,
              HasSubstr(R"({"__metadata__":{"cell":"own","text":"a\n\"b\""},)"
                        R"("W \"z\"":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                        R"("a/b":{"dtype":"F32","shape":[],"data_offsets":[16,20]}})"));
  EXPECT_EQ(written(), in_float);
  EXPECT_EQ((in_float.size() - 20) % 8, 0);
  // One number that float32 does not hold: a large one, or one of many digits.
  for (const double number : {1e300, 0.1, 0x1p-150}) {
    arrays["a/b"] = Tensor<double>::from({}, {number});
    EXPECT_THAT(written(), HasSubstr(R"("dtype":"F64","shape":[],"data_offsets":[32,40])"));
  }
  arrays["__metadata__"] = arrays["a/b"];
  EXPECT_THAT(error_of<InputError>([&] { write_safetensors(path_, arrays, {}); }),
              HasSubstr("an array can't be called '__metadata__'"));
}

TEST_F(Safetensors, AnyPartOfAFileIsRefused) {
  write_safetensors(path_, {{"a", Tensor<double>::from({2}, {1, 2})}}, {{"cell", "own"}});
  for (std::uintmax_t size = std::filesystem::file_size(path_); size-- > 0;) {
    std::filesystem::resize_file(path_, size);
    EXPECT_THAT(error_of<InputError>([&] { read_safetensors(path_); }),
                HasSubstr("w.safetensors: "))
        << size;
  }
}

TEST_F(Safetensors, NumbersOfTheHeaderAreWholeNumbers) {
  for (const char* size : {"NaN", "1e3", "1.5", "-8", "\"8\"", "1e400", "99999999999999999999"}) {
    const std::string text = refused_header(
        fmt::format(R"({{"a":{{"dtype":"F64","shape":[1],"data_offsets":[0,{}]}}}})", size));
    EXPECT_THAT(text, HasSubstr("w.safetensors: ")) << size;
  }
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
  EXPECT_THAT(refused_header(R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})"),
              HasSubstr("w.safetensors: a: got the type \"I64\", expected F16, BF16, F32 or F64"));
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
