// Calls what nobody defines.
#include "cell/plugin.hpp"

namespace carousel {
Cell cell_from_nowhere();
}

CAROUSEL_PLUGIN(registry) { registry.add(carousel::cell_from_nowhere()); }
