#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tensor/error.hpp"

namespace carousel {

/// Reads the arguments, and so calls the callbacks of `app`. Returns the exit code: 2 where the
/// arguments are at fault.
inline int run_app(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
}

/// What a main() returns: the exit code that run() gives, or that of the error that it throws,
/// whose message is printed: 2 where the input is at fault, else 3.
template <class F>
int exit_code_of(F&& run) {
  try {
    return run();
  } catch (const InputError& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 3;
  }
}

}  // namespace carousel
