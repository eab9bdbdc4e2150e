#include "data/datasets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
       {+[] { expect_set("jsb_chorals"); }, +[] { load_set("jsb_chorals", ""); },
        +[] { set_search_path("jsb_chorals", ""); }}) {
    EXPECT_THAT(error_of<InputError>(action), HasSubstr("did you mean 'jsb_chorales'"));
  }
  EXPECT_THAT(error_of<InputError>([] { expect_set("speech_50"); }),
              HasSubstr("did you mean 'speech_500'"));
  for (const char* name : {"jsb_chorales", "nottingham", "musedata", "piano_midi", "chords",
                           "speech_500", "speech_8000", "waves"}) {
    EXPECT_NO_THROW(expect_set(name));
  }
}

TEST(DataSets, NameThePlacesAndTheWayOut) {
  EXPECT_EQ(set_search_path("musedata", "/nowhere").front(), "/nowhere/music/musedata.h5");
  EXPECT_EQ(set_search_path("musedata", "").back(), "data/music/musedata.h5");
  EXPECT_EQ(set_search_path("speech_8000", "/nowhere").front(), "/nowhere/speech_fsdd");
  EXPECT_TRUE(set_search_path("waves", "/nowhere").empty());
  const std::string found = "nothing was thrown";  // by CAROUSEL_DATA
  EXPECT_THAT(error_of<InputError>([] { load_set("musedata", "/nowhere"); }),
              AnyOf(AllOf(HasSubstr("/nowhere/music/musedata.h5"), HasSubstr("'chords'")), found));
  EXPECT_THAT(error_of<InputError>([] { load_set("speech_500", "/nowhere"); }),
              AnyOf(AllOf(HasSubstr("/nowhere/speech_fsdd"), HasSubstr("'waves'")), found));
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
