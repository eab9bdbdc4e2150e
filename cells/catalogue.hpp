#pragma once

#include "cell/cell.hpp"

namespace carousel {

Cell rnn_tanh();
Cell lstm();
Cell lstm_peephole();
Cell gru_reset_before();
Cell gru_reset_after();
Cell mgu();
Cell ugrnn();
Cell mut1();
Cell ran();
Cell indrnn();
Cell sru();
Cell min_gru();
Cell qrnn();

/// Adds every cell of this folder.
void register_catalogue(CellRegistry& registry);

}  // namespace carousel
