#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace carousel {

/// What a data set holds. Each kind has a reader and a format of its own (docs/data.md).
enum class DataKind { frames, images, sentences, text, series, recordings, pairs };

/// "frames", "images" and so on.
const char* kind_name(DataKind kind);

/// A data set that studies call by its name.
struct DataSet {
  std::string name;      ///< as a study writes it
  DataKind kind;         ///< who reads it
  std::string place;     ///< below a data folder; empty: it is generated
  std::string stand_in;  ///< a generated set of the same kind; empty: there is none
  std::string title;     ///< a line for lists
};

/// Every data set that has a name, in the order of lists for people.
const std::vector<DataSet>& data_sets();

/// The set of that name and kind. Throws InputError with a suggestion when there is none.
const DataSet& find_set(const std::string& name, DataKind kind);

/// Whether a text is the path of somebody's own data: it has a '/' or a '.' in it.
bool is_path(const std::string& name_or_path);

/// What reports call it: the name, or of a path the last part without an extension.
std::string name_of_data(const std::string& name_or_path);

/// The folders that may hold data sets, in the order in which they are looked at: `data_dir` when
/// given, $CAROUSEL_DATA when set, ./data.
std::vector<std::filesystem::path> data_folders(const std::string& data_dir);

/// Where a set is looked for in each of data_folders(). Empty for a set that is generated.
std::vector<std::filesystem::path> places_of(const DataSet& set, const std::string& data_dir);

/// The first place of a set that exists; nothing where it is missing, "" where it is generated.
/// Throws InputError where `data_dir` does not exist.
std::optional<std::filesystem::path> place_of(const DataSet& set, const std::string& data_dir);

/// Where the data of a task is: the path itself, or the first place of the set of that name that
/// exists; "" for a set that is generated. Throws InputError when there is nothing: it names the
/// places, how to get the set and what can stand in. A `data_dir` that does not exist is an error.
std::filesystem::path find_data(const std::string& name_or_path, DataKind kind,
                                const std::string& data_dir);

}  // namespace carousel
