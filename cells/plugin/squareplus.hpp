#pragma once

#include <carousel/cell/cell.hpp>

/// The op squareplus, (x + sqrt(x^2 + 4)) / 2: a smooth relu. Barron 2021, arXiv:2112.11687.
carousel::Op squareplus_op();

/// Applies the op.
carousel::Var squareplus(carousel::Var x);

/// The cell li_gru_squareplus, see li_gru.cpp.
carousel::Cell li_gru_squareplus();
