#pragma once

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

}  // namespace carousel
