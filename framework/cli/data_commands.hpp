#pragma once

#include <string>

#include "cli/study_commands.hpp"

namespace carousel {

/// Arguments of `carousel import`.
struct ImportArguments {
  std::string kind;          // positional: what is imported, "music"
  std::string file;          // positional
  bool digest_only = false;  // --digest: print the content's SHA-256 and write nothing
};

/// Turns a data set in its public form into the layout that studies read, at --out or in the data
/// folder, and prints its sizes and the SHA-256 of its content. With --digest a set that is in our
/// layout is taken too.
int import_command(const ImportArguments& arguments, const CommonOptions& common);

}  // namespace carousel
