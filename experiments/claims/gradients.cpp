#include "gradients.hpp"

#include <cmath>
#include <map>

#include "csv_file.hpp"
#include "measures.hpp"
#include "tensor/error.hpp"

namespace carousel::claims {
namespace {

/// The norms of a trial at its last epoch, of one state or of all.
struct Norms {
  double epoch = -1.0;
  bool of_all = false;
  std::map<int, double> by_lag;
};

}  // namespace

GradientFall gradient_fall(const std::filesystem::path& file, const std::string& dataset,
                           const std::string& cell, int lag) {
  std::map<std::string, Norms> trials;
  for_each_row(file, [&](const PlacedRow& at) {
    if (at.text("dataset") != dataset || at.text("cell") != cell) return;
    Norms& norms = trials[at.text("trial")];
    const double epoch = at.number("epoch");
    const bool of_all = at.text("state") == "all";
    if (epoch < norms.epoch || (epoch == norms.epoch && norms.of_all && !of_all)) return;
    if (epoch > norms.epoch || (of_all && !norms.of_all)) norms = {epoch, of_all, {}};
    norms.by_lag[static_cast<int>(at.number("lag"))] = at.number("norm");
  });
  std::vector<double> falls;
  for (const auto& [trial, norms] : trials) {
    const auto near = norms.by_lag.find(1), far = norms.by_lag.find(lag);
    if (near == norms.by_lag.end() || far == norms.by_lag.end()) {
      fail_input("{}: {} has no norm at lag {}", file.string(), trial, lag);
    }
    falls.push_back(std::log(near->second / far->second));
  }
  if (falls.empty()) fail_input("{}: there is no {} on {}", file.string(), cell, dataset);
  return {mean_of_values(falls), static_cast<int>(falls.size())};
}

}  // namespace carousel::claims
