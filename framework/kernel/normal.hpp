#pragma once

#include "tensor/random.hpp"
#include "tensor/shape.hpp"

namespace carousel {

/// out[i] = standard normal numbers from the start of the random stream (Box and Muller 1958, on
/// whole vectors): many at a time, from one 32-bit word each, where Random::normal() draws single
/// ones with 53 bits. A number depends on the stream and on i alone. out: [n].
template <class T>
void fill_normal(Random random, T* out, Index n);

}  // namespace carousel
