// The ABI tag alone.
#include "cell/plugin.hpp"

extern "C" const carousel::PluginTag carousel_plugin_tag;
constinit const carousel::PluginTag carousel_plugin_tag = carousel::plugin_tag(CAROUSEL_VERSION);
