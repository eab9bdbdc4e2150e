// Files for TensorBoard: decoded by protoc, framing and checksums counted by a plain loop.

#include "io/event_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event_records.hpp"
#include "io/png.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(EventFile, HoldsWhatWasWrittenInItsFrames) {
  EXPECT_EQ(checksum("123456789"), (0xe3069283U >> 15 | 0xe3069283U << 17) + 0xa282ead8U);
  const TemporaryFolder folder;
  EventFile file(folder.path(), 40);
  file.scalar("train/nll", 41, 0.5);
  file.text("cell", 41, "h = tanh(x)");
  file.image("roll", 42, Tensor<float>::from({2, 3}, {0, 0.5, 1, 2, -1, 0}));
  file.hyperparameters({{"hidden", 36.0}, {"cell", std::string("lstm")}});
  file.end(EventFile::End::failure);
  file.flush();
  EXPECT_THAT(file.path().filename().string(), ContainsRegex("^events.out.tfevents.[0-9]+"));

  const std::vector<std::string> events = events_of(file.path());
  ASSERT_EQ(events.size(), 7);
  std::vector<std::string> texts;
  for (const std::string& event : events) texts.push_back(decoded(event, folder.path()));
  EXPECT_THAT(texts[0], HasSubstr("file_version: \"brain.Event:2\""));
  EXPECT_THAT(texts[1], HasSubstr("step: 40\nsession_log {\n  status: START"));
  EXPECT_THAT(texts[2], HasSubstr("step: 41\nsummary {\n  value {\n    tag: \"train/nll\"\n    "
                                  "simple_value: 0.5"));
  EXPECT_THAT(texts[3], HasSubstr("string_val: \"h = tanh(x)\""));
  EXPECT_THAT(texts[3], HasSubstr("plugin_name: \"text\""));
  EXPECT_THAT(texts[4], HasSubstr("height: 2\n      width: 3\n      colorspace: 1"));
  EXPECT_THAT(texts[4], HasSubstr("\\211PNG"));
  EXPECT_THAT(texts[5], HasSubstr("_hparams_/session_start_info"));
  EXPECT_THAT(texts[6], HasSubstr("_hparams_/session_end_info"));
}

TEST(EventFile, TwoOfOneFolderAreTwoFiles) {
  const TemporaryFolder folder;
  const EventFile one(folder.path(), 0), two(folder.path(), 0);
  EXPECT_NE(one.path(), two.path());
}

TEST(EventFile, SaysWhereItCannotBe) { EXPECT_THROW(EventFile("/proc/none", 0), EnvironmentError); }

TEST(Png, HasTheShades) {
  const std::string bytes = png_bytes(Tensor<float>::from({1, 3}, {0, 1, 0.5}));
  EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1a\n");
  EXPECT_EQ(little_endian<std::uint32_t>(bytes, 16), 3U << 24);  // width, the highest byte first
  EXPECT_THROW(png_bytes(Tensor<float>::zeros({3})), InputError);
}

}  // namespace
}  // namespace carousel
