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

using testing::AllOf;
using testing::HasSubstr;

class Import : public testing::Test {
 protected:
  Import() {
    wandering_notes().write(folder_ / "made.h5");
    set_ = read_music(folder_ / "made.h5");
    write_mat(set_);
  }
  void write_mat(const SequenceSet& set) {
    MatFile file(folder_ / "Piano_Midi.mat");
    file.split<double>("traindata", set.train);
    file.split<double>("validdata", set.valid);
    file.split<double>("testdata", set.test);
  }
  CommandResult run(const std::string& arguments) {
    return run_shell("cd " + folder_.path().string() + " && env -u CAROUSEL_DATA " +
                     CAROUSEL_BINARY + " import " + arguments);
  }
  bool exists(const std::string& name) { return std::filesystem::exists(folder_ / name); }

  TemporaryFolder folder_;
  SequenceSet set_;
};

TEST_F(Import, PutsTheSetWhereStudiesLookForIt) {
  const CommandResult done = run("music Piano_Midi.mat --data sets");
  EXPECT_EQ(done.code, 0) << done.text;
  EXPECT_THAT(done.text, AllOf(HasSubstr("train     12 sequences      102 steps       204 notes"),
                               HasSubstr("SHA-256 of the content: " + music_digest(set_)),
                               HasSubstr("written: sets/music/piano_midi.h5")));
  const SequenceSet read = read_music(folder_ / "sets/music/piano_midi.h5");
  EXPECT_EQ(read.train.lengths, set_.train.lengths);
  EXPECT_EQ(read.train.frames, set_.train.frames);
  EXPECT_EQ(read.test.frames, set_.test.frames);
  EXPECT_FALSE(exists("sets/music/piano_midi.h5.tmp"));
}

TEST_F(Import, WritesWhereItIsTold) {
  EXPECT_EQ(run("music Piano_Midi.mat --out own.h5").code, 0);
  EXPECT_EQ(read_music(folder_ / "own.h5").valid.frames, set_.valid.frames);
}

TEST_F(Import, GivesTheDigestOfBothForms) {
  EXPECT_EQ(run("music --digest Piano_Midi.mat").text, music_digest(set_) + "\n");
  EXPECT_EQ(run("music --digest made.h5").text, music_digest(set_) + "\n");
  EXPECT_FALSE(exists("data"));
}

TEST_F(Import, ABadSetIsCode2AndLeavesTheOldOne) {
  ASSERT_EQ(run("music Piano_Midi.mat").code, 0);
  const std::string before = file_text(folder_ / "data/music/piano_midi.h5");
  set_.valid.frames[0] = 2.0f;
  write_mat(set_);
  const CommandResult done = run("music Piano_Midi.mat");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.text, HasSubstr("validdata, cell 1, row 1, column 1: got 2"));
  EXPECT_EQ(file_text(folder_ / "data/music/piano_midi.h5"), before);
  EXPECT_EQ(run("speech Piano_Midi.mat").code, 2);
}

TEST_F(Import, AFolderThatCannotBeMadeIsCode3) {
  const CommandResult done = run("music Piano_Midi.mat --out made.h5/music/set.h5");
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.text, HasSubstr("made.h5/music"));
}

}  // namespace
}  // namespace carousel
