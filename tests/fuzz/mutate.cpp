#include "mutate.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace carousel {
namespace {

class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t series, std::uint64_t number)
      : seeds_(seeds) {
    std::seed_seq sequence{series, series >> 32, number, number >> 32};
    random_.seed(sequence);
    bytes_ = seeds[below(seeds.size())];
  }

  std::string run() {
    const std::size_t changes = 1 + below(5);
    for (std::size_t i = 0; i < changes && !bytes_.empty(); ++i) change();
    return bytes_;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  // A place that the file most likely uses.
  std::size_t place() {
    std::size_t at = below(bytes_.size());
    for (int tries = 0; tries < 40 && bytes_[at] == 0; ++tries) at = below(bytes_.size());
    const std::size_t near = below(4);
    return at >= near ? at - near : at;
  }

  void change() {
    switch (below(12)) {
      case 0:
      case 1:
      case 2: bytes_[place()] ^= static_cast<char>(1 << below(8)); break;
      case 3:
      case 4: bytes_[place()] = static_cast<char>(below(256)); break;
      case 5:
      case 6:
      case 7: overwrite(); break;
      case 8: bytes_[place()] += static_cast<char>(below(2) == 0 ? 1 : -1); break;
      case 9: fill(); break;
      case 10: copy_block(); break;
      default:
        if (below(4) == 0) bytes_.resize(below(bytes_.size()));
    }
  }

  void overwrite() {
    const std::array<std::uint64_t, 16> odd = {0,
                                               1,
                                               2,
                                               0x7f,
                                               0x80,
                                               0xff,
                                               0x7fff,
                                               0x8000,
                                               0xffff,
                                               0x7fffffff,
                                               0x80000000,
                                               0xffffffff,
                                               0x7fffffffffffffff,
                                               0xffffffffffffffff,
                                               bytes_.size(),
                                               below(bytes_.size())};
    const std::uint64_t value = odd[below(odd.size())];
    const std::size_t width = std::size_t{1} << below(4), at = place();
    for (std::size_t i = 0; i < width && at + i < bytes_.size(); ++i) {
      bytes_[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
    }
  }

  void fill() {
    const std::size_t at = place(), size = std::min(1 + below(64), bytes_.size() - at);
    std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), size,
                static_cast<char>(below(2) == 0 ? 0 : 0xff));
  }

  void copy_block() {
    const std::string& from = seeds_[below(seeds_.size())];
    const std::size_t at = place(), start = below(from.size());
    const std::size_t size = std::min({1 + below(64), bytes_.size() - at, from.size() - start});
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(start), size,
                bytes_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  const std::vector<std::string>& seeds_;
  std::mt19937_64 random_;
  std::string bytes_;
};

}  // namespace

std::string mutated(const std::vector<std::string>& seeds, std::uint64_t series,
                    std::uint64_t number) {
  return Mutator(seeds, series, number).run();
}

}  // namespace carousel
