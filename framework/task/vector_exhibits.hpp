#pragma once

#include <optional>
#include <string>
#include <vector>

#include "task/exhibit.hpp"

namespace carousel {

/// A map of vectors with names by tsne(), with perplexity 30 or, of fewer than 91, a third of the
/// others. names: of one line each; vectors: [names, d]. None where there are fewer than 16, from
/// which little could be seen, and where a value is not finite.
std::optional<Exhibit> map_of(const std::string& title, const std::vector<std::string>& names,
                              const Tensor<double>& vectors);

/// For up to 12 of the names, evenly spaced, a line with the five whose vectors have the largest
/// cosine with its own, and that cosine. names, vectors: as map_of().
Exhibit nearest_of(const std::string& title, const std::vector<std::string>& names,
                   const Tensor<double>& vectors);

}  // namespace carousel
