#pragma once

#include "cli/common_options.hpp"
#include "study/open_model.hpp"
#include "task/translator.hpp"

namespace carousel {

/// Translates the lines of the standard input with a model of a run, a line for a line, as they
/// come. Of options.best > 1 each one is a line `place ||| text ||| log p ||| score`, the places
/// being those of the lines, from 0. reference: a file with their translations, a line for a line,
/// with which the best ones are compared: a line with BLEU, chrF2 and exact on the standard error
/// at the end; empty: none.
int translate_command(CellRegistry& registry, ModelOfRun wanted, const TranslateOptions& options,
                      const std::string& reference, const CommonOptions& common);

/// What is wanted of pairs of lines.
struct PairRequest {
  std::string source_file, target_file;  ///< a line for a line
  std::string show = "log-p";            ///< one of shown()
  bool at_start = false;                 ///< with the values that the model had before training

  /// What can be shown.
  static std::vector<std::string> shown() { return {"log-p", "links", "gradients"}; }
};

/// Prints a line for each pair of lines: log p(target | source); or links `s-t` of places from 0,
/// see Translator::links(); or a number for each source word, see Translator::gradients().
int score_command(CellRegistry& registry, ModelOfRun wanted, const PairRequest& request,
                  const CommonOptions& common);

}  // namespace carousel
