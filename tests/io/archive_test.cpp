#include "io/archive.hpp"

#include <H5Cpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <random>

#include "io/digest.hpp"
#include "io/files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::map<std::string, Archive> sample() {
  Archive a;
  a.texts = {{"cell", "lstm"}, {"empty", ""}, {"long", std::string(5000, 'x')}};
  a.counters = {{"epoch", -3}, {"updates", std::int64_t{1} << 60}};
  a.numbers = {{"nan", std::numeric_limits<double>::quiet_NaN()}, {"third", 1.0 / 3.0}};
  a.floats["parameters/layers/0/forward/W_z"] = Tensor<float>::from({2, 2}, {1.5f, 2, 3, 4});
  a.floats["scalar"] = Tensor<float>::from({}, {7});
  a.doubles["curve"] = Tensor<double>::zeros({0, 5});
  a.doubles["best/b"] = Tensor<double>::from({3}, {0.1, 0.2, 0.3});
  return {{"first", a}, {"second", Archive{}}};
}

TEST(Archives, ComeBackBitByBit) {
  const TemporaryFolder folder;
  const auto path = folder / "checkpoint.h5";
  write_archives(path, sample());
  const auto back = read_archives(path);
  ASSERT_EQ(back.size(), 2u);
  const Archive& a = back.at("first");
  EXPECT_EQ(a.texts, sample().at("first").texts);
  EXPECT_EQ(a.counters, sample().at("first").counters);
  EXPECT_TRUE(std::isnan(a.number("nan")));
  EXPECT_EQ(a.number("third"), 1.0 / 3.0);
  EXPECT_EQ(a.tensor<float>("parameters/layers/0/forward/W_z").data()[0], 1.5f);
  EXPECT_EQ(a.tensor<float>("scalar").item(), 7.0f);
  EXPECT_EQ(a.tensor<double>("curve").shape(), (Shape{0, 5}));
  EXPECT_EQ(a.tensor<double>("best/b").data()[1], 0.2);
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".tmp"));
}

TEST(Archives, AreTheSameBytesEachTime) {
  const TemporaryFolder folder;
  write_archives(folder / "a.h5", sample());
  write_archives(folder / "b.h5", sample());
  EXPECT_EQ(file_text(folder / "a.h5"), file_text(folder / "b.h5"));
}

TEST(Archives, NameWhatIsMissing) {
  EXPECT_THAT(error_of<InputError>([] { sample().at("first").counter("epochs"); }),
              HasSubstr("lacks 'epochs'"));
}

TEST(Archives, RefuseDamagedAndForeignFiles) {
  const TemporaryFolder folder;
  const auto path = folder / "checkpoint.h5";
  EXPECT_THAT(error_of<InputError>([&] { read_archives(path); }), HasSubstr("does it exist"));
  write_archives(path, sample());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_THAT(error_of<InputError>([&] { read_archives(path); }),
              AllOf(HasSubstr("checkpoint.h5"), HasSubstr("damaged")));
  write_text(path, "not HDF5 at all");
  EXPECT_THAT(error_of<InputError>([&] { read_archives(path); }),
              HasSubstr("not a checkpoint of this program"));
  write_text(path, "\x89HDF\r\n and so on");
  EXPECT_THAT(error_of<InputError>([&] { read_archives(path); }),
              HasSubstr("another version made it"));
}

// Flipped bits, cut ends and zeroed blocks, at places of a fixed seed: HDF5 would read most of
// them.
TEST(Archives, NoChangeOfTheFileIsReadAsItsContent) {
  const TemporaryFolder folder;
  const auto path = folder / "checkpoint.h5";
  write_archives(path, sample());
  const std::string whole = file_text(path);
  std::mt19937 random(1);
  const auto place = [&] { return random() % whole.size(); };
  for (int k = 0; k < 10000; ++k) {
    std::string damaged = whole;
    if (k % 3 == 0) damaged[place()] ^= static_cast<char>(1 << random() % 8);
    if (k % 3 == 1) damaged.resize(place());
    if (k % 3 == 2) damaged.replace(place(), 64, std::string(64, '\0'));
    if (damaged == whole) continue;
    std::ofstream(path, std::ios::binary) << damaged;
    ASSERT_THAT(error_of<InputError>([&] { read_archives(path); }), HasSubstr("checkpoint.h5: "))
        << k;
  }
}

// What another program may do that changes a file and its checksum with it.
std::string message_after(const std::function<void(const H5::H5File&)>& change) {
  const TemporaryFolder folder;
  const auto path = folder / "checkpoint.h5";
  write_archives(path, sample());
  change(H5::H5File(path.string(), H5F_ACC_RDWR));
  EXPECT_THAT(error_of<InputError>([&] { read_archives(path); }), HasSubstr("damaged"));
  std::string bytes = file_text(path);
  const std::string sum = sha256(bytes.substr(512));
  bytes.replace(bytes.find(": ") + 2, sum.size(), sum);
  write_text(path, bytes);
  return error_of<InputError>([&] { read_archives(path); });
}

TEST(Archives, AListInPlaceOfAValueIsRefused) {
  EXPECT_THAT(message_after([](const H5::H5File& file) {
                const hsize_t size = 1000;
                const std::vector<std::int64_t> many(size, 7);
                const H5::Group group = file.openGroup("first");
                group.removeAttr("epoch");
                group.createAttribute("epoch", H5::PredType::STD_I64LE, H5::DataSpace(1, &size))
                    .write(H5::PredType::NATIVE_INT64, many.data());
              }),
              HasSubstr("the attribute 'epoch' is a list"));
}

TEST(Archives, AnArrayThatWasNeverWrittenIsRefused) {
  EXPECT_THAT(message_after([](const H5::H5File& file) {
                const hsize_t sizes[] = {hsize_t{1} << 30, hsize_t{1} << 30};
                H5::DSetCreatPropList late;
                H5Pset_alloc_time(late.getId(), H5D_ALLOC_TIME_LATE);
                file.createDataSet("first/huge", H5::PredType::IEEE_F32LE, H5::DataSpace(2, sizes),
                                   late);
              }),
              HasSubstr("elements, 0 stored"));
}

TEST(Archives, GroupsInACircleHaveAnEnd) {
  EXPECT_THAT(message_after([](const H5::H5File& file) {
                H5Lcreate_hard(file.getId(), "/first", file.getId(), "/first/again", H5P_DEFAULT,
                               H5P_DEFAULT);
              }),
              HasSubstr("more than 64 groups stand in one another"));
}

TEST(Archives, KeepTheOldFileWhenTheNewOneFails) {
  const TemporaryFolder folder;
  const auto path = folder / "checkpoint.h5";
  write_archives(path, sample());
  const std::string before = file_text(path);
  std::filesystem::create_symlink("/dev/full", path.string() + ".tmp");
  EXPECT_THROW(write_archives(path, sample()), EnvironmentError);
  EXPECT_EQ(file_text(path), before);
  EXPECT_THROW(write_archives(folder / "no/such/folder.h5", sample()), EnvironmentError);
}

}  // namespace
}  // namespace carousel
