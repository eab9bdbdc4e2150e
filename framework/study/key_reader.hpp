#pragma once
// Keys and values of a YAML document, each read and checked by itself, with its place in messages.
// Includes yaml-cpp, so it is not among the headers of the package.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "study/study_keys.hpp"

namespace carousel {

/// The tree of a document without aliases, in which each key stands once. source: stands for the
/// file in messages. Throws InputError.
YAML::Node load_yaml(const std::string& text, const std::string& source);

/// Puts `key.sub=value` into a tree; a comma in the value makes a list. Throws InputError.
void apply_override(YAML::Node root, const std::string& text);

/// Reads the keys of a map.
class KeyReader {
 public:
  /// Reads the keys of a map, or of nothing. source: stands for the file in messages; path: of the
  /// keys around it, "" at the root. source and overrides must outlive it.
  KeyReader(const YAML::Node& node, const std::string& source,
            const std::vector<std::string>& overrides, std::string path)
      : node_(node), source_(source), overrides_(overrides), path_(std::move(path)) {
    if (!node_.IsMap() && !node_.IsNull()) {
      fail(node_, path_, fmt::format("{}: expected keys and values", path_));
    }
  }

  ///@{
  /// Reads a key into a value, if the key is there. What it does not take is an error with its
  /// place. Each is one of the kinds of keys that visit_fields() (study_keys.hpp) walks.
  void text(const std::string& key, std::string& value, const TextRule& rule);

  template <class V>
  void number(const std::string& key, V& value, const Range& range) {
    if (const YAML::Node node = take(key)) value = number_of<V>(node, full(key), range);
  }

  void flag(const std::string& key, bool& value);

  void choice(const std::string& key, std::string& value, const std::vector<std::string>& all);

  template <class Body>
  void group(const std::string& key, Body&& body) {
    const YAML::Node node = take(key);
    if (!node || node.IsNull()) return;
    KeyReader reader(node, source_, overrides_, full(key));
    body(reader);
    reader.expect_no_more();
    settings_.insert(settings_.end(), reader.settings_.begin(), reader.settings_.end());
  }

  /// A list of maps. Where `shorthand` is a key of them, a text stands for a map with that key
  /// alone, and one map or text for a list of one: `dataset: chords`.
  template <class Record, class Body>
  void records(const std::string& key, const std::string& shorthand, std::vector<Record>& records,
               const Range& count, Body&& body) {
    const YAML::Node node = take(key);
    if (!node || node.IsNull()) return;
    records.clear();
    if (!node.IsSequence()) return record(node, full(key), shorthand, records, body);
    expect_count(node, full(key), count);
    for (const YAML::Node& item : node) {
      record(item, fmt::format("{}[{}]", full(key), records.size()), shorthand, records, body);
    }
  }

  void numbers(const std::string& key, std::map<std::string, double>& numbers, const Range& range);

  /// `hyper: {depth: 2, phi: tanh}`: numbers, and words of the cell language.
  void hypers(const std::string& key, HyperValues& hypers, const Range& range);

  void seeds(const std::string& key, std::vector<std::uint64_t>& seeds, const Range& count,
             const Range& range);

  /// `task: [{name: NAME, option: value}]`, or its short form `dataset: NAME`, which is the task on
  /// data.
  void tasks(std::vector<StudyTask>& tasks, const Range& count);

  /// `grid: {model.depth: [1, 2]}`. Whether there are such keys is known when all others are read.
  void grid(const std::string& key, std::vector<GridKey>& grid, const Range& count);

  /// `points: [{train.batch: 8, hidden: 32}]`, all with the same keys.
  void points(const std::string& key, std::vector<Settings>& points, const Range& count);

  /// `space: {train.batch: {choice: [8, 16]}}`, likewise.
  void space(const std::string& key, std::vector<Distribution>& space, const Range& count);

  /// A list of texts; one text stands for a list of one.
  void texts(const std::string& key, std::vector<std::string>& texts, const TextRule& rule,
             const Range& count);
  /// A group that may stand in a file of its own, which then stands for it in messages.
  template <class Body>
  void group_of_file(const std::string& key, const std::string& source, Body&& body) {
    const YAML::Node node = take(key);
    if (!node || node.IsNull()) return;
    KeyReader reader(node, source, overrides_, full(key));
    body(reader);
    reader.expect_no_more();
  }
  /// Groups by the names that the file gives them, in its order: body(name, reader).
  template <class Body>
  void groups(const std::string& key, const TextRule& name_rule, const Range& count, Body&& body) {
    const YAML::Node node = take(key);
    if (!node || node.IsNull()) return;
    expect_map(node, full(key), "names with keys and values", count);
    for (const auto& entry : node) {
      const std::string name = text_of(entry.first, full(key) + ": a name", name_rule);
      KeyReader reader(entry.second, source_, overrides_, full(key) + "." + name);
      body(name, reader);
      reader.expect_no_more();
    }
  }
  ///@}

  /// Of grid and space: each key takes its values.
  void check_settings(const StudyOptions& options) const;

  /// Every other key of a record is a figure, such as test_nll.
  void figures(Figures& figures, const Range& range);

  /// Throws InputError where the map has a key that was not asked for.
  void expect_no_more() const;

 private:
  template <class F>
  void entries(const std::string& key, const char* expected, F&& f);
  template <class Record, class Body>
  void record(YAML::Node node, const std::string& path, const std::string& shorthand,
              std::vector<Record>& records, Body&& body) {
    if (node.IsScalar() && !shorthand.empty()) {
      YAML::Node map;
      map[shorthand] = node;
      node = map;
    }
    KeyReader reader(node, source_, overrides_, path);
    body(reader, records.emplace_back());
    reader.expect_no_more();
  }

  void task(const YAML::Node& node, const std::string& path, bool has_name,
            std::vector<StudyTask>& tasks);

  // What is wrong is said with its place.
  template <class Action>
  std::invoke_result_t<Action> checked(const YAML::Mark& at, const std::string& name,
                                       Action&& action) const {
    try {
      return action();
    } catch (const InputError& error) {
      fail(at, name, fmt::format("{}: {}", name, error.what()));
    }
  }

  void expect_map(const YAML::Node& node, const std::string& name, const char* expected,
                  const Range& count) const;

  // A list, or one value alone.
  std::vector<std::string> values_of(const YAML::Node& node, const std::string& name) const;

  // Records keep values with blanks between them.
  std::string value_of(const YAML::Node& node, const std::string& name) const;

  YAML::Node take(const std::string& key);

  std::string text_of(const YAML::Node& node, const std::string& name, const TextRule& rule) const;

  // A key that the file makes up.
  std::string name_of(const YAML::Node& node, const std::string& path) const;

  template <class V>
  V number_of(const YAML::Node& node, const std::string& name, const Range& range) const {
    V value{};
    if (!node.IsScalar() || !YAML::convert<V>::decode(node, value) ||
        !range.holds(static_cast<double>(value))) {
      fail_value(node, name,
                 fmt::format("{}, {}", std::is_integral_v<V> ? "a whole number" : "a number",
                             range.text()));
    }
    return value;
  }

  void expect_count(const YAML::Node& node, const std::string& name, const Range& count) const;

  [[noreturn]] void fail_value(const YAML::Node& node, const std::string& name,
                               const std::string& expected) const;

  [[noreturn]] void fail(const YAML::Node& node, const std::string& name,
                         const std::string& message) const;

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& name,
                         const std::string& message) const;

  std::string full(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  std::vector<std::string> full_names() const;

  YAML::Node node_;
  const std::string& source_;
  const std::vector<std::string>& overrides_;
  // What a grid or a space gives to a key, and where it stands.
  struct PlacedSetting {
    YAML::Mark mark;
    std::string name;
    std::pair<std::string, std::string> setting;
  };
  std::string path_;
  std::set<std::string> known_;
  std::vector<PlacedSetting> settings_;
};

}  // namespace carousel
