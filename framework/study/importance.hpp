#pragma once

#include <limits>
#include <string>
#include <vector>

namespace carousel {

/// What the spread of a search's figures comes from: shares of the variance of a polynomial that
/// was fitted to them, which splits into parts of single keys and of pairs. It is a functional
/// analysis of variance, as the one by forests of Hutter et al. 2014 is, with the shares read off
/// the coefficients of orthogonal polynomials (Sudret 2008, equation 36).
struct Importance {
  std::vector<double> alone;               ///< by key: its share without any other key
  std::vector<std::vector<double>> pairs;  ///< [key][key]: what two keys explain only together
  /// Share of the variance of the figures that the polynomial foretells of a draw which it was not
  /// fitted to (leave-one-out). Where it is small or below 0, the shares say nothing.
  double foretold = std::numeric_limits<double>::quiet_NaN();

  /// False where there were too few draws for a fit, or all figures are the same.
  bool is_known() const { return !alone.empty(); }
};

/// The place of each value among all of them, in (0, 1): its mid-rank less a half, by their number.
/// Values in order as numbers where all are numbers, else as texts.
std::vector<double> places_of(const std::vector<std::string>& values);

/// places: [keys][draws], each key's spread over (0, 1); figures: of each draw, finite. Degree 2 in
/// each key and 1 x 1 in each pair. Throws BugError when the sizes do not fit.
Importance importance_of(const std::vector<std::vector<double>>& places,
                         const std::vector<double>& figures);

}  // namespace carousel
