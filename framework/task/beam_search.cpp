#include "task/beam_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "task/symbol_rule.hpp"
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
  const std::vector<Candidate> best = best_of(search, next, places);
  if (best.empty() && search.finished.empty()) {
    finish(search, std::move(search.followed.front()), options);
  }
  for (const Candidate& candidate : best) {
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

// What the writer gives, without the symbols that are not to be written.
Tensor<double> allowed(StepWriter& writer, const std::vector<Index>& symbols,
                       const BeamOptions& options) {
  poll_stop();
  Tensor<double> next = writer.next(symbols);
  const Index count = next.shape()[1];
  for (Index row = 0; row < next.shape()[0]; ++row) {
    for (const Index symbol : options.never) {
      next.data()[row * count + symbol] = -std::numeric_limits<double>::infinity();
    }
  }
  return next;
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
    const Tensor<double> next = allowed(writer, symbols, options);
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

std::vector<Written> draw_sequences(StepWriter& writer, const BeamOptions& options,
                                    const SymbolRule& rule, std::uint64_t seed,
                                    std::uint64_t first) {
  std::vector<Written> all(options.most.size());
  std::vector<std::size_t> open(all.size());  // which sequence is in which row
  std::iota(open.begin(), open.end(), std::size_t{0});
  std::vector<Index> symbols(all.size(), options.begin);
  while (!open.empty()) {
    const Tensor<double> next = allowed(writer, symbols, options);
    const auto count = static_cast<std::size_t>(next.shape()[1]);
    std::vector<Index> from;
    std::vector<std::size_t> still;
    symbols.clear();
    for (std::size_t row = 0; row < open.size(); ++row) {
      Written& written = all[open[row]];
      Random random(seed, Random::hash("drawn sequence", first + open[row],
                                       static_cast<std::uint64_t>(written.symbols.size())));
      const auto log_p = next.values().subspan(row * count, count);
      const std::size_t symbol = draw_symbol(log_p, rule, random);
      written.log_probability += log_p[symbol];
      written.score = written.log_probability;
      written.finished = static_cast<Index>(symbol) == options.end;
      if (!written.finished) written.symbols.push_back(static_cast<Index>(symbol));
      if (written.finished || std::ssize(written.symbols) >= options.most[open[row]]) continue;
      from.push_back(static_cast<Index>(row));
      still.push_back(open[row]);
      symbols.push_back(static_cast<Index>(symbol));
    }
    open = std::move(still);
    if (!open.empty()) writer.keep(from);
  }
  return all;
}

}  // namespace carousel
