// A shared library that is no plug-in.
extern "C" void register_cells() {}
