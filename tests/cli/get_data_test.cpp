// scripts/get-data with a list of made sets, from a folder that stands for the network.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command_line.hpp"
#include "data/music.hpp"
#include "data/music_writer.hpp"
#include "mat_file.hpp"
#include "music_file.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class GetData : public testing::Test {
 protected:
  GetData() {
    fs::create_directories(folder_ / "scripts");
    fs::create_directories(folder_ / "net/mat");
    fs::copy(fs::path(CAROUSEL_SOURCE_DIR) / "scripts/get-data", folder_ / "scripts/get-data");
    wandering_notes().write(folder_ / "made.h5");
    set_ = read_music(folder_ / "made.h5");
    write_mat(set_);
    make_digits();
    std::ofstream(folder_ / "net/load.csv") << "date,load\n1949-01,112\n";
    std::ofstream(folder_ / "scripts/data-sets.txt")
        << "# name address digest\nmade mat/Made.mat " << music_digest(set_)
        << "\nspeech_fsdd digits.tar.gz " << shell("sha256sum < list | cut -d ' ' -f 1").text
        << "load load.csv " << digest_of_file("net/load.csv") << " series/hours/load.csv\n";
  }

  std::string digest_of_file(const std::string& file) {
    return shell("printf %s $(sha256sum < " + file + " | cut -d ' ' -f 1)").text;
  }

  void write_mat(const SequenceSet& set) {
    MatFile file(folder_ / "net/mat/Made.mat");
    file.split<double>("traindata", set.train);
    file.split<double>("validdata", set.valid);
    file.split<double>("testdata", set.test);
  }

  // An archive as GitHub makes them, and in `list` what split.tsv must be.
  void make_digits() {
    fs::create_directories(folder_ / "digits-1a2b/recordings");
    std::ofstream(folder_ / "digits-1a2b/README.md") << "licence\n";
    std::ofstream list(folder_ / "list");
    list << "split\tfile\tdigit\tspeaker\tindex\tsamples\tsha256\n";
    // In the order of the bytes, and so 10 before 7; 15 is left out.
    for (const auto& [split, index] : std::vector<std::pair<std::string, int>>{{"train", 10},
                                                                               {"train", 14},
                                                                               {"train", 7},
                                                                               {"valid", 5},
                                                                               {"valid", 6},
                                                                               {"test", 0},
                                                                               {"test", 4},
                                                                               {"", 15}}) {
      const std::string name = fmt::format("3_ann_{}.wav", index);
      const int samples = 600 + index;
      std::ofstream(folder_ / ("digits-1a2b/recordings/" + name))
          << std::string(static_cast<std::size_t>(44 + 2 * samples), static_cast<char>(index));
      if (split.empty()) continue;
      list << fmt::format(
          "{}\t{}\t3\tann\t{}\t{}\t{}", split, name, index, samples,
          shell("sha256sum < digits-1a2b/recordings/" + name + " | cut -d ' ' -f 1").text);
    }
    ASSERT_EQ(shell("tar -czf net/digits.tar.gz digits-1a2b").code, 0);
  }

  CommandResult shell(const std::string& command) {
    return run_shell("cd " + folder_.path().string() + " && " + command);
  }
  CommandResult get(const std::string& base) {
    return shell("CAROUSEL=" + std::string(CAROUSEL_BINARY) + " CAROUSEL_GITHUB=" + base +
                 " scripts/get-data sets");
  }
  std::string network() { return "file://" + (folder_ / "net").string(); }

  TemporaryFolder folder_;
  SequenceSet set_;
};

TEST_F(GetData, GetsChecksAndConverts) {
  const CommandResult done = get(network());
  EXPECT_EQ(done.code, 0) << done.text;
  const SequenceSet made = read_music(folder_ / "sets/music/made.h5");
  EXPECT_EQ(made.train.lengths, set_.train.lengths);
  EXPECT_EQ(made.train.frames, set_.train.frames);
  EXPECT_EQ(file_text(folder_ / "sets/speech_fsdd/split.tsv"), file_text(folder_ / "list"));
  EXPECT_EQ(file_text(folder_ / "sets/speech_fsdd/README.md"), "licence\n");
  EXPECT_TRUE(fs::exists(folder_ / "sets/speech_fsdd/wav/3_ann_14.wav"));
  EXPECT_FALSE(fs::exists(folder_ / "sets/speech_fsdd/wav/3_ann_15.wav"));
  EXPECT_EQ(file_text(folder_ / "sets/series/hours/load.csv"), "date,load\n1949-01,112\n");
  EXPECT_EQ(shell("ls -A sets").text, "music\nseries\nspeech_fsdd\n");
}

TEST_F(GetData, LeavesWhatIsRightAndReplacesWhatIsNot) {
  ASSERT_EQ(get(network()).code, 0);
  const CommandResult again = get("file:///nowhere");  // asks for nothing
  EXPECT_EQ(again.code, 0) << again.text;
  EXPECT_THAT(again.text, AllOf(HasSubstr("made: is there"), HasSubstr("speech_fsdd: is there"),
                                HasSubstr("load: is there")));
  fs::resize_file(folder_ / "sets/music/made.h5", 900);
  std::ofstream(folder_ / "sets/speech_fsdd/wav/3_ann_5.wav", std::ios::app) << "x";
  std::ofstream(folder_ / "sets/series/hours/load.csv", std::ios::app) << "x";
  const CommandResult repaired = get(network());
  EXPECT_EQ(repaired.code, 0) << repaired.text;
  EXPECT_THAT(repaired.text, Not(HasSubstr("is there")));
  EXPECT_THAT(get("file:///nowhere").text, Not(HasSubstr("getting")));
}

TEST_F(GetData, WithoutANetworkItIsOneMessageAndCode3) {
  const CommandResult done = get("http://127.0.0.1:9");
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.text, AllOf(HasSubstr("can't get http://127.0.0.1:9/mat/Made.mat"),
                               HasSubstr("Is there a network?")));
  EXPECT_EQ(shell("ls -A sets").text, "");
  std::ofstream(folder_ / "file") << "in the way";
  EXPECT_EQ(shell("CAROUSEL=true scripts/get-data file/sets").code, 3);
}

TEST_F(GetData, AnotherSetThanExpectedIsThrownAway) {
  SequenceSet other = set_;
  other.test.frames[5] = 1.0f - other.test.frames[5];
  write_mat(other);
  const CommandResult changed = get(network());
  EXPECT_EQ(changed.code, 1);
  EXPECT_THAT(changed.text, AllOf(HasSubstr("made: what file://"),
                                  HasSubstr("SHA-256 " + music_digest(other) + ", expected " +
                                            music_digest(set_))));
  write_mat(set_);
  std::ofstream(folder_ / "net/digits.tar.gz") << "no archive";
  const CommandResult broken = get(network());
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.text, HasSubstr("speech_fsdd: what file://"));
  EXPECT_EQ(shell("ls -A sets").text, "music\n");
  make_digits();
  std::ofstream(folder_ / "net/load.csv", std::ios::app) << "x";
  const CommandResult longer = get(network());
  EXPECT_EQ(longer.code, 1);
  EXPECT_THAT(longer.text, AllOf(HasSubstr("load: what file://"),
                                 HasSubstr("SHA-256 " + digest_of_file("net/load.csv"))));
  EXPECT_EQ(shell("ls -A sets").text, "music\nspeech_fsdd\n");
}

}  // namespace
}  // namespace carousel
