#include "data/music.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <cstdlib>

#include "data/music_writer.hpp"
#include "music_file.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

#ifdef __SANITIZE_ADDRESS__
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

class MusicReader : public testing::Test {
 protected:
  std::string error(Index width = 0) {
    return error_of<InputError>([&] { read_music(path_, width); });
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "set.h5";
  MusicFile file_{{3, 2}};
};

TEST_F(MusicReader, ReadsSequencesAndWidths) {
  file_.notes[0 * 88 + 39] = 1;  // first frame, MIDI pitch 60
  file_.notes[3 * 88 + 40] = 1;  // first frame of the second sequence
  file_.write(path_);
  const SequenceSet keys = read_music(path_);
  EXPECT_EQ(keys.train.width, 88);
  EXPECT_EQ(keys.train.lengths, (std::vector<Index>{3, 2}));
  EXPECT_EQ(keys.train.frame(0, 0)[39], 1.0f);
  EXPECT_EQ(keys.train.frame(1, 0)[40], 1.0f);
  const SequenceSet pitches = read_music(path_, 96);
  EXPECT_EQ(pitches.valid.width, 96);
  EXPECT_EQ(pitches.valid.frame(0, 0)[59], 1.0f);  // pitch 60 at index 59
  float sum = 0.0f;
  for (const float v : pitches.test.frames) sum += v;
  EXPECT_EQ(sum, 2.0f);
}

TEST_F(MusicReader, NamesWhatIsWrong) {
  EXPECT_THAT(error(), AllOf(HasSubstr("set.h5"), HasSubstr("no such file")));
  file_.write(path_, false);
  EXPECT_THAT(error(), AllOf(HasSubstr("set.h5"), HasSubstr("/test/notes")));
  file_.notes[2 * 88 + 7] = 3;
  file_.write(path_);
  EXPECT_THAT(error(), HasSubstr("/train/notes[2, 7] is 3, expected 0 or 1"));
  file_.notes[2 * 88 + 7] = 0;
  file_.lengths = {3, 3};
  file_.write(path_);
  EXPECT_THAT(error(), HasSubstr("/train/lengths[1] is 3, but only 2 of 5 steps are left"));
  file_.lengths = {3};
  file_.write(path_);
  EXPECT_THAT(error(), HasSubstr("add up to 3, but there are 5 steps"));
  file_.lengths = {4, 1};
  file_.write(path_);
  EXPECT_THAT(error(), HasSubstr("lengths[1] is 1"));
}

TEST_F(MusicReader, RefusesANoteBeyondTheWidth) {
  file_.notes[80] = 1;  // MIDI pitch 101, index 100
  file_.write(path_);
  EXPECT_THAT(error(96), HasSubstr("/train/notes[0, 80] is 1, expected 0 beyond a width of 96"));
  EXPECT_THAT(error(5), HasSubstr("got a width of 5"));
  EXPECT_THAT(error(20), HasSubstr("got a width of 20"));
  file_.notes[80] = 0;
  file_.notes[4 * 88 + 76] = 1;  // pitch 97, in the second frame of the second sequence
  file_.write(path_);
  EXPECT_THAT(error(96), HasSubstr("/train/notes[4, 76] is 1, expected 0 beyond a width of 96"));
  EXPECT_EQ(error(97), "nothing was thrown");
}

TEST_F(MusicReader, AWidthMayEndWithTheLowestKey) {
  file_.notes[88] = 1;  // MIDI pitch 21
  file_.write(path_);
  EXPECT_EQ(read_music(path_, 21).train.frame(0, 1)[20], 1.0f);
  EXPECT_EQ(lowest_midi_pitch(0), 21);
  EXPECT_EQ(lowest_midi_pitch(21), 1);
}

TEST_F(MusicReader, RefusesATruncatedFile) {
  file_.write(path_);
  const auto size = std::filesystem::file_size(path_);
  for (const auto part : {size / 2, size - 1, std::uintmax_t{100}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(path_, part);
    EXPECT_THAT(error(), AllOf(HasSubstr("set.h5"), HasSubstr("not a whole HDF5 file")));
  }
}

TEST_F(MusicReader, RefusesOtherDimensions) {
  file_.write(path_);
  const std::vector<std::int64_t> lengths(5 * 1000, 2);
  replace_data(path_, "train/lengths", H5::PredType::NATIVE_INT64, {5, 1000}, lengths);
  EXPECT_THAT(error(), HasSubstr("set.h5: /train/lengths has 2 dimensions, expected 1"));
  file_.write(path_);
  const std::vector<std::uint8_t> notes(5 * 88);
  replace_data(path_, "valid/notes", H5::PredType::NATIVE_UINT8, {5 * 88}, notes);
  EXPECT_THAT(error(), HasSubstr("/valid/notes has 1 dimensions, expected 2"));
  replace_data(path_, "valid/notes", H5::PredType::NATIVE_UINT8, {8, 55}, notes);
  EXPECT_THAT(error(), HasSubstr("/valid/notes has 55 columns, expected 88"));
}

TEST_F(MusicReader, RefusesAValueWithoutDimensions) {
  file_.write(path_);
  {
    H5::H5File file(path_.string(), H5F_ACC_RDWR);
    file.unlink("train/lengths");
    const std::int64_t length = 5;
    file.createDataSet("train/lengths", H5::PredType::STD_I64LE, H5::DataSpace(H5S_SCALAR))
        .write(&length, H5::PredType::NATIVE_INT64);
  }
  EXPECT_THAT(error(), HasSubstr("/train/lengths has 0 dimensions, expected 1"));
}

// Three rows in chunks of two, of which the first was written: 176 of 264 bytes, as nothing is
// packed.
TEST_F(MusicReader, RefusesMoreThanUnpackedBytesHold) {
  file_.write(path_);
  {
    H5::H5File file(path_.string(), H5F_ACC_RDWR);
    file.unlink("test/notes");
    const hsize_t extent[] = {3, 88}, chunk[] = {2, 88}, start[] = {0, 0};
    H5::DSetCreatPropList how;
    how.setChunk(2, chunk);
    const H5::DataSet data =
        file.createDataSet("test/notes", H5::PredType::NATIVE_UINT8, H5::DataSpace(2, extent), how);
    H5::DataSpace first = data.getSpace();
    first.selectHyperslab(H5S_SELECT_SET, chunk, start);
    const std::vector<std::uint8_t> notes(2 * 88);
    data.write(notes.data(), H5::PredType::NATIVE_UINT8, H5::DataSpace(2, chunk), first);
  }
  EXPECT_THAT(error(), HasSubstr("/test/notes: an array of 3 x 88 values of 1 bytes from 176 bytes "
                                 "in the file"));
}

// Packed twice, a chunk of zeros is far smaller than one pass can make it.
TEST_F(MusicReader, RefusesAChunkThatIsFarLargerThanItsBytes) {
  file_.write(path_);
  {
    H5::H5File file(path_.string(), H5F_ACC_RDWR);
    file.unlink("test/notes");
    const hsize_t extent[] = {5, 88}, most[] = {H5S_UNLIMITED, 88}, chunk[] = {100000, 88};
    H5::DSetCreatPropList how;
    how.setChunk(2, chunk);
    how.setDeflate(9);
    how.setDeflate(9);
    const std::vector<std::uint8_t> notes(5 * 88);
    file.createDataSet("test/notes", H5::PredType::NATIVE_UINT8, H5::DataSpace(2, extent, most),
                       how)
        .write(notes.data(), H5::PredType::NATIVE_UINT8);
  }
  EXPECT_THAT(error(), HasSubstr("/test/notes: a chunk of 100000 x 88 values of 1 bytes"));
}

// 2^61 x 88 bytes are 0 bytes, counted in 64 bits.
TEST_F(MusicReader, RefusesMoreThanTheFileCanHold) {
  for (const hsize_t rows : {hsize_t{1} << 61, hsize_t{1} << 40, hsize_t{1000}}) {
    file_.write(path_);
    replace_data<std::uint8_t>(path_, "test/notes", H5::PredType::NATIVE_UINT8, {rows, 88}, {},
                               {512, 88});
    EXPECT_THAT(error(), HasSubstr(fmt::format("/test/notes: an array of {} x 88 values of 1 bytes "
                                               "from 0 bytes in the file",
                                               rows)));
  }
  file_.write(path_);
  replace_data<std::int64_t>(path_, "test/lengths", H5::PredType::NATIVE_INT64, {hsize_t{1} << 61},
                             {}, {1024});
  EXPECT_THAT(error(), HasSubstr("/test/lengths: an array of 2305843009213693952 values"));
}

TEST_F(MusicReader, RefusesChunksThatWereNeverWritten) {
  file_.write(path_);
  const std::vector<hsize_t> extent = {5, 88};
  replace_data<std::uint8_t>(path_, "test/notes", H5::PredType::NATIVE_UINT8, extent, {}, {2, 88});
  {
    H5::H5File file(path_.string(), H5F_ACC_RDWR);
    const hsize_t start[] = {0, 0}, rows[] = {2, 88};
    const H5::DataSet data = file.openDataSet("test/notes");
    H5::DataSpace first = data.getSpace();
    first.selectHyperslab(H5S_SELECT_SET, rows, start);
    const std::vector<std::uint8_t> notes(2 * 88);
    data.write(notes.data(), H5::PredType::NATIVE_UINT8, H5::DataSpace(2, rows), first);
  }
  EXPECT_THAT(error(), HasSubstr("/test/notes: 1 of its 3 chunks were written"));
}

TEST_F(MusicReader, RefusesValuesInOtherFiles) {
  file_.write(path_);
  std::ofstream(folder_ / "raw") << std::string(5 * 88, '\0');
  {
    H5::H5File file(path_.string(), H5F_ACC_RDWR);
    file.unlink("test/notes");
    H5::DSetCreatPropList how;
    how.setExternal((folder_ / "raw").c_str(), 0, 5 * 88);
    const hsize_t extent[] = {5, 88};
    file.createDataSet("test/notes", H5::PredType::NATIVE_UINT8, H5::DataSpace(2, extent), how);
  }
  EXPECT_THAT(error(), HasSubstr("/test/notes: its values are in other files"));
}

// A conversion to bytes makes valid notes of these.
TEST_F(MusicReader, ReadsAnyTypeButNoOtherValues) {
  const auto with_notes = [&]<class T>(const H5::PredType& type, T odd) {
    file_.write(path_);
    std::vector<T> notes(5 * 88, T{0});
    notes[2 * 88 + 7] = odd;
    replace_data(path_, "train/notes", type, {5, 88}, notes, {5, 88});
    return error();
  };
  const auto says = [](const char* value) {
    return HasSubstr(std::string("/train/notes[2, 7] is ") + value + ", expected 0 or 1");
  };
  const double nan = std::nan("");
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_DOUBLE, nan), says("nan"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_DOUBLE, 0.5), says("0.5"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_FLOAT, -255.0f), says("-255"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_FLOAT, INFINITY), says("inf"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_INT8, std::int8_t{-1}), says("-1"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_INT32, -255), says("-255"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_INT64, -(std::int64_t{1} << 40)),
              says("-1099511627776"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_LDOUBLE, 1.0L),
              HasSubstr("/train/notes holds another kind of values"));
  EXPECT_THAT(with_notes(H5::PredType::NATIVE_UINT64, std::uint64_t{1} << 63),
              says("9223372036854775808"));
  EXPECT_EQ(with_notes(H5::PredType::NATIVE_DOUBLE, 1.0), "nothing was thrown");
  EXPECT_EQ(with_notes(H5::PredType::STD_I16BE, short{0x100}), "nothing was thrown");
  EXPECT_EQ(read_music(path_).train.frame(0, 2)[7], 1.0f);
  file_.write(path_);
  replace_data(path_, "train/notes", H5::PredType::C_S1, {5, 88}, std::vector<char>(5 * 88, '1'));
  EXPECT_THAT(error(), HasSubstr("/train/notes holds another kind of values"));
}

TEST_F(MusicReader, ReadsNumbersOfEveryWidth) {
  const auto reads = [&]<class T>(const H5::PredType& type, T) {
    std::vector<T> notes(5 * 88, T{0});
    notes[2 * 88 + 7] = notes[4 * 88 + 87] = T{1};
    file_.write(path_);
    replace_data(path_, "train/notes", type, {5, 88}, notes);
    replace_data(path_, "train/lengths", type, {2}, std::vector<T>{T{2}, T{3}});
    const SequenceSet set = read_music(path_);
    EXPECT_EQ(set.train.lengths, (std::vector<Index>{2, 3}));
    std::vector<float> frames(5 * 88, 0.0f);
    frames[2 * 88 + 7] = frames[4 * 88 + 87] = 1.0f;
    EXPECT_EQ(set.train.frames, frames);
    notes[2 * 88 + 7] = T{2};
    replace_data(path_, "train/notes", type, {5, 88}, notes);
    EXPECT_THAT(error(), HasSubstr("/train/notes[2, 7] is 2, expected 0 or 1"));
  };
  reads(H5::PredType::NATIVE_INT8, std::int8_t{});
  reads(H5::PredType::NATIVE_INT16, std::int16_t{});
  reads(H5::PredType::NATIVE_INT32, std::int32_t{});
  reads(H5::PredType::NATIVE_INT64, std::int64_t{});
  reads(H5::PredType::NATIVE_UINT8, std::uint8_t{});
  reads(H5::PredType::NATIVE_UINT16, std::uint16_t{});
  reads(H5::PredType::NATIVE_UINT32, std::uint32_t{});
  reads(H5::PredType::NATIVE_UINT64, std::uint64_t{});
  reads(H5::PredType::NATIVE_FLOAT, float{});
  reads(H5::PredType::NATIVE_DOUBLE, double{});
}

TEST_F(MusicReader, TakesWholeLengthsAlone) {
  const auto with_lengths = [&](const std::vector<double>& lengths) {
    file_.write(path_);
    replace_data(path_, "train/lengths", H5::PredType::NATIVE_DOUBLE, {lengths.size()}, lengths);
    return error();
  };
  EXPECT_THAT(with_lengths({2.7, 2.3}), HasSubstr("/train/lengths[0] is 2.7, expected a whole"));
  EXPECT_THAT(with_lengths({3, std::nan("")}), HasSubstr("/train/lengths[1] is nan"));
  EXPECT_THAT(with_lengths({3, 1e300}), HasSubstr("/train/lengths[1] is 1e+300"));
  EXPECT_EQ(with_lengths({3, 2}), "nothing was thrown");
  EXPECT_EQ(with_lengths({5}), "nothing was thrown") << "all of the steps";
  EXPECT_THAT(with_lengths({3, 1}), HasSubstr("/train/lengths[1] is 1, expected a whole number of "
                                              "steps, 2 or more, and 5 in all"));
  EXPECT_THAT(with_lengths({6}), HasSubstr("/train/lengths[0] is 6, expected a whole number"));
}

// Whatever libhdf5 does with it, a damaged file is one message, at a price that fits its size.
TEST_F(MusicReader, HoldsAgainstAnyChangedByte) {
  wandering_notes().write(folder_ / "good.h5");
  write_music(path_, read_music(folder_ / "good.h5"));
  const std::string good = file_text(path_);
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); i += 47) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(i % 3 == 0 ? ~bytes[i] : i % 3 == 1 ? 0x7f : bytes[i] ^ 0x80);
    std::ofstream(path_, std::ios::binary) << bytes;
    refused += error() != "nothing was thrown";
  }
  EXPECT_GT(refused, 20);
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  if (!sanitized) {
    EXPECT_LT(used.ru_maxrss, 300'000);  // KiB
  }
}

TEST(Chords, AreAlwaysTheSameFourVoices) {
  const SequenceSet a = generate_chords();
  const SequenceSet b = generate_chords(96);
  EXPECT_EQ(a.train.frames, generate_chords().train.frames);
  EXPECT_EQ(a.train.sequences(), 229);
  EXPECT_EQ(a.valid.sequences(), 76);
  EXPECT_EQ(a.test.sequences(), 77);
  for (Index s = 0; s < a.train.sequences(); ++s) {
    for (Index t = 0; t < a.train.lengths[std::size_t(s)]; ++t) {
      int notes = 0;
      for (Index k = 0; k < 88; ++k) {
        const float value = a.train.frame(s, t)[k];
        notes += value == 1.0f;
        if (k + 20 < 96) {
          EXPECT_EQ(value, b.train.frame(s, t)[k + 20]);
        }
      }
      EXPECT_GE(notes, 2);
      EXPECT_LE(notes, 4);
    }
  }
}

// Figures of committed results are of these notes.
TEST(Chords, NeverChange) {
  EXPECT_EQ(digest_of(generate_chords()),
            "6609aaf5fe93389983d78e701458f5fe658f057cc8ffc4b95aac7316f625d63c");
}

// The highest voice sings up to MIDI pitch 81.
TEST(Chords, TakeAWidthThatHoldsTheHighestPitch) {
  const SequenceSet narrow = generate_chords(81), keys = generate_chords();
  EXPECT_EQ(narrow.test.width, 81);
  EXPECT_EQ(narrow.test.frame(3, 5)[80], keys.test.frame(3, 5)[60]);
  EXPECT_THAT(error_of<InputError>([] { generate_chords(80); }),
              HasSubstr("got a width of 80, expected 0 (88 keys) or at least 81"));
}

// The real set, where it is on the machine. Independent keys fitted on the training frames:
// the figure of Boulanger-Lewandowski et al. 2012's note 1-gram, 11.06 nats.

TEST(JsbChorales, HasThePublishedSizesAndIndependentKeyLikelihood) {
  const char* data = std::getenv("CAROUSEL_DATA");
  const std::filesystem::path file =
      std::filesystem::path(data ? data : "data") / "music" / "jsb_chorales.h5";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not on this machine";
  const SequenceSet set = read_music(file);
  EXPECT_EQ(set.train.sequences(), 229);
  EXPECT_EQ(set.train.total(), 13807);
  EXPECT_EQ(set.test.total(), 4725);
  double nll = 0.0;
  for (Index k = 0; k < 88; ++k) {
    double on = 0.0;
    for (Index t = 0; t < set.train.total(); ++t) on += set.train.frame(0, t)[k];
    const double p = on / double(set.train.total());
    double test_on = 0.0;
    for (Index t = 0; t < set.test.total(); ++t) test_on += set.test.frame(0, t)[k];
    const double test_off = double(set.test.total()) - test_on;
    if (p > 0.0 && p < 1.0) nll -= test_on * std::log(p) + test_off * std::log(1.0 - p);
  }
  EXPECT_NEAR(nll / double(set.test.total()), 11.060, 0.01);
}

}  // namespace
}  // namespace carousel
