#pragma once

#include <set>
#include <string>

#include "cells/catalogue.hpp"

namespace carousel {

/// The registry with the cells of the catalogue alone.
inline const CellRegistry& catalogue() {
  static const CellRegistry registry = [] {
    CellRegistry all;
    register_catalogue(all);
    return all;
  }();
  return registry;
}

/// Cells whose gradient is by intention not the derivative of their value, which has steps.
inline const std::set<std::string>& cells_with_steps() {
  static const std::set<std::string> names = {"hm_lstm", "skip_gru", "skip_lstm", "surnn"};
  return names;
}

}  // namespace carousel
