#pragma once

#include <map>
#include <string>

#include "tensor/tensor.hpp"

namespace carousel {

/// Something that a task has to show of a trained model. Reports know the kinds, and no task.
/// ```
///   "roll"   what a model expects of a sequence of keys, step by step. arrays "notes", 0 or 1, and
///            "expected", the probability that the model gave before it saw them: [steps, keys];
///            number "lowest": the MIDI pitch of the first key
///   "text"   text that a model wrote: text "text", behind text "prime"
///   "matrix" counts by two names. array "values": [rows, columns]; texts "rows" and "columns": a
///            name a line, and "row_title" and "column_title"
///   "lines"  values over the same steps. arrays: a line each, by its name, [steps], NaN where
///            there is no value; "truth" is the same for all models. number "first": where the
///            first step is on the axis, whole; texts "x_title" and "y_title"; text "y_scale" may
///            be there: "log"
///   "heat"   values between 0 and 1 as shades. array "values": [rows, columns]; texts "row_title"
///            and "column_title"
///   "points" units by two shares. arrays: a group of points each, by its name: [points, 2], x and
///            y between 0 and 1; texts "x_title" and "y_title"
///   "map"    points with names in the plane, where near ones are alike. array "places":
///            [points, 2], between 0 and 1; text "labels": a name a line, first those that are to
///            be seen first
/// ```
struct Exhibit {
  std::string kind;                               ///< one of the kinds above
  std::string title;                              ///< "test sequence 1"
  std::map<std::string, Tensor<float>> arrays;    ///< by name, as the kind asks for
  std::map<std::string, double> numbers;          ///< likewise
  std::map<std::string, std::string> texts = {};  ///< likewise
};

}  // namespace carousel
