#pragma once

#include <string>
#include <vector>

#include "study/results.hpp"

namespace carousel {

/// The exhibits of kind "heat" as SVG: those of one data set and title side by side, a row each of
/// the values, shaded in ten steps from 0 to 1. Throws BugError when one lacks something.
std::string heats_html(const std::vector<StudyExhibit>& exhibits);

/// The exhibits of kind "points" likewise: a unit is a circle at its two shares, a group of units a
/// colour. Throws BugError when one lacks something.
std::string points_html(const std::vector<StudyExhibit>& exhibits);

}  // namespace carousel
