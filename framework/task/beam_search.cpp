#include "task/beam_search.hpp"

#include <algorithm>
#include <cmath>

#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

// A continuation of a row by a symbol.
struct Candidate {
  double log_probability;
  Index row, symbol;
};

// Likelier first; of equal ones that of the earlier row and symbol.
bool comes_first(const Candidate& a, const Candidate& b) {
  if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
  return a.row != b.row ? a.row < b.row : a.symbol < b.symbol;
}

// One sequence that is searched for: what is followed, in which rows of the writer, and what was
// finished.
struct Search {
  Index most = 0;
  std::vector<Written> followed, finished;
  Index first_row = 0;
};

// The `count` likeliest continuations of the rows of a search.
std::vector<Candidate> best_of(const Search& search, const Tensor<double>& next,
                               std::size_t count) {
  const Index symbols = next.shape()[1];
  std::vector<Candidate> best;
  for (std::size_t k = 0; k < search.followed.size(); ++k) {
    const Index row = search.first_row + static_cast<Index>(k);
    const double before = search.followed[k].log_probability;
    const double* of_row = next.data() + row * symbols;
    for (Index symbol = 0; symbol < symbols; ++symbol) {
      const Candidate candidate{before + of_row[symbol], row, symbol};
      if (!(candidate.log_probability > -1e300)) continue;
      if (best.size() == count && !comes_first(candidate, best.back())) continue;
      if (best.size() == count) best.pop_back();
      best.insert(std::ranges::upper_bound(best, candidate, comes_first), candidate);
    }
  }
  return best;
}

void finish(Search& search, Written written, const BeamOptions& options) {
  const auto length = static_cast<double>(written.symbols.size() + (written.finished ? 1 : 0));
  written.score = written.log_probability / std::pow(std::max(length, 1.0), options.norm);
  search.finished.push_back(std::move(written));
}

// Goes on by one symbol. Adds the rows that are followed from now on, and their last symbols.
void go_on(Search& search, const Tensor<double>& next, const BeamOptions& options,
           std::vector<Index>& from, std::vector<Index>& symbols) {
  const std::size_t places = static_cast<std::size_t>(options.beam) - search.finished.size();
  std::vector<Written> followed;
  const auto first_row = static_cast<Index>(from.size());
  for (const Candidate& candidate : best_of(search, next, places)) {
    Written written = search.followed[static_cast<std::size_t>(candidate.row - search.first_row)];
    written.log_probability = candidate.log_probability;
    written.finished = candidate.symbol == options.end;
    if (!written.finished) written.symbols.push_back(candidate.symbol);
    if (written.finished || static_cast<Index>(written.symbols.size()) >= search.most) {
      finish(search, std::move(written), options);
      continue;
    }
    followed.push_back(std::move(written));
    from.push_back(candidate.row);
    symbols.push_back(candidate.symbol);
  }
  search.followed = std::move(followed);
  search.first_row = first_row;
}

}  // namespace

std::vector<std::vector<Written>> beam_search(StepWriter& writer, const BeamOptions& options) {
  if (options.beam < 1) fail_input("got a beam of {}, expected at least 1", options.beam);
  std::vector<Search> searches;
  for (const Index most : options.most) {
    searches.push_back({most, {Written{}}, {}, static_cast<Index>(searches.size())});
  }
  std::vector<Index> symbols(searches.size(), options.begin);
  while (!symbols.empty()) {
    poll_stop();
    const Tensor<double> next = writer.next(symbols);
    std::vector<Index> from;
    symbols.clear();
    for (Search& search : searches) go_on(search, next, options, from, symbols);
    if (!symbols.empty()) writer.keep(from);
  }
  std::vector<std::vector<Written>> all;
  for (Search& search : searches) {
    std::ranges::stable_sort(search.finished, std::greater<>(), &Written::score);
    all.push_back(std::move(search.finished));
  }
  return all;
}

}  // namespace carousel
