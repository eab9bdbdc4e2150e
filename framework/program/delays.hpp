#pragma once

#include <vector>

#include "program/packing.hpp"
#include "program/step_program.hpp"

namespace carousel {

/// A state whose new value is an input, or another such state's old value: x[t-1], x[t-2]. All of
/// it is known in front of the loop.
struct Delay {
  std::size_t state;   ///< of the original program
  std::size_t input;   ///< of the new program: the delayed rows
  std::size_t source;  ///< of the new program: the rows that are delayed
};

/// A program whose delays are further inputs instead of states.
struct DelayedProgram {
  StepProgram program;              ///< nodes keep their ids
  std::vector<Delay> delays;        ///< a delay of a delay comes behind it
  std::vector<std::size_t> states;  ///< of the original program: those that are left
};

/// Takes the delays out of a program.
DelayedProgram without_delays(const StepProgram& program);

/// The packed rows of `source` one step later, those of step 0 being the initial state. initial:
/// [batch, width] in the packed order.
template <class T>
Tensor<T> delayed(const Packing& packing, const Tensor<T>& source, const Tensor<T>& initial);

/// The delay's state behind each sequence's last step, [batch, width] in the packed order.
template <class T>
Tensor<T> final_delay(const Packing& packing, const Tensor<T>& source, const Tensor<T>& initial);

/// The way back of both. gradient: of the delayed rows; final_gradient: of the final state; either
/// may be an empty handle, for zeros. Adds to source_gradient, where that is wanted (not null), and
/// returns the gradient of the initial state.
template <class T>
Tensor<T> delay_backward(const Packing& packing, const Tensor<T>& gradient,
                         const Tensor<T>& final_gradient, Index width, Tensor<T>* source_gradient);

}  // namespace carousel
