#include "layer/masks.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/random.hpp"

namespace carousel {

template <class T>
Tensor<T> Masks::draw(std::string_view name, const Shape& shape, const MaskValues& values) const {
  const Index steps = shape[0], batch = shape[1], size = shape[2];
  const Index drawn = values.one_a_sequence ? size : steps * size;
  // A word is below the bound with the probability asked for, to 2^-32.
  const auto bound = static_cast<std::uint64_t>(std::llround(std::ldexp(values.rate, 32)));
  const T hit = static_cast<T>(values.hit), miss = static_cast<T>(values.miss);
  std::vector<std::uint32_t> words(static_cast<std::size_t>((drawn + 3) / 4 * 4));
  Tensor<T> mask = Tensor<T>::uninitialised(shape);
  for (Index b = 0; b < batch; ++b) {
    const std::uint64_t stream = Random::hash(name, static_cast<std::uint64_t>(seed_.update),
                                              static_cast<std::uint64_t>(first_ + b));
    Random(seed_.seed, stream).words(words);
    for (Index t = 0; t < steps; ++t) {
      const std::uint32_t* word = words.data() + (values.one_a_sequence ? 0 : t * size);
      T* row = mask.data() + (t * batch + b) * size;
      for (Index i = 0; i < size; ++i) row[i] = word[i] < bound ? hit : miss;
    }
  }
  return mask;
}

template Tensor<float> Masks::draw(std::string_view, const Shape&, const MaskValues&) const;
template Tensor<double> Masks::draw(std::string_view, const Shape&, const MaskValues&) const;

}  // namespace carousel
