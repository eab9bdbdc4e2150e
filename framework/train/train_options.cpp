#include "train/train_options.hpp"

#include "tensor/error.hpp"

namespace carousel {

Rounding rounding_of(const TrainOptions& options) {
  if (options.precision == "bf16" && !has_bf16()) {
    fail_input(
        "train.precision is bf16, which this processor (or CAROUSEL_ISA) lacks; expected one with "
        "AVX512-BF16, or float, or bf16_or_float, which takes float here");
  }
  const bool wanted = options.precision == "bf16" || options.precision == "bf16_or_float";
  return wanted && has_bf16() ? Rounding::bf16 : Rounding::none;
}

}  // namespace carousel
