#include "cells/catalogue.hpp"

namespace carousel {

void register_catalogue(CellRegistry& registry) {
  for (auto cell : {rnn_tanh, lstm, lstm_peephole, gru_reset_before, gru_reset_after, mgu, ugrnn,
                    mut1, ran, indrnn, sru, min_gru, qrnn}) {
    registry.add(cell());
  }
}

}  // namespace carousel
