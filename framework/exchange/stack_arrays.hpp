#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "io/array_bytes.hpp"

namespace carousel {

/// Parameters of a stack, [layer][direction], the forward one first, each by the names of the cell.
using StackArrays = std::vector<std::vector<NamedArrays>>;

/// Names of the two biases of another library whose sum a parameter of ours is: "b_z/first",
/// "b_z/second". They may stand beside it, in a StackArrays or a file, so that both can go back as
/// they came; nothing of ours computes with them.
std::array<std::string, 2> summand_names(const std::string& parameter);

/// A stack's arrays by the names that a model has for them, "NAME/0/forward/W_z"; those of one scan
/// without a name of a stack by the cell's own, "W_z".
NamedArrays named_arrays(const StackArrays& stack, const std::string& name);

/// A model's parameters: its stacks by their names, and what belongs to none.
struct ModelArrays {
  std::map<std::string, StackArrays> stacks;  ///< by name
  NamedArrays others;                         ///< by their whole names
};

/// Takes the names of named_arrays() apart. Throws InputError where a layer or a direction is
/// missing, or layers are not alike.
ModelArrays model_arrays(const NamedArrays& parameters);

/// Which scans have parameters among these names: "layers/0/forward", each once.
std::vector<std::string> scans_in(const NamedArrays& parameters);

/// What is named FRONT/REST or FRONT.REST, by REST.
NamedArrays arrays_below(const NamedArrays& arrays, const std::string& front);

}  // namespace carousel
