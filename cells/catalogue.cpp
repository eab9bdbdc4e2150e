#include "cells/catalogue.hpp"

namespace carousel {

void register_catalogue(CellRegistry& registry) {
  for (const CellText& cell : catalogue_texts()) {
    registry.add_text(cell.text, std::string(cell.file));
  }
}

}  // namespace carousel
