#pragma once

#include <span>
#include <string>
#include <vector>

#include "metric/metric.hpp"

namespace carousel {

/// The names of the counts that bleu() reads, in its order: 1-grams to 4-grams that are in the
/// reference too, those written, then the words written and those of the reference.
std::vector<std::string> bleu_count_names();

/// Corpus BLEU of Papineni et al. 2002 (ACL, P02-1040, section 2.3) with one reference, from 0 to
/// 100: the geometric mean of the shares of 1-grams to 4-grams that are right, each counted no more
/// often than it stands in the reference, times exp(1 - reference / written) where less was written
/// than the reference has. As multi-bleu computes it: 0 where no n-gram of some length is right,
/// without smoothing, on the words as they are. columns: those of bleu_count_names(). NaN where
/// there is no reference.
double bleu(std::span<const std::span<const double>> columns);

/// Writes the counts of bleu() for an example.
void count_bleu(std::span<const std::string> written, std::span<const std::string> reference,
                Index example, Tally& tally);

/// The names of the counts that chrf() reads, in its order: character 1-grams to 6-grams that are
/// in the reference too, those written, those of the reference.
std::vector<std::string> chrf_count_names();

/// chrF2 of Popović 2015 (WMT, W15-3049, equation 1, beta = 2) over a corpus, from 0 to 100: the
/// F score of precision and recall of character n-grams, each averaged over n = 1 to 6. Blanks do
/// not count. An n for which written texts or references have no n-gram is left out. columns: those
/// of chrf_count_names(). NaN where there is no reference.
double chrf(std::span<const std::span<const double>> columns);

/// Writes the counts of chrf() for an example. Words are UTF-8.
void count_chrf(std::span<const std::string> written, std::span<const std::string> reference,
                Index example, Tally& tally);

/// The figures of written text: `bleu`, `chrf` and `exact`, the percentage of texts that are the
/// reference to the word.
const std::vector<Metric>& text_metrics();

/// Writes the counts of text_metrics() for an example.
void count_text(std::span<const std::string> written, std::span<const std::string> reference,
                Index example, Tally& tally);

}  // namespace carousel
