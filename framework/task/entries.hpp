#pragma once
// The entries of the task table, one for each file of this folder that is a task. task.cpp lists
// them; nothing else names a task.

#include "task/task.hpp"

namespace carousel {

Task next_frame_task();
Task adding_task();
Task multiplication_task();
Task temporal_order_task();
Task latch_task();
Task reber_task();
Task copy_memory_task();

}  // namespace carousel
