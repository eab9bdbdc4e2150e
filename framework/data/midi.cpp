#include "data/midi.hpp"

#include <smf.h>

#include <memory>

namespace carousel {
namespace {

constexpr int ticks_per_quaver = 240;
constexpr int note_on = 0x90, note_off = 0x80, velocity = 80, highest_pitch = 127;

using Song = std::unique_ptr<smf_t, decltype(&smf_delete)>;

template <class T>
T* made(T* thing) {
  if (!thing) throw EnvironmentError("libsmf gave no memory for a MIDI file");
  return thing;
}

void add_tempo(smf_track_t* track, double tempo) {
  const auto microseconds = static_cast<unsigned>(60e6 / tempo);
  unsigned char event[] = {0xff,
                           0x51,
                           3,
                           static_cast<unsigned char>(microseconds >> 16),
                           static_cast<unsigned char>(microseconds >> 8),
                           static_cast<unsigned char>(microseconds)};
  smf_track_add_event_pulses(track, made(smf_event_new_from_pointer(event, sizeof event)), 0);
}

void add_note(smf_track_t* track, int kind, int pitch, Index step) {
  smf_track_add_event_pulses(track, made(smf_event_new_from_bytes(kind, pitch, velocity)),
                             static_cast<int>(step) * ticks_per_quaver);
}

bool sounds(const Tensor<float>& frames, Index step, Index k) {
  if (step < 0 || step >= frames.shape()[0]) return false;
  const float value = frames.data()[step * frames.shape()[1] + k];
  if (value != 0.0f && value != 1.0f) {
    fail_input("MIDI: the frames hold {} at [{}, {}], expected 0 or 1", value, step, k);
  }
  return value == 1.0f;
}

}  // namespace

void write_midi(const std::filesystem::path& path, const Tensor<float>& frames, int lowest_pitch,
                double tempo) {
  // A tempo is kept as microseconds in 24 bits.
  if (frames.shape().rank() != 2 || lowest_pitch < 0 || !(tempo >= 4.0 && tempo <= 1000.0)) {
    fail_input(
        "MIDI: got frames {}, lowest pitch {}, tempo {}; expected [steps, width], 0 or more, "
        "4 to 1000",
        frames.shape().to_string(), lowest_pitch, tempo);
  }
  const Index steps = frames.shape()[0];
  const Song song(made(smf_new()), &smf_delete);
  smf_track_t* track = made(smf_track_new());
  smf_add_track(song.get(), track);
  if (smf_set_format(song.get(), 0) != 0 || smf_set_ppqn(song.get(), 2 * ticks_per_quaver) != 0) {
    fail_bug("libsmf takes no format 0 of {} ticks", 2 * ticks_per_quaver);
  }
  add_tempo(track, tempo);
  for (Index t = 0; t <= steps; ++t) {
    for (Index k = 0; k < frames.shape()[1]; ++k) {
      const bool before = sounds(frames, t - 1, k), now = sounds(frames, t, k);
      if (before == now) continue;
      if (lowest_pitch + k > highest_pitch) {
        fail_input("MIDI: the frames hold a note of pitch {} at [{}, {}], the highest is {}",
                   lowest_pitch + k, t, k, highest_pitch);
      }
      add_note(track, now ? note_on : note_off, lowest_pitch + static_cast<int>(k), t);
    }
  }
  if (smf_track_add_eot_pulses(track, static_cast<int>(steps) * ticks_per_quaver) != 0) {
    fail_bug("libsmf takes no end of a track");
  }
  // What it would print is said in our error.
  g_log_set_handler(
      "libsmf", G_LOG_LEVEL_MASK, [](auto...) {}, nullptr);
  if (smf_save(song.get(), path.c_str()) != 0) {
    throw EnvironmentError(fmt::format(
        "{}: can't write this file; does the folder exist, and has the disk room?", path.string()));
  }
}

}  // namespace carousel
