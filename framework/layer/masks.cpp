#include "layer/masks.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

namespace carousel {

namespace {

// One for what is hit. Drawing is what masks cost, so a byte decides; where it is the rate's own
// first byte, the rest of the rate is decided by a word of its own.
class Hits {
 public:
  Hits(double rate, Index n)
      : words_(static_cast<std::size_t>((n + 15) / 16 * 4)), hits_(4 * words_.size()) {
    first_ = static_cast<int>(rate * 256.0);
    rest_ = rate * 256.0 - first_;
  }

  std::span<const std::uint8_t> draw(Random random) {
    random.words(words_);
    std::memcpy(hits_.data(), words_.data(), hits_.size());
    std::vector<std::size_t> ties;
    for (const std::uint8_t* at = hits_.data(); (at = find_first(at)) != nullptr; ++at) {
      ties.push_back(static_cast<std::size_t>(at - hits_.data()));
    }
    for (std::uint8_t& hit : hits_) hit = hit < first_ ? 1 : 0;
    for (const std::size_t tie : ties) hits_[tie] = random.uniform() < rest_ ? 1 : 0;
    return hits_;
  }

 private:
  const std::uint8_t* find_first(const std::uint8_t* from) const {
    const auto left = static_cast<std::size_t>(hits_.data() + hits_.size() - from);
    return static_cast<const std::uint8_t*>(std::memchr(from, first_, left));
  }

  std::vector<std::uint32_t> words_;
  std::vector<std::uint8_t> hits_;
  int first_;    // the rate's first byte
  double rest_;  // of it, in [0, 1)
};

// The largest number below 1: rounding must not make one of it.
template <class T>
constexpr T below_one = T(1) - std::numeric_limits<T>::epsilon() / 2;

}  // namespace

Random Masks::numbers_of(std::string_view name, Index example) const {
  return {seed_.seed, Random::hash(name, static_cast<std::uint64_t>(seed_.update),
                                   static_cast<std::uint64_t>(first_ + example))};
}

// The numbers of each example in turn; draw(random) gives the next one.
template <class T, class Draw>
Tensor<T> Masks::each(std::string_view name, const Shape& shape, Supply::Often often,
                      Draw draw) const {
  const Index steps = shape[0], batch = shape[1], size = shape[2];
  Tensor<T> noise = Tensor<T>::uninitialised(shape);
  for (Index b = 0; b < batch; ++b) {
    Random random = numbers_of(name, b);
    const T* first = noise.data() + b * size;
    for (Index t = 0; t < steps; ++t) {
      T* row = noise.data() + (t * batch + b) * size;
      if (t > 0 && often == Supply::Often::sequence) {
        std::copy_n(first, size, row);
        continue;
      }
      for (Index i = 0; i < size; ++i) row[i] = static_cast<T>(draw(random));
    }
  }
  return noise;
}

template <class T>
Tensor<T> Masks::normal(std::string_view name, const Shape& shape, Supply::Often often) const {
  return each<T>(name, shape, often, [](Random& random) { return random.normal(); });
}

template <class T>
Tensor<T> Masks::uniform(std::string_view name, const Shape& shape, Supply::Often often) const {
  return each<T>(name, shape, often, [](Random& random) {
    return std::min(static_cast<T>(std::max(random.uniform(), 0x1.0p-53)), below_one<T>);
  });
}

template <class T>
Tensor<T> Masks::draw(std::string_view name, const Shape& shape, const MaskValues& values) const {
  const Index steps = shape[0], batch = shape[1], size = shape[2];
  const T hit = static_cast<T>(values.hit), miss = static_cast<T>(values.miss);
  const bool one_a_sequence = values.often == Supply::Often::sequence;
  Hits hits(values.rate, one_a_sequence ? size : steps * size);
  Tensor<T> mask = Tensor<T>::uninitialised(shape);
  for (Index b = 0; b < batch; ++b) {
    const std::span<const std::uint8_t> drawn = hits.draw(numbers_of(name, b));
    for (Index t = 0; t < steps; ++t) {
      const std::uint8_t* is_hit = drawn.data() + (one_a_sequence ? 0 : t * size);
      T* row = mask.data() + (t * batch + b) * size;
      for (Index i = 0; i < size; ++i) row[i] = is_hit[i] != 0 ? hit : miss;
    }
  }
  return mask;
}

template <class T>
Tensor<T> lengths_at_steps(const Shape& shape, std::span<const Index> lengths) {
  Tensor<T> values = Tensor<T>::full(shape, static_cast<T>(shape[0]));
  const Index batch = std::ssize(lengths);
  for (Index i = 0; batch > 0 && i < shape.numel(); ++i) {
    values.data()[i] = static_cast<T>(lengths[static_cast<std::size_t>(i % batch)]);
  }
  return values;
}

template Tensor<float> lengths_at_steps(const Shape&, std::span<const Index>);
template Tensor<double> lengths_at_steps(const Shape&, std::span<const Index>);
template Tensor<float> Masks::draw(std::string_view, const Shape&, const MaskValues&) const;
template Tensor<double> Masks::draw(std::string_view, const Shape&, const MaskValues&) const;
template Tensor<float> Masks::normal(std::string_view, const Shape&, Supply::Often) const;
template Tensor<double> Masks::normal(std::string_view, const Shape&, Supply::Often) const;
template Tensor<float> Masks::uniform(std::string_view, const Shape&, Supply::Often) const;
template Tensor<double> Masks::uniform(std::string_view, const Shape&, Supply::Often) const;

}  // namespace carousel
