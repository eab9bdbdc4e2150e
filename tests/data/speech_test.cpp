#include "data/speech.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <cstdlib>

#include "speech_files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// from, from + step, ..
std::vector<short> ramp(int count, int from, int step = 1) {
  std::vector<short> samples;
  samples.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) samples.push_back(static_cast<short>(from + step * i));
  return samples;
}

class SpeechReader : public testing::Test {
 protected:
  SpeechReader() {
    folder_.add("train", "a.wav", "ann", ramp(65, 100));
    folder_.add("train", "b.wav", "bob", ramp(30, 1000));
    folder_.add("train", "c.wav", "ann", ramp(25, 2000));
    folder_.add("valid", "d.wav", "bob", ramp(30, 0));
    folder_.add("test", "e.wav", "ann", ramp(61, -7));
    folder_.write_list();
  }
  std::string error(Index samples = 30) {
    return error_of<InputError>([&] { read_speech(folder_.path, samples, SpeechCut::by_file); });
  }
  // The table, for recordings that were written over.
  void list_again() {
    folder_.list = SpeechFolder::header;
    folder_.list_file("train", "a.wav", "ann", 65);
    folder_.list_file("train", "b.wav", "bob", 30);
    folder_.list_file("train", "c.wav", "ann", 25);
    folder_.list_file("valid", "d.wav", "bob", 30);
    folder_.list_file("test", "e.wav", "ann", 61);
    folder_.write_list();
  }
  // The samples of a split as the file had them.
  std::vector<int> raw(const SequenceSplit& split) {
    std::vector<int> samples;
    for (const float x : split.frames) {
      samples.push_back(static_cast<int>(std::lround(double(x) * deviation_ + mean_)));
    }
    return samples;
  }
  static std::vector<int> numbers(std::initializer_list<std::vector<short>> parts) {
    std::vector<int> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
  void find_scale() {
    double sum = 0.0, squares = 0.0;
    const auto all = numbers({ramp(65, 100), ramp(30, 1000), ramp(25, 2000)});
    for (const int x : all) sum += x;
    mean_ = sum / 120.0;
    for (const int x : all) squares += (x - mean_) * (x - mean_);
    deviation_ = std::sqrt(squares / 120.0);
  }

  TemporaryFolder root_;
  SpeechFolder folder_{root_ / "digits"};
  double mean_ = 0.0, deviation_ = 1.0;
};

TEST_F(SpeechReader, CutsEachFileAndDropsTheRest) {
  find_scale();
  const SequenceSet set = read_speech(folder_.path, 30, SpeechCut::by_file);
  EXPECT_EQ(set.name, "speech_30");
  EXPECT_EQ(set.outputs, OutputKind::gaussian_mixture);
  EXPECT_EQ(set.task().width, 10);
  EXPECT_EQ(set.task().context, 2);
  EXPECT_EQ(set.train.lengths, (std::vector<Index>{3, 3, 3}));
  EXPECT_EQ(set.train.scored_total(), 3);
  EXPECT_EQ(raw(set.train), numbers({ramp(30, 100), ramp(30, 130), ramp(30, 1000)}));
  EXPECT_EQ(raw(set.valid), numbers({ramp(30, 0)}));
  EXPECT_EQ(raw(set.test), numbers({ramp(30, -7), ramp(30, 23)}));
  EXPECT_EQ(set.source, fmt::format("digits; samples less their mean {:.6g}, divided by their "
                                    "deviation {:.6g}",
                                    mean_ / 32768, deviation_ / 32768));
}

TEST_F(SpeechReader, JoinsTheFilesOfASpeakerInsideASplit) {
  find_scale();
  const SequenceSet set = read_speech(folder_.path, 30, SpeechCut::by_speaker);
  // Ann's 65 + 25 samples, then Bob's.
  EXPECT_EQ(raw(set.train), numbers({ramp(65, 100), ramp(25, 2000), ramp(30, 1000)}));
  EXPECT_EQ(raw(set.valid), numbers({ramp(30, 0)}));
}

TEST_F(SpeechReader, NamesFileAndLine) {
  EXPECT_THAT(error_of<InputError>([&] { read_speech(root_ / "none", 30, SpeechCut::by_file); }),
              AllOf(HasSubstr("none/split.tsv"), HasSubstr("does it exist")));
  EXPECT_THAT(error(35), HasSubstr("got sequences of 35 samples, expected a multiple of 10 above "
                                   "20"));
  EXPECT_THAT(error(20), HasSubstr("got sequences of 20 samples"));
  EXPECT_THAT(error(40), AllOf(HasSubstr("digits"), HasSubstr("split valid holds no sequence")));
  const std::string good = folder_.list;
  const std::string digest(64, 'a');
  const auto with_line = [&](const std::string& line) {
    folder_.list = good + line + "\n";
    folder_.write_list();
    return error();
  };
  EXPECT_THAT(with_line("train\ta.wav\t0\tann"),
              AllOf(HasSubstr("split.tsv, line 7"), HasSubstr("got 4 columns, expected 7")));
  EXPECT_THAT(with_line("dev\ta.wav\t0\tann\t0\t65\t" + digest),
              AllOf(HasSubstr("line 7"), HasSubstr("'dev'")));
  for (const char* digit : {"10", "-1", "two", "", "3 "}) {
    EXPECT_THAT(with_line(fmt::format("train\ta.wav\t{}\tann\t0\t65\t{}", digit, digest)),
                HasSubstr(fmt::format("line 7: got the digit '{}', expected 0 to 9", digit)));
  }
  EXPECT_THAT(with_line("train\ta.wav\t0\tann\t0\t6x\t" + digest),
              AllOf(HasSubstr("line 7"), HasSubstr("got '6x' samples")));
  EXPECT_THAT(with_line("train\ta.wav\t0\tann\t0\t65\tabc"),
              AllOf(HasSubstr("line 7"), HasSubstr("got the sha256 'abc', expected 64 letters")));
  EXPECT_THAT(with_line("train\tz.wav\t0\tann\t0\t65\t" + digest),
              AllOf(HasSubstr("wav/z.wav"), HasSubstr("no such file")));
  EXPECT_THAT(with_line("train\t" + std::string(300, 'b') + "\t0\tann\t0\t65\t" + digest),
              AllOf(HasSubstr("wav/bbb"), HasSubstr("no such file")));
  folder_.list = "file\tsplit\n";
  folder_.write_list();
  EXPECT_THAT(error(), AllOf(HasSubstr("split.tsv, line 1"), HasSubstr("got 'file\tsplit'")));
  folder_.list = "";
  folder_.write_list();
  EXPECT_THAT(error(), AllOf(HasSubstr("split.tsv, line 1"), HasSubstr("got ''")));
}

TEST_F(SpeechReader, TheTableIsAnOrdinaryFileInUtf8) {
  folder_.list.replace(folder_.list.find("ann"), 3, "\xe9va");
  folder_.write_list();
  EXPECT_THAT(error(), AllOf(HasSubstr("split.tsv:2: the byte 0xe9"), HasSubstr("as UTF-8")));
  const auto table = folder_.path / "split.tsv";
  std::filesystem::remove(table);
  ASSERT_EQ(mkfifo(table.c_str(), 0600), 0);
  EXPECT_THAT(error(), AllOf(HasSubstr("split.tsv"), HasSubstr("ordinary file")));
}

// One recording that is written by `write` and listed with `samples` samples.
class SpeechRecording : public testing::Test {
 protected:
  std::string error(std::size_t samples = 65) {
    SpeechFolder folder(root_ / "digits");
    folder.list_file("train", "a.wav", "ann", samples);
    folder.write_list();
    return error_of<InputError>([&] { read_speech(folder.path, 30, SpeechCut::by_file); });
  }
  template <class T>
  void write(const std::vector<T>& samples, int format) {
    SndfileHandle file(a_.string(), SFM_WRITE, format, 1, 8000);
    file.write(samples.data(), static_cast<sf_count_t>(samples.size()));
  }
  TemporaryFolder root_;
  SpeechFolder folder_{root_ / "digits"};
  std::filesystem::path a_ = folder_.path / "wav" / "a.wav";
};

TEST_F(SpeechRecording, OfAnotherFormIsRefused) {
  write_wav(a_, ramp(65, 100), 16000);
  EXPECT_THAT(error(), AllOf(HasSubstr("a.wav"), HasSubstr("got 1 channels at 16000 Hz")));
  write_wav(a_, ramp(130, 100), 8000, 2);
  EXPECT_THAT(error(), AllOf(HasSubstr("a.wav"), HasSubstr("got 2 channels at 8000 Hz")));
  write_wav(a_, ramp(66, 100));
  EXPECT_THAT(error(), HasSubstr("a.wav: got 66 samples, expected 65 as in split.tsv"));
  write(ramp(600, 100), SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM);
  EXPECT_THAT(error(), HasSubstr("a.wav: its samples are packed"));
  write(ramp(65, 100), SF_FORMAT_AIFF | SF_FORMAT_PCM_16);
  EXPECT_THAT(error(), HasSubstr("a.wav: can't be read as a recording: it is no WAV file"));
}

TEST_F(SpeechRecording, WithoutChunksIsRefused) {
  std::ofstream(a_, std::ios::binary) << "RIFF" << std::string("\x04\0\0\0", 4) << "WAVE";
  EXPECT_THAT(error(), HasSubstr("a.wav: can't be read as a recording ("));
  std::ofstream(a_, std::ios::binary) << "RIFF" << std::string("\x04\0\0\0", 4) << "WAV";
  EXPECT_THAT(error(), HasSubstr("it is no WAV file"));
  std::ofstream(a_, std::ios::binary) << "RIFX" << std::string("\x04\0\0\0", 4) << "WAVE";
  EXPECT_THAT(error(), HasSubstr("it is no WAV file"));
}

TEST_F(SpeechRecording, CutShortIsRefused) {
  write_wav(a_, ramp(65, 100));
  const auto size = std::filesystem::file_size(a_);
  for (const auto part :
       {size - 20, size - 1, std::uintmax_t{44}, std::uintmax_t{12}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(a_, part);
    EXPECT_THAT(error(), HasSubstr("a.wav: ")) << part;
  }
}

// A table may ask for what no memory holds.
TEST_F(SpeechRecording, IsLookedAtBeforeMemoryIsAskedFor) {
  write_wav(a_, ramp(65, 100));
  EXPECT_THAT(error(std::size_t{1} << 62),
              HasSubstr("got 65 samples, expected 4611686018427387904"));
  EXPECT_THAT(error((std::size_t{1} << 63) - 1), HasSubstr("got 65 samples, expected 9223372036"));
}

TEST_F(SpeechRecording, OfValuesThatAreNoNumbersIsRefused) {
  std::vector<float> samples(65, 0.5f);
  samples[0] = 0.25f;
  for (const float odd : {std::nanf(""), INFINITY, -INFINITY}) {
    samples[40] = odd;
    write(samples, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    EXPECT_THAT(error(), HasSubstr(fmt::format("a.wav: sample 40 is {}, expected a finite", odd)));
  }
  std::vector<double> large(65, 0.5);
  large[3] = 1e300;  // beyond float
  write(large, SF_FORMAT_WAV | SF_FORMAT_DOUBLE);
  EXPECT_THAT(error(), HasSubstr("a.wav: sample 3 is inf"));
  samples[40] = 0.5f;
  write(samples, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  EXPECT_THAT(error(), HasSubstr("the split valid holds no sequence"));
}

TEST_F(SpeechReader, RefusesASampleThatLeavesTheRange) {
  std::vector<float> loud(30, 1e38f);
  for (const char* file : {"a.wav", "b.wav", "c.wav"}) {
    const int count = file[0] == 'a' ? 65 : file[0] == 'b' ? 30 : 25;
    std::vector<float> soft(static_cast<std::size_t>(count), 1e-20f);
    soft[0] = static_cast<float>(count) * 1e-20f;
    SndfileHandle((folder_.path / "wav" / file).string(), SFM_WRITE,
                  SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, 8000)
        .write(soft.data(), count);
  }
  SndfileHandle((folder_.path / "wav" / "d.wav").string(), SFM_WRITE,
                SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1, 8000)
      .write(loud.data(), 30);
  list_again();
  EXPECT_THAT(error(), HasSubstr("the split valid is too loud"));
}

// One bit of a recording tells its file from the one that the table is of.
TEST_F(SpeechReader, ChecksTheDigestOfEachRecording) {
  const auto b = folder_.path / "wav" / "b.wav";
  std::string bytes = file_text(b);
  bytes[bytes.size() - 3] ^= 1;
  std::ofstream(b, std::ios::binary) << bytes;
  EXPECT_THAT(error(), AllOf(HasSubstr("b.wav: its SHA-256 is " + SpeechFolder::digest_of(b)),
                             HasSubstr("as in split.tsv; the file is damaged or another")));
}

TEST_F(SpeechReader, RefusesARecordingThatIsListedTwice) {
  const std::string good = folder_.list;
  folder_.list_file("valid", "a.wav", "ann", 65);
  folder_.write_list();
  EXPECT_THAT(error(), AllOf(HasSubstr("a.wav holds the same samples as "),
                             HasSubstr("split.tsv lists before it")));
  folder_.list = good;
  folder_.add("test", "copy.wav", "eve", ramp(30, 0));  // d.wav of valid
  folder_.write_list();
  EXPECT_THAT(error(), AllOf(HasSubstr("copy.wav holds the same samples as "), HasSubstr("d.wav")));
  // Another file, but the same sound.
  std::ofstream(folder_.path / "wav" / "copy.wav", std::ios::app) << "LIST";
  folder_.list = good;
  folder_.list_file("test", "copy.wav", "eve", 30);
  folder_.write_list();
  EXPECT_THAT(error(), AllOf(HasSubstr("copy.wav holds the same samples as "), HasSubstr("d.wav")));
}

TEST_F(SpeechReader, RefusesSilence) {
  for (const char* file : {"a.wav", "b.wav", "c.wav"}) {
    const int count = file[0] == 'a' ? 65 : file[0] == 'b' ? 30 : 25;
    write_wav(folder_.path / "wav" / file, ramp(count, 3, 0));
  }
  list_again();
  EXPECT_THAT(error(), HasSubstr("the training split holds no sound"));
}

double mean_square(const SequenceSplit& split) {
  double sum = 0.0;
  for (const float x : split.frames) sum += double(x) * double(x);
  return sum / static_cast<double>(split.frames.size());
}

TEST(Waves, AreAlwaysTheSameStandardisedSounds) {
  const SequenceSet set = generate_waves();
  EXPECT_EQ(set.train.frames, generate_waves().train.frames);
  EXPECT_EQ(set.train.sequences(), 60);
  EXPECT_EQ(set.valid.sequences(), 15);
  EXPECT_EQ(set.test.sequences(), 15);
  EXPECT_EQ(set.train.scored(0), 48);
  EXPECT_NEAR(mean_square(set.train), 1.0, 1e-6);
  EXPECT_NEAR(mean_square(set.test), 1.0, 0.5);
  // They can be predicted: neighbours are alike.
  double product = 0.0;
  for (std::size_t i = 1; i < set.train.frames.size(); ++i) {
    product += double(set.train.frames[i]) * double(set.train.frames[i - 1]);
  }
  EXPECT_GT(product / double(set.train.frames.size()), 0.9);
}

// Figures of committed results are of these sounds: the shares of a slow wave in some of them, to
// what the machine's sine and exponential may change. The mean and the deviation are in the source.
TEST(Waves, NeverChange) {
  const SequenceSet set = generate_waves();
  const auto share = [](const SequenceSplit& split, Index sequence) {
    double sum = 0.0;
    for (Index t = 0; t < 500; ++t) {
      sum += double(split.frame(sequence, 0)[t]) * std::sin(0.1 * static_cast<double>(t));
    }
    return sum;
  };
  EXPECT_EQ(
      set.source,
      "generated waves; samples less their mean 0.0156299, divided by their deviation 0.33401");
  const std::vector<double> expected = {-2.09464,   0.55640,  16.57607,
                                        -122.59923, -6.37266, 79.59632};
  EXPECT_NEAR(share(set.train, 0), expected[0], 1e-3);
  EXPECT_NEAR(share(set.train, 1), expected[1], 1e-3);
  EXPECT_NEAR(share(set.train, 59), expected[2], 1e-3);
  EXPECT_NEAR(share(set.valid, 0), expected[3], 1e-3);
  EXPECT_NEAR(share(set.valid, 14), expected[4], 1e-3);
  EXPECT_NEAR(share(set.test, 7), expected[5], 1e-3);
}

// The real recordings, where they are on the machine: counts of their own description.
TEST(SpokenDigits, HaveThePublishedSizes) {
  const char* data = std::getenv("CAROUSEL_DATA");
  const std::filesystem::path folder = std::filesystem::path(data ? data : "data") / "speech_fsdd";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not on this machine";
  const SequenceSet files = read_speech(folder, 500, SpeechCut::by_file);
  EXPECT_EQ(files.train.sequences(), 3130);
  EXPECT_EQ(files.valid.sequences(), 762);
  EXPECT_EQ(files.test.sequences(), 1912);
  EXPECT_EQ(files.train.scored(0), 48);
  EXPECT_THAT(files.source, AllOf(HasSubstr("mean -0.0010044,"), HasSubstr("deviation 0.0579906")));
  const SequenceSet speakers = read_speech(folder, 8000, SpeechCut::by_speaker);
  // Whole blocks of 8000 in the samples of each of six speakers.
  EXPECT_EQ(speakers.train.sequences(), 38 + 41 + 47 + 28 + 27 + 27);
  EXPECT_EQ(speakers.valid.sequences(), 10 + 10 + 10 + 7 + 6 + 6);
  EXPECT_EQ(speakers.test.sequences(), 25 + 25 + 28 + 17 + 16 + 17);
  EXPECT_EQ(speakers.train.scored(0), 798);
  EXPECT_EQ(speakers.source, files.source);
}

}  // namespace
}  // namespace carousel
