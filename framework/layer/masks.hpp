#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "program/step_program.hpp"
#include "tensor/random.hpp"
#include "tensor/tensor.hpp"

namespace carousel {

/// Which update of which trial masks are drawn for.
struct MaskSeed {
  std::uint64_t seed = 0;   ///< of the trial
  std::int64_t update = 0;  ///< updates made before
};

/// What a mask's elements are: `hit` with probability `rate`, else `miss`.
struct MaskValues {
  double rate = 0.0;                          ///< probability, in [0, 1]
  double hit = 0.0;                           ///< value with that probability
  double miss = 1.0;                          ///< value otherwise
  Supply::Often often = Supply::Often::step;  ///< how often they are drawn

  /// 0 for what is dropped, 1 / (1 - rate) for what stays, so that the mean is 1.
  static MaskValues dropout(double rate, Supply::Often often) {
    return {rate, 0.0, 1.0 / (1.0 - rate), often};
  }
};

/// The random masks of one pass over some examples of a batch. A mask is a function of (seed,
/// update, its name, the example's place in the batch) alone: the same bits on any number of
/// threads, and however a batch is cut.
class Masks {
 public:
  /// first: the place in its batch of the first example of the pass.
  Masks(const MaskSeed& seed, Index first) : seed_(seed), first_(first) {}

  /// Updates made before.
  std::int64_t update() const { return seed_.update; }
  /// shape: [steps, batch, size].
  template <class T>
  Tensor<T> draw(std::string_view name, const Shape& shape, const MaskValues& values) const;
  /// Standard normal numbers, of which the same holds. shape: [steps, batch, size].
  template <class T>
  Tensor<T> normal(std::string_view name, const Shape& shape,
                   Supply::Often often = Supply::Often::step) const;
  /// Numbers uniform in 0 to 1, both left out, likewise.
  template <class T>
  Tensor<T> uniform(std::string_view name, const Shape& shape, Supply::Often often) const;

 private:
  Random numbers_of(std::string_view name, Index example) const;
  template <class T, class Draw>
  Tensor<T> each(std::string_view name, const Shape& shape, Supply::Often often, Draw draw) const;

  MaskSeed seed_;
  Index first_;
};

/// What an input that is the length of its sequence holds. shape: [steps, batch, 1]; lengths: of
/// the sequences; empty: all steps.
template <class T>
Tensor<T> lengths_at_steps(const Shape& shape, std::span<const Index> lengths);

}  // namespace carousel
