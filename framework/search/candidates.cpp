#include "search/candidates.hpp"

#include <fmt/format.h>

#include "cell/cell_file.hpp"
#include "cell/mutation/mutation.hpp"
#include "cell/mutation/structure_text.hpp"
#include "cell/mutation/symbolic_cell.hpp"
#include "io/digest.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {
namespace {

constexpr int tries_a_candidate = 20, tries_a_change = 20;

std::string digest_of(const StepProgram& program) { return sha256(structure_text(program)); }

// Linear ranking: the first of n has n chances, the last has one.
std::size_t drawn_rank(std::size_t n, Random& random) {
  std::uint64_t ticket = random.below(n * (n + 1) / 2);
  std::size_t rank = 0;
  for (; ticket >= n - rank; ++rank) ticket -= n - rank;
  return rank;
}

}  // namespace

std::vector<Candidate> first_cells(const CellSearchOptions& options, CellRegistry& registry) {
  std::vector<Candidate> cells;
  std::map<std::string, std::string> seen;
  for (const std::string& name : options.cells) {
    const Cell& cell = find_or_load(registry, name);
    Candidate candidate;
    candidate.name = cell.name;
    candidate.study_name = name;
    candidate.program = symbolic_program(cell);
    candidate.text = symbolic_text(candidate.program, {cell.name, cell.title});
    candidate.first = cells.size();
    const auto [same, is_new] = seen.emplace(digest_of(candidate.program), name);
    if (!is_new) {
      fail_input("cells: {} and {} are the same cell; leave one out", same->second, name);
    }
    cells.push_back(std::move(candidate));
  }
  return cells;
}

CandidateMaker::CandidateMaker(const CellSearchOptions& options,
                               const std::vector<Candidate>& first, const CellRegistry& registry)
    : options_(options), first_(first), registry_(registry) {
  for (const Candidate& cell : first) seen_.insert(digest_of(cell.program));
}

// False where no change of the parent was found.
bool CandidateMaker::mutate(Candidate& candidate, Random& random) const {
  const auto wanted = 1 + random.below(static_cast<std::uint64_t>(options_.mutations));
  for (int k = 0; k < tries_a_change && candidate.changes.size() < wanted; ++k) {
    std::optional<Mutant> mutant = mutated(candidate.program, random);
    if (!mutant) continue;
    candidate.program = std::move(mutant->program);
    candidate.changes.push_back(std::move(mutant->change));
  }
  return !candidate.changes.empty();
}

std::string CandidateMaker::free_name(int generation, std::size_t number) const {
  std::string name = fmt::format("g{}_{}", generation, number);
  while (registry_.look_up(name)) name += "_";
  return name;
}

std::vector<Candidate> CandidateMaker::make(int generation,
                                            const std::vector<Candidate>& population,
                                            MutantCounts& counts, const std::atomic<bool>& stop) {
  std::vector<Candidate> made;
  const auto wanted = static_cast<std::size_t>(options_.candidates);
  const int most = tries_a_candidate * options_.candidates;
  for (int k = 0; k < most && made.size() < wanted; ++k) {
    if (stop) throw Interrupted("stopped while candidates were made");
    Random random(options_.seed, Random::hash("mutant", static_cast<std::uint64_t>(generation),
                                              static_cast<std::uint64_t>(k)));
    const Candidate& parent = population[drawn_rank(population.size(), random)];
    Candidate candidate;
    candidate.name = free_name(generation, made.size() + 1);
    candidate.program = parent.program;
    candidate.first = parent.first;
    candidate.generation = generation;
    candidate.parent = parent.name;
    ++counts.made;
    MutantFault fault = MutantFault::malformed;
    try {
      if (mutate(candidate, random)) {
        // The text is what counts, so the program is the one that it gives.
        const auto from = fmt::format("From {}, generation {}", parent.name, generation);
        candidate.program = settled(candidate.program);
        candidate.text = symbolic_text(candidate.program, {candidate.name, from});
        fault = fault_of(candidate.program, candidate.text, first_[parent.first].program,
                         {options_.growth, options_.nodes});
      }
    } catch (const InputError&) {  // a text that says nothing sound, such as a constant output
    }
    if (fault == MutantFault::malformed) ++counts.malformed;
    else if (fault == MutantFault::too_large) ++counts.too_large;
    else if (!seen_.insert(digest_of(candidate.program)).second) ++counts.twice;
    else made.push_back(std::move(candidate));
  }
  return made;
}

}  // namespace carousel
