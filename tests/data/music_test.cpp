#include "data/music.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "music_file.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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
  EXPECT_THAT(error(), HasSubstr("/train/lengths[1] is 3"));
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
  EXPECT_THAT(error(96), HasSubstr("beyond a width of 96"));
  EXPECT_THAT(error(5), HasSubstr("got a width of 5"));
}

TEST_F(MusicReader, RefusesATruncatedFile) {
  file_.write(path_);
  const auto size = std::filesystem::file_size(path_);
  for (const auto part : {size / 2, size - 1, std::uintmax_t{100}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(path_, part);
    EXPECT_THAT(error(), AllOf(HasSubstr("set.h5"), HasSubstr("not a whole HDF5 file")));
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
