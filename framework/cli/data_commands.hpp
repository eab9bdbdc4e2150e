#pragma once

#include <string>

#include "cli/common_options.hpp"

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

/// Lists the data sets that have a name: what each is for, where it is or how to get it. As text,
/// or as JSON, an array of objects with "name", "kind", "title" and "place", which is null for a
/// set that is missing and "" for one that is generated. Throws InputError where --data is no
/// folder.
int data_command(bool as_json, const CommonOptions& common);

}  // namespace carousel
