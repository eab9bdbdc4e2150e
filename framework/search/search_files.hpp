#pragma once

#include <filesystem>
#include <string>

#include "search/search_run.hpp"

namespace carousel {

/// candidates.csv: one row a cell of the search, with what it was made from, the figures and score
/// of each stage that it came to, and its status.
std::string candidates_csv(const SearchResults& results);
/// generations.csv: one row a generation, with what became of its mutants.
std::string generations_csv(const SearchResults& results);
/// population.csv: the cells that further candidates are made from, by rank.
std::string population_csv(const SearchResults& results);
/// best.md: the best five cells, where they come from, and their equations.
std::string best_markdown(const SearchResults& results);
/// The same ranks as a table for a terminal.
std::string population_table(const SearchResults& results);

/// Writes the four files into a search's folder.
void write_search_files(const SearchResults& results, const std::filesystem::path& folder);

}  // namespace carousel
