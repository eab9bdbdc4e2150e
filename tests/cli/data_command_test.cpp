#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

#include "cli/command_fixture.hpp"
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

// A study on data of one's own, by its path beside the study.
class OwnData : public Command {
 protected:
  OwnData() {
    std::filesystem::create_directories(folder_ / "work");
    std::ofstream text(folder_ / "work/mine.txt");
    std::ofstream table(folder_ / "work/mine.csv");
    table << "date,load\n";
    for (int k = 0; k < 300; ++k) {
      text << "abcde"[k * k % 5];
      table << "2024-01-01," << k % 7 << "\n";
    }
    wandering_notes().write(folder_ / "work/mine.h5");
  }
  std::string study(const std::string& task) {
    std::ofstream(folder_ / "work/study.yaml")
        << task << "\ncells: [{name: rnn_tanh, hidden: 4}, {name: gru_reset_before, hidden: 4}]\n"
        << "train: {epochs: 2, batch: 4, shard: 2, checkpoint_seconds: 0}\n";
    return "work/study.yaml";
  }
};

TEST_F(OwnData, OfEachKindIsTakenFromBesideTheStudy) {
  const std::pair<const char*, const char*> tasks[] = {
      {"task: {name: language_model, data: mine.txt, steps: 5}", "mine"},
      {"task: {name: language_model, data: ./mine.txt, unit: characters, steps: 7, tied: 'yes'}",
       "mine"},
      {"task: {name: forecasting, data: mine.csv, context: 7, horizon: 2}", "mine"},
      {"dataset: ./mine.h5", "mine"}};
  int number = 0;
  for (const auto& [task, name] : tasks) {
    const std::string run = "run" + std::to_string(++number);
    const Finished done = wait(start({"compare", study(task), "--out", run, "--quiet"}));
    EXPECT_EQ(done.code, 0) << task << "\n" << done.err;
    EXPECT_THAT(file_text(folder_ / run / "results.csv"), HasSubstr(name)) << task;
    // The run knows the whole path: it goes on from any folder, and sees a change.
    EXPECT_THAT(file_text(folder_ / run / "study.yaml"), HasSubstr(folder_.path().string()));
    EXPECT_EQ(wait(start({"resume", run, "--quiet"})).code, 0);
  }
  std::ofstream(folder_ / "work/mine.txt", std::ios::app) << "a";
  const Finished changed = wait(start({"resume", "run1", "--quiet"}));
  EXPECT_EQ(changed.code, 2);
  EXPECT_THAT(changed.err, HasSubstr("mine"));
}

TEST_F(OwnData, ThatIsMissingOrWrongIsOneMessage) {
  const auto refused = [&](const std::string& task) {
    const Finished done = wait(start({"compare", study(task), "--out", "bad", "--quiet"}));
    EXPECT_EQ(done.code, 2) << task;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "bad")) << task;
    return done.err;
  };
  EXPECT_THAT(refused("task: {name: language_model, data: ./none.txt}"),
              AllOf(HasSubstr("none.txt"), HasSubstr("there is no such file")));
  EXPECT_THAT(refused("task: {name: language_model, data: mine.h5}"), HasSubstr("mine.h5"));
  EXPECT_THAT(refused("task: {name: forecasting, data: mine.txt}"), HasSubstr("mine.txt"));
  EXPECT_THAT(refused("task: {name: image_sequence, data: ./}"),
              HasSubstr("train-images-idx3-ubyte.gz"));
  EXPECT_THAT(refused("task: {name: sentiment, data: ./}"), HasSubstr("train.txt"));
  EXPECT_THAT(refused("task: {name: language_model, data: mnist}"),
              HasSubstr("there is no data set 'mnist'"));
  EXPECT_THAT(refused("dataset: ./mine.csv"), HasSubstr("mine.csv"));
}

TEST_F(OwnData, TheListSaysWhatIsThereAndWhatIsMissing) {
  const Finished text = wait(start({"data"}));
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("jsb_chorales"), HasSubstr("sets/music/jsb_chorales.h5"),
                              HasSubstr("missing"), HasSubstr("made by a rule")));
  const boost::json::value list = boost::json::parse(wait(start({"data", "--json"})).out);
  std::map<std::string, boost::json::value> places;
  for (const auto& set : list.as_array()) {
    places[std::string(set.at("name").as_string())] = set.at("place");
  }
  EXPECT_EQ(places.at("jsb_chorales").as_string(),
            (folder_ / "sets/music/jsb_chorales.h5").string());
  EXPECT_TRUE(places.at("mnist").is_null());
  EXPECT_EQ(places.at("chords").as_string(), "");
  const Finished nowhere = wait(start({"data", "--data", "nowhere"}));
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace carousel
