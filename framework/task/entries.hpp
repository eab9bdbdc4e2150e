#pragma once

#include "task/task.hpp"

/// Every task, in the order of lists for people: NAME is the entry that NAME_task() makes, in
/// NAME.cpp. Nothing outside this folder names a task.
#define CAROUSEL_TASKS(ENTRY) \
  ENTRY(next_frame)           \
  ENTRY(adding)               \
  ENTRY(multiplication)       \
  ENTRY(temporal_order)       \
  ENTRY(latch)                \
  ENTRY(reber)                \
  ENTRY(copy_memory)          \
  ENTRY(parity)               \
  ENTRY(arithmetic)           \
  ENTRY(image_sequence)       \
  ENTRY(sentiment)            \
  ENTRY(spoken_digits)        \
  ENTRY(language_model)       \
  ENTRY(forecasting)          \
  ENTRY(translation)

namespace carousel {

#define CAROUSEL_DECLARE_TASK(NAME) Task NAME##_task();
CAROUSEL_TASKS(CAROUSEL_DECLARE_TASK)
#undef CAROUSEL_DECLARE_TASK

}  // namespace carousel
