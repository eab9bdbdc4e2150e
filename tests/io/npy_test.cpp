#include "io/npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "numpy_file.hpp"
#include "temporary_folder.hpp"
#include "tensor/error.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const std::string& bytes) {
  return error_of<InputError>([&] { npy_array(bytes, "a.npy"); });
}

std::string refusal(const std::string& header, const std::string& numbers) {
  return refusal(npy_file(header, numbers));
}

// What NumPy 1.24 writes, byte for byte.
TEST(Npy, ReadsWhatNumPyWrites) {
  const std::string in_fortran_order(
      "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }           "
      "                                                \n\x00\x00\xc0?\x00\x00\x80@\x00\x00\x00"
      "\xc0\x00\x00\xa0@\x00\x00@@\xcd\xcc\xcc=",
      152);
  const Tensor<double> matrix = npy_array(in_fortran_order, "a.npy");
  EXPECT_EQ(matrix.shape(), (Shape{2, 3}));
  EXPECT_THAT(matrix.values(), ElementsAre(1.5, -2.0, 3.0, 4.0, 5.0, double(0.1f)));
  const std::string whole(
      "\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }            "
      "                                                \n\x03\x00\x00\x00\x00\x00\x00\x00\xf9"
      "\xff\xff\xff\xff\xff\xff\xff",
      144);
  EXPECT_THAT(npy_array(whole, "a.npy").values(), ElementsAre(3.0, -7.0));
}

TEST(Npy, WritesWhatNumPyWrites) {
  const std::string scalar(
      "\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (), }              "
      "                                                \n\x00\x00\x00\x00\x00\x00\x04@",
      136);
  EXPECT_EQ(npy_bytes(Tensor<double>::from({}, {2.5})), scalar);
  const std::string vector = npy_bytes(Tensor<double>::from({1}, {2.5}));
  EXPECT_THAT(vector, HasSubstr("'shape': (1,), }"));
  EXPECT_EQ(vector.size(), 136);
}

TEST(Npy, EveryValueComesBack) {
  constexpr double largest = std::numeric_limits<double>::max();
  const auto array = Tensor<double>::from({2, 1, 3}, {0.1, -0.0, largest, 5e-324, 1 / 3.0, 7});
  const Tensor<double> back = npy_array(npy_bytes(array), "a.npy");
  EXPECT_EQ(back.shape(), array.shape());
  for (Index k = 0; k < array.numel(); ++k) EXPECT_EQ(back.data()[k], array.data()[k]);
  EXPECT_TRUE(std::signbit(back.data()[1]));
}

TEST(Npy, ReadsEachTypeAndVersion) {
  EXPECT_THAT(npy_array(npy_file("{'descr': '<i4', 'fortran_order': False, 'shape': (2,)}",
                                 std::string("\xfe\xff\xff\xff\1\0\0\0", 8)),
                        "a.npy")
                  .values(),
              ElementsAre(-2.0, 1.0));
  EXPECT_THAT(npy_array(npy_file("{\"shape\":(2,1),\"descr\":\"|b1\",\"fortran_order\":False,}",
                                 std::string("\0\1", 2)),
                        "a.npy")
                  .values(),
              ElementsAre(0.0, 1.0));
  std::string second = npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (1,), }", "\1");
  second[6] = '\2';
  second.insert(10, 2, '\0');  // the size of the header has four bytes
  EXPECT_THAT(npy_array(second, "a.npy").values(), ElementsAre(1.0));
}

// x[i, j, k] = 100 i + 10 j + k, the first axis running fastest.
TEST(Npy, FortranOrderOfThreeAxesIsTurned) {
  std::string numbers;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) {
        numbers += static_cast<char>(100 * i + 10 * j + k);
        numbers.append(3, '\0');
      }
    }
  }
  const Tensor<double> array = npy_array(
      npy_file("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3, 4), }", numbers), "a.npy");
  for (Index at = 0; at < 24; ++at) {
    const Index expected = 100 * (at / 12) + 10 * (at / 4 % 3) + at % 4;
    EXPECT_EQ(array.data()[at], static_cast<double>(expected));
  }
}

TEST(Npy, SaysWhatItCannotRead) {
  const std::string eight(8, '\0');
  EXPECT_THAT(refusal("PK"), HasSubstr("a.npy: not an .npy array"));
  EXPECT_THAT(refusal(""), HasSubstr("not an .npy array"));
  EXPECT_THAT(refusal("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", eight),
              AllOf(HasSubstr("a.npy: got Python objects (a pickle), expected numbers")));
  EXPECT_THAT(refusal("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", eight),
              HasSubstr("got the type '>f8', expected <f4, <f8, <i4, <i8 or |b1: a.astype('<f8')"));
  EXPECT_THAT(refusal("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", eight),
              HasSubstr("records of several fields"));
  std::string later = npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", eight);
  later[6] = '\4';
  EXPECT_THAT(refusal(later), HasSubstr("got version 4 of the .npy format, expected 1 to 3"));
  EXPECT_THAT(refusal("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }",
                      std::string("\0\0\0\0\0\0\x20\0", 8)),
              HasSubstr("element 0 is a whole number beyond 2^53"));
}

TEST(Npy, SizesAreComparedWithTheBytesThatAreThere) {
  const std::string eight(8, '\0');
  const auto of_shape = [&](const std::string& shape) {
    return refusal("{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }", eight);
  };
  EXPECT_THAT(of_shape("(2,)"),
              HasSubstr("its shape [2] asks for more than the 8 bytes that are there"));
  EXPECT_THAT(of_shape("(1000000000000000000,)"), HasSubstr("asks for more"));
  EXPECT_THAT(of_shape("(4294967296, 4294967296, 1)"), HasSubstr("asks for more"));
  EXPECT_THAT(of_shape("(4294967296, 4294967296, 0)"), HasSubstr("asks for more"));
  EXPECT_THAT(of_shape("(0, 18446744073709551615)"), HasSubstr("has no elements"));
  EXPECT_THAT(of_shape("(99999999999999999999,)"), HasSubstr("no size at byte"));
  EXPECT_THAT(of_shape("(1, 1, 1, 1, 1, 1, 1, 1, 1)"), HasSubstr("got 9 axes, expected at most 8"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", eight),
              HasSubstr("holds 8 bytes of numbers, expected 4 for its shape [1]"));
}

TEST(Npy, AnyPartOfAFileIsCutShort) {
  const std::string whole =
      npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", std::string(8, '\0'));
  EXPECT_EQ(npy_array(whole, "a.npy").numel(), 1);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("a.npy: ")) << size;
  }
}

TEST(Npy, AHeaderOfAnotherFormIsNamed) {
  for (const char* header :
       {"", "{", "{}", "{'descr': '<f8', 'fortran_order': False}", "{'descr': '<f8', 'shape': (1,)",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 1, }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1 1), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1, }",
        "{'descr': '<f8' 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8, 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } more"}) {
    EXPECT_THAT(refusal(header, std::string(8, '\0')),
                HasSubstr("a.npy: the header of this .npy array has"))
        << header;
  }
}

}  // namespace
}  // namespace carousel
