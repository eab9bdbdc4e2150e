#pragma once
// Cells that look at a memory in each step: programs that run another one's equations, as those of
// cell/derived.hpp.

#include "cell/derived.hpp"

namespace carousel {

/// How a query is compared with the keys of a memory.
enum class AttentionScore {
  additive,  ///< v . tanh(W q + k), Bahdanau et al. 2015 (arXiv:1409.0473), appendix A.1.2
  product,   ///< q . k: `dot` of Luong et al. 2015 (arXiv:1508.04025, section 3.1), and `general`
             ///< where the keys are W m
};

/// Where in a step the attention is.
enum class AttentionPlace {
  before,  ///< asks with the output of the step before; the context is a part of x (Bahdanau)
  after,   ///< asks with the step's own output h; tanh(W [context, h]) is the step's output, and a
           ///< part of the next x (Luong et al. 2015, equation 5 and section 3.3)
};

/// What an attentive cell looks at. A memory has a row for each step of another sequence, such as
/// the outputs of an encoder.
struct AttentionForm {
  AttentionScore score = AttentionScore::additive;  ///< how rows are compared
  AttentionPlace place = AttentionPlace::before;    ///< when they are
  Index memory = 0;                                 ///< elements of a row
  Index keys = 0;  ///< elements of a row's key; of a product, those of the cell's output
  Index rows = 0;  ///< of the memory, those that are padding included
  /// Of Luong's local attention with predicted places (section 3.2, equations 9 and 10): rows
  /// around the place that count; it lies among the first `length` rows. 0: all rows.
  Index window = 0;
};

/// The elements of x that the cell itself is to be built for, so that the attentive cell takes
/// `input`. output: of the cell.
Index attentive_input(const AttentionForm& form, Index input, Index output);

/// A cell that looks at a memory. `cell` is built for attentive_input() elements; the new program
/// takes the `input` first ones. Its last states belong to the sequence (StepBuilder::given):
/// attention.memory [rows, memory]; attention.keys [rows, keys]; attention.mask [rows], which is
/// added to the scores: 0, and a large negative number for padding, whose weight is then 0; and,
/// where there is a window, attention.length [1], the number of rows that are none. Its output is
/// the cell's own with the context behind it, or what AttentionPlace::after says; attention.weights
/// and attention.context are named values. No name of a typed cell has a point in it. Throws
/// InputError where sizes do not fit.
StepProgram with_attention(const StepProgram& cell, const AttentionForm& form, Index input);

/// How many states with_attention() puts behind those of the cell for what belongs to the sequence.
inline std::size_t memory_states(const AttentionForm& form) { return form.window > 0 ? 4 : 3; }

}  // namespace carousel
