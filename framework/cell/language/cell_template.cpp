#include "cell/language/cell_template.hpp"

#include <cctype>

#include "tensor/error.hpp"

namespace carousel {
namespace {

constexpr const char* head = R"( "One line on what it is"
ref "Authors year, arXiv:number"
conventions "what others do differently: place of the reset gate, number of biases, ..."

# Parameters: name : [sizes]. `input` is the size of x, `hidden` that of a state.
# init: glorot (matrices), zeros (the rest), ones, constant(a), uniform(a), normal(s), orthogonal,
# identity, chrono(n). `fixed` at the end: not trained.
param W_z, W_c : [hidden, input]
param U_z, U_c : [hidden, hidden]  init orthogonal
param b_z      : [hidden]          init constant(1)
param b_c      : [hidden]

# Numbers that a study can change.
hyper leak = 0.9

# One line a value, in the order of computation. @ is the matrix product, * is elementwise.
# h[t-1] is h at the step before; that makes h a state, zero in front of the first step
# (`initial h = ...` sets it, `state M : [memory, 4]` gives a state another shape than [hidden]).
z = sigmoid(W_z @ x + U_z @ h[t-1] + b_z)
c = tanh(W_c @ x + U_c @ (z * h[t-1]) + b_c)
h = leak * z * h[t-1] + (1 - z) * c

# What the layer above sees.
output h
)";

}  // namespace

std::string cell_template(const std::string& name) {
  bool valid = !name.empty() && name.size() <= 64 &&
               std::isalpha(static_cast<unsigned char>(name.front())) != 0;
  for (const char c : name) {
    valid = valid && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_');
  }
  if (!valid) {
    fail_input("'{}' can't be the name of a cell: expected letters, digits and _, a letter first",
               name);
  }
  return "cell " + name + head;
}

}  // namespace carousel
