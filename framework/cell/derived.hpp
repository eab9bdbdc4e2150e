#pragma once
// Cells made from other cells: programs of one step that run another one's equations. They work
// for every cell of the catalogue and every typed one, and are compiled as it is.

#include <map>
#include <string>
#include <vector>

#include "program/step_program.hpp"

namespace carousel {

/// Zoneout (Krueger et al. 2017, arXiv:1606.01305, section 3.3): each element of a state keeps its
/// old value with the rate given for that state, s = m * s[t-1] + (1 - m) * s', where s' is what
/// the cell computes. As in the paper, the cell's own equations read s', and the next step and the
/// output read s. In evaluation the mask is its mean, the rate. rates: by the names of states; the
/// name "all" stands for the states that are not named. Names of other cells' states are passed
/// over. Takes states of rank 1, [batch, n]; throws InputError where another one is named.
StepProgram with_zoneout(const StepProgram& program, const std::map<std::string, double>& rates);

/// Recurrent dropout without memory loss (Semeniuta, Severyn and Barth 2016, arXiv:1603.05118,
/// equations 14 to 16): what a step adds to a state is dropped, and what the state holds is not. Of
/// a state that is a sum, the terms that are no product with its old value take the mask: the
/// candidate of an LSTM and of a GRU. Where a cell has no such state, as the simple RNN, the old
/// values that a step reads take it (the paper's equation 4, after Moon et al. 2015). A state that
/// the cell divides by takes none. Of states of rank 1.
/// often: a mask is drawn for each step, or once a sequence.
StepProgram with_recurrent_dropout(StepProgram program, double rate, Supply::Often often);

/// The states before the first step become parameters, initial_STATE, which begin at the values
/// that they had. States of rank 1 whose initial value is a number.
StepProgram with_learned_states(const StepProgram& program);

/// Names of the states of rank 1 that have an equation of their own: not the older values of
/// another one, such as h[t-2], no sum of losses, and nothing that depends on no data, such as the
/// number of the step.
std::vector<std::string> vector_states(const StepProgram& program);

}  // namespace carousel
