// What is listed comes back; damaged tables and recordings are those of speech_test.cpp.

#include "data/recordings.hpp"

#include <gtest/gtest.h>

#include "speech_files.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

TEST(Recordings, AreThoseOfTheTableInItsOrder) {
  TemporaryFolder root;
  SpeechFolder folder(root / "mine");
  folder.add("test", "b.wav", "bob", {1, -2, 16384}, 7);
  folder.add("train", "a.wav", "ann", {-32768, 0}, 9);
  folder.write_list();
  const std::vector<Recording> all = read_recordings(folder.path);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(split_names[all[0].split], "test");
  EXPECT_EQ(all[0].file, "b.wav");
  EXPECT_EQ(all[0].speaker, "bob");
  EXPECT_EQ(all[0].digit, 7);
  EXPECT_EQ(all[0].sha256, SpeechFolder::digest_of(folder.path / "wav" / "b.wav"));
  EXPECT_EQ(all[0].samples, (std::vector<float>{1.0f / 32768, -2.0f / 32768, 0.5f}));
  EXPECT_EQ(split_names[all[1].split], "train");
  EXPECT_EQ(all[1].digit, 9);
  EXPECT_EQ(all[1].samples, (std::vector<float>{-1.0f, 0.0f}));
}

}  // namespace
}  // namespace carousel
