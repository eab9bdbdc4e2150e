#pragma once

#include <string>

#include "kernel/bf16.hpp"
#include "optim/optimiser.hpp"
#include "optim/schedule.hpp"

namespace carousel {

/// How a trial is trained: the group `train` of a study.
struct TrainOptions {
  int epochs = 100;   ///< passes over the training split at most
  int patience = 10;  ///< epochs without a better validation figure before the stop; 0: never
  int batch = 16;     ///< examples in an update
  int examples = 0;   ///< of the training split, see training_examples(); 0: all
  int shard = 8;      ///< examples in a parallel task at most, see cut_into_shards()
  int segments = 1;   ///< parts of a sequence, all but one computed again on the way back; 0: sqrt
  OptimiserOptions optimiser;  ///< rule and constants
  ScheduleOptions schedule;    ///< how the rate changes
  std::string loss = "step";   ///< whose mean loss is minimised: that of a term (a step), or of an
                               ///< example ("sequence")
  double clip_norm = 1.0;      ///< largest global norm of the gradient; 0: no limit
  double clip_value = 0.0;     ///< largest element of the gradient; 0: no limit
  double weight_noise = 0.0;   ///< standard deviation, see with_weight_noise(); 0: none
  std::string precision = "float";  ///< "float", "double", "bf16" or "bf16_or_float"
  int keep_every =
      0;  ///< keeps the parameters after every so many epochs, to be inspected; 0: none
  double checkpoint_seconds = 10.0;  ///< at least this long between checkpoints
};

/// What the operands of products in recurrent layers are rounded to. Throws InputError where the
/// precision is bf16 and the processor lacks it; bf16_or_float rounds nothing there.
Rounding rounding_of(const TrainOptions& options);

}  // namespace carousel
