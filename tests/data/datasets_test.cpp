#include "data/datasets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "data/data_sets.hpp"
#include "data/music.hpp"
#include "music_file.hpp"
#include "speech_files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;

TEST(DataSets, SuggestAName) {
  for (const auto& action :
       {+[] { find_set("jsb_chorals", DataKind::frames); }, +[] { load_set("jsb_chorals", ""); },
        +[] { find_data("jsb_chorals", DataKind::frames, ""); }}) {
    EXPECT_THAT(error_of<InputError>(action), HasSubstr("did you mean 'jsb_chorales'"));
  }
  EXPECT_THAT(error_of<InputError>([] { load_set("speech_50", ""); }),
              HasSubstr("did you mean 'speech_500'"));
  EXPECT_THAT(error_of<InputError>([] { load_set("mnist", ""); }), HasSubstr("no data set 'mnist'"))
      << "is of another kind";
}

TEST(DataSets, NameThePlacesAndTheWayOut) {
  const TemporaryFolder empty;
  const std::string none = empty.path().string();
  const auto places = [&](const char* name, const std::string& folder) {
    return places_of(find_set(name, DataKind::frames), folder);
  };
  EXPECT_EQ(places("musedata", none).front(), none + "/music/musedata.h5");
  EXPECT_EQ(places("musedata", "").back(), "data/music/musedata.h5");
  EXPECT_EQ(places("speech_8000", none).front(), none + "/speech_fsdd");
  EXPECT_TRUE(places("waves", none).empty());
  const std::string found = "nothing was thrown";  // by CAROUSEL_DATA
  EXPECT_THAT(error_of<InputError>([&] { load_set("musedata", none); }),
              AnyOf(AllOf(HasSubstr(none + "/music/musedata.h5"), HasSubstr("'chords'")), found));
  EXPECT_THAT(error_of<InputError>([&] { load_set("speech_500", none); }),
              AnyOf(AllOf(HasSubstr(none + "/speech_fsdd"), HasSubstr("'waves'")), found));
}

// Of a set that stands nowhere, by a folder, the environment's and the one that is always looked
// at.
TEST(DataSets, AreLookedForInTheFolderThatIsGivenFirst) {
  const TemporaryFolder given, of_environment;
  const char* before = std::getenv("CAROUSEL_DATA");
  const std::string kept = before ? before : "";
  setenv("CAROUSEL_DATA", of_environment.path().c_str(), 1);
  const DataSet& set = find_set("mnist", DataKind::images);
  EXPECT_THAT(places_of(set, given.path().string()),
              testing::ElementsAre(given / "mnist", of_environment / "mnist", "data/mnist"));
  EXPECT_THAT(places_of(set, ""), testing::ElementsAre(of_environment / "mnist", "data/mnist"));
  std::filesystem::create_directory(of_environment / "mnist");
  EXPECT_EQ(find_data("mnist", DataKind::images, given.path().string()), of_environment / "mnist");
  std::filesystem::create_directory(given / "mnist");
  EXPECT_EQ(find_data("mnist", DataKind::images, given.path().string()), given / "mnist");
  unsetenv("CAROUSEL_DATA");
  EXPECT_THAT(places_of(set, ""), testing::ElementsAre("data/mnist"));
  EXPECT_THAT(
      error_of<InputError>([&] { find_data("sst2", DataKind::sentences, given.path().string()); }),
      testing::EndsWith(given.path().string() +
                        "/sentiment/sst2\n  data/sentiment/sst2\nGet it with "
                        "scripts/get-data, or as docs/data.md says"))
      << "there is no other set of its kind";
  if (before) setenv("CAROUSEL_DATA", kept.c_str(), 1);
}

TEST(DataSets, AFolderThatIsGivenMustBeThere) {
  EXPECT_THAT(error_of<InputError>([] { load_set("musedata", "/nowhere"); }),
              HasSubstr("--data /nowhere: there is no such folder"));
  EXPECT_THAT(error_of<InputError>([] { load_set("./none.h5", ""); }),
              HasSubstr("./none.h5: there is no such file"));
  EXPECT_THAT(error_of<InputError>([] { load_set("./none.h5", "", 96); }),
              HasSubstr("./none.h5: there is no such file"));
}

TEST(DataSets, OfYourOwnAreReadByTheirPath) {
  const TemporaryFolder folder;
  wandering_notes().write(folder / "mine.h5");
  const SequenceSet mine = load_set((folder / "mine.h5").string(), "");
  EXPECT_EQ(mine.name, "mine");
  EXPECT_EQ(mine.train.width, 88);
  EXPECT_EQ(name_of_data("../some/mine.h5"), "mine");
  EXPECT_EQ(name_of_data("some/folder/"), "folder");
  EXPECT_EQ(name_of_data("mnist"), "mnist");
}

TEST(DataSets, TakeAWidthForMusicAlone) {
  EXPECT_EQ(load_set("chords", "", 96).train.width, 96);
  for (const char* name : {"waves", "speech_500", "speech_8000"}) {
    EXPECT_THAT(error_of<InputError>([&] { load_set(name, "", 96); }),
                AllOf(HasSubstr(name), HasSubstr("got a width of 96")));
  }
}

TEST(DataSets, LoadEachKindFromTheFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "music");
  wandering_notes().write(folder / "music" / "nottingham.h5");
  EXPECT_EQ(load_set("nottingham", folder.path().string(), 93).train.width, 93);
  SpeechFolder speech(folder / "speech_fsdd");
  // 2 x 4750 samples: 9 + 9 times 500, or once 8000 when joined.
  int period = 100;
  for (const char* split : {"train", "valid", "test"}) {
    for (const char* file : {"1.wav", "2.wav"}) {
      std::vector<short> samples;
      for (int i = 0; i < 4750; ++i) samples.push_back(static_cast<short>(i % period));
      speech.add(split, std::string(split) + file, "ann", samples);
      ++period;
    }
  }
  speech.write_list();
  EXPECT_EQ(load_set("speech_500", folder.path().string()).train.lengths,
            std::vector<Index>(18, 50));
  EXPECT_EQ(load_set("speech_8000", folder.path().string()).test.lengths,
            std::vector<Index>(1, 800));
  EXPECT_EQ(load_set("waves", "").name, "waves");
  EXPECT_EQ(load_set("chords", "").train.frames, generate_chords().train.frames);
}

}  // namespace
}  // namespace carousel
