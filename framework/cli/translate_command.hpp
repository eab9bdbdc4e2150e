#pragma once

#include "cli/study_commands.hpp"
#include "study/open_model.hpp"
#include "task/translator.hpp"

namespace carousel {

/// Translates the lines of the standard input with a model of a run, a line for a line, as they
/// come. Of options.best > 1 each one is a line `place ||| text ||| log p ||| score`, the places
/// being those of the lines, from 0.
int translate_command(CellRegistry& registry, ModelOfRun wanted, const TranslateOptions& options,
                      const CommonOptions& common);

/// Prints log p(target | source) for each line of two files.
int score_command(CellRegistry& registry, ModelOfRun wanted, const std::string& source_file,
                  const std::string& target_file, const CommonOptions& common);

}  // namespace carousel
