#include <carousel/cell/plugin.hpp>

#include "squareplus.hpp"

CAROUSEL_PLUGIN(registry) {
  registry.add(squareplus_op());
  registry.add(li_gru_squareplus());
}
