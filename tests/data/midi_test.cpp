#include "data/midi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/music.hpp"
#include "temporary_folder.hpp"

namespace carousel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Event {
  int tick;  // from the start
  int kind;  // status byte
  int pitch;
  bool operator==(const Event&) const = default;
};

// A reader of what the standard (RP-001) allows of format 0 with one byte of status on each event.
class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {
    EXPECT_EQ(text(4), "MThd");
    EXPECT_EQ(number(4), 6);
    format = number(2);
    tracks = number(2);
    ticks_per_crotchet = number(2);
    EXPECT_EQ(text(4), "MTrk");
    const std::size_t length = static_cast<std::size_t>(number(4));
    EXPECT_EQ(place_ + length, bytes_.size());
    while (place_ < bytes_.size()) event();
  }

  int format = 0, tracks = 0, ticks_per_crotchet = 0, microseconds = 0, end = -1;
  std::vector<Event> notes;

 private:
  void event() {
    EXPECT_EQ(end, -1) << "an event behind the end";
    tick_ += variable_number();
    const int kind = number(1);
    if (kind == 0xff) {
      const int meta = number(1), size = variable_number();
      if (meta == 0x51) microseconds = number(static_cast<std::size_t>(size));
      else if (meta == 0x2f) end = tick_;
      else ADD_FAILURE() << "meta event " << meta;
      return;
    }
    const int pitch = number(1), velocity = number(1);
    EXPECT_TRUE(kind == 0x90 || kind == 0x80) << kind;
    EXPECT_TRUE(velocity > 0 && velocity < 128) << velocity;
    notes.push_back({tick_, kind, pitch});
  }
  int number(std::size_t size) {
    int value = 0;
    for (const char byte : text(size)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  int variable_number() {
    int value = 0, byte = 0x80;
    while (byte & 0x80) value = value << 7 | ((byte = number(1)) & 0x7f);
    return value;
  }
  std::string text(std::size_t size) {
    place_ += size;
    return bytes_.substr(place_ - size, size);
  }

  std::string bytes_;
  std::size_t place_ = 0;
  int tick_ = 0;
};

class Midi : public testing::Test {
 protected:
  Reader written(const Tensor<float>& frames, int lowest, double tempo = 100.0) {
    write_midi(path_, frames, lowest, tempo);
    return Reader(file_text(path_));
  }
  std::string error(const Tensor<float>& frames, int lowest, double tempo = 100.0) {
    return error_of<InputError>([&] { write_midi(path_, frames, lowest, tempo); });
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "music.mid";
};

constexpr int on = 0x90, off = 0x80, quaver = 240;

TEST_F(Midi, TiesNotesThatGoOn) {
  // Element 0: two frames, a rest, one frame. Element 1: from the second frame to the end.
  const auto frames = Tensor<float>::from({5, 3}, {1, 0, 0,  //
                                                   1, 1, 0,  //
                                                   0, 1, 0,  //
                                                   1, 1, 0,  //
                                                   0, 1, 0});
  const Reader read = written(frames, 60, 120.0);
  EXPECT_EQ(read.format, 0);
  EXPECT_EQ(read.tracks, 1);
  EXPECT_EQ(read.ticks_per_crotchet, 2 * quaver);
  EXPECT_EQ(read.microseconds, 500000);
  EXPECT_THAT(read.notes, ElementsAre(Event{0, on, 60}, Event{quaver, on, 61},
                                      Event{2 * quaver, off, 60}, Event{3 * quaver, on, 60},
                                      Event{4 * quaver, off, 60}, Event{5 * quaver, off, 61}));
  EXPECT_EQ(read.end, 5 * quaver);
}

TEST_F(Midi, ARestAtTheEndLastsToo) {
  const Reader read = written(Tensor<float>::from({3, 1}, {1, 0, 0}), 60);
  EXPECT_THAT(read.notes, ElementsAre(Event{0, on, 60}, Event{quaver, off, 60}));
  EXPECT_EQ(read.end, 3 * quaver);
}

TEST_F(Midi, PitchesAreThoseOfTheDataSet) {
  // The same note in frames of keys and in frames of pitches.
  const SequenceSet keys = generate_chords(), pitches = generate_chords(96);
  const auto first = [](const SequenceSplit& split) {
    return Tensor<float>::from({2, split.width}, {split.frame(0, 0), split.frame(0, 2)});
  };
  const Reader a = written(first(keys.train), lowest_midi_pitch(0));
  const Reader b = written(first(pitches.train), lowest_midi_pitch(96));
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_GE(a.notes.size(), 4u);
  auto lowest = Tensor<float>::zeros({1, 88});
  lowest.data()[0] = lowest.data()[87] = 1.0f;
  EXPECT_THAT(written(lowest, lowest_midi_pitch(0)).notes,
              ElementsAre(Event{0, on, 21}, Event{0, on, 108}, Event{quaver, off, 21},
                          Event{quaver, off, 108}));
  EXPECT_THAT(written(Tensor<float>::from({1, 1}, {1}), 0).notes,
              ElementsAre(Event{0, on, 0}, Event{quaver, off, 0}));
}

TEST_F(Midi, RefusesWhatIsNoMusic) {
  EXPECT_THAT(error(Tensor<float>::from({1, 2}, {0, 0.5f}), 60), HasSubstr("hold 0.5 at [0, 1]"));
  EXPECT_THAT(error(Tensor<float>::from({1, 2}, {1, 1}), 127), HasSubstr("pitch 128 at [0, 1]"));
  EXPECT_EQ(error(Tensor<float>::from({1, 2}, {1, 0}), 127), "nothing was thrown");
  EXPECT_THAT(error(Tensor<float>::zeros({2}), 60), HasSubstr("expected [steps, width]"));
  EXPECT_THAT(error(Tensor<float>::zeros({2, 2}), 60, 0.0), HasSubstr("tempo 0"));
  EXPECT_THROW(write_midi(folder_ / "nowhere/x.mid", Tensor<float>::zeros({2, 2}), 60),
               EnvironmentError);
}

}  // namespace
}  // namespace carousel
