// A checkpoint whose checksum is right and whose content is anything: entries of a good archive are
// changed as the bytes say, and what reads it gives a record or an InputError. An input that begins
// with 'f' is taken for a whole file.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "io/archive.hpp"
#include "study/trial.hpp"
#include "target.hpp"
#include "train/trial_record.hpp"

namespace carousel {
namespace {

// Takes the bytes of an input one after the other; zeros behind its end.
class Bytes {
 public:
  explicit Bytes(std::string_view input) : input_(input) {}
  bool left() const { return at_ < input_.size(); }
  template <class T>
  T take() {
    T value{};
    const std::size_t count = std::min(sizeof value, input_.size() - at_);
    std::memcpy(&value, input_.data() + at_, count);
    at_ += count;
    return value;
  }
  std::string text() {
    std::string text(take<std::uint8_t>() % 32, ' ');
    for (char& c : text) c = static_cast<char>(take<std::uint8_t>());
    return text.substr(0, text.find('\0'));
  }

 private:
  std::string_view input_;
  std::size_t at_ = 0;
};

Archive good_archive() {
  TrialRecord record;
  record.cell = "gru";
  record.task = "adding";
  record.dataset = "adding_12";
  record.status = "done";
  record.metrics = {"error", "success"};
  record.loss = "error";
  record.epochs = record.best_epoch = 2;
  record.curve = {{1, 4, 0.5, 0.7, {0.6, 0.0}}, {2, 8, 1.0, 0.5, {0.4, 0.5}}};
  Archive archive;
  save_record(record, archive);
  archive.texts["exhibit 0 kind"] = "roll";
  archive.texts["exhibit 0 title"] = "a roll";
  archive.floats["exhibit 0/notes"] = Tensor<float>::zeros({2, 3});
  return archive;
}

template <class Map>
void change(Map& map, Bytes& bytes, const typename Map::mapped_type& value) {
  const std::size_t at = bytes.take<std::uint8_t>() % (map.size() + 2);
  if (at >= map.size()) {
    map[bytes.text()] = value;
  } else if (const auto entry = std::next(map.begin(), static_cast<std::ptrdiff_t>(at));
             bytes.take<std::uint8_t>() % 4 == 0) {
    map.erase(entry);
  } else {
    entry->second = value;
  }
}

Archive changed(Bytes& bytes) {
  Archive archive = good_archive();
  while (bytes.left()) {
    switch (bytes.take<std::uint8_t>() % 4) {
      case 0: change(archive.texts, bytes, bytes.text()); break;
      case 1: change(archive.counters, bytes, bytes.take<std::int64_t>()); break;
      case 2: change(archive.numbers, bytes, bytes.take<double>()); break;
      default:
        change(
            archive.doubles, bytes,
            Tensor<double>::full({bytes.take<std::uint8_t>() % 4, bytes.take<std::uint8_t>() % 9},
                                 bytes.take<double>()));
    }
  }
  return archive;
}

void read(const Archive& archive) {
  const TrialRecord record = load_record(archive);
  expect_same_trial(record, record);
  load_exhibits(archive);
}

}  // namespace

void run(std::string_view input) {
  if (input.starts_with('f')) {
    const auto path = fuzz_folder() / "checkpoint.h5";
    write_bytes(path, input.substr(1));
    for (const auto& [name, archive] : read_archives(path)) read(archive);
  } else {
    Bytes bytes(input);
    read(changed(bytes));
  }
}

}  // namespace carousel
