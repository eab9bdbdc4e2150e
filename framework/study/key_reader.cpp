#include "study/key_reader.hpp"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>

#include "io/characters.hpp"

namespace carousel {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;  // of a file, and of an override

[[noreturn]] void fail_in(const std::string& source, const YAML::Mark& mark,
                          const std::string& message) {
  fail_input("{}:{}:{}: {}", source, mark.line + 1, mark.column + 1, message);
}

// What YAML allows and a study does not: a second document, which would be left out in silence, and
// aliases, which stand for a node anew, so that few lines can mean 2^n nodes.
class PlainDocument : public YAML::EventHandler {
 public:
  explicit PlainDocument(const std::string& source) : source_(source) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) fail_in(source_, mark, "a second document begins; expected one study");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail_in(source_, mark, "an alias (*) stands here; write out what it stands for");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  const std::string& source_;
  int documents_ = 0;
};

// A key that stands twice would be read once, in silence.
void expect_each_key_once(const YAML::Node& node, const std::string& source) {
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) expect_each_key_once(item, source);
  }
  if (!node.IsMap()) return;
  std::set<std::string> keys;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) {
      fail_in(source, entry.first.Mark(), "this key is no text; expected a key such as 'train'");
    }
    if (!keys.insert(entry.first.Scalar()).second) {
      fail_in(source, entry.first.Mark(),
              fmt::format("the key '{}' stands there twice; leave one out", entry.first.Scalar()));
    }
    expect_each_key_once(entry.second, source);
  }
}

void expect_text(const std::string& text, const std::string& source) {
  if (text.size() > most_bytes) {
    fail_input("{}: got {} bytes, expected at most {}", source, text.size(), most_bytes);
  }
  expect_utf8(text, source);
}

// "'text'", short and safe to print.
std::string quoted(const std::string& text) {
  constexpr std::size_t longest = 60;
  std::string out;
  std::string_view rest = text;
  while (!rest.empty() && out.size() < longest) {
    const Character c = first_character(rest);
    out += c.printable() ? std::string(rest.substr(0, c.bytes)) : "?";
    rest.remove_prefix(c.bytes);
  }
  return "'" + out + (rest.empty() ? "'" : "..'");
}

std::string shown(const YAML::Node& node) {
  if (node.IsScalar()) return quoted(node.Scalar());
  return node.IsNull() ? "empty" : "a list or map";
}

// The value of an override; a comma makes a list.
YAML::Node override_value(const std::string& text, std::size_t equals) {
  std::string value = text.substr(equals + 1);
  if (value.find(',') != std::string::npos && value.find_first_of("[{") == std::string::npos) {
    value = "[" + value + "]";
  }
  return load_yaml(value, fmt::format("override {}", quoted(text)));
}

// The keys of a path; one in a grid or a space is a path itself.
std::vector<std::string> parts_of(std::string path) {
  std::vector<std::string> keys;
  for (std::size_t dot; (dot = path.find('.')) != std::string::npos; path.erase(0, dot + 1)) {
    if (!keys.empty() && (keys.back() == "grid" || keys.back() == "space")) break;
    keys.push_back(path.substr(0, dot));
  }
  keys.push_back(path);
  return keys;
}

}  // namespace

YAML::Node load_yaml(const std::string& text, const std::string& source) {
  expect_text(text, source);
  YAML::Node root;
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    PlainDocument plain(source);
    while (parser.HandleNextDocument(plain)) {
    }
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {
    fail_in(source, error.mark, "not YAML: " + error.msg);
  }
  expect_each_key_once(root, source);
  return root;
}

void apply_override(YAML::Node root, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_input("got the override {}, expected key.sub=value", quoted(text));
  }
  const std::string path = text.substr(0, equals);
  expect_text(path, fmt::format("override {}", quoted(text)));
  const YAML::Node parsed = override_value(text, equals);
  const std::vector<std::string> keys = parts_of(path);
  if (keys.size() > 10) fail_input("override {}: expected key.sub=value", quoted(text));
  YAML::Node node = root;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    if (node[keys[i]] && node[keys[i]].IsSequence()) {
      fail_input("the override {}: {} is a list; give the whole list, such as '{}=[...]'",
                 quoted(text), keys[i], keys[i]);
    }
    if (!node[keys[i]] || !node[keys[i]].IsMap()) {
      YAML::Node map(YAML::NodeType::Map);
      if (keys[i] == "dataset" && node[keys[i]]) map["name"] = YAML::Clone(node[keys[i]]);
      node[keys[i]] = map;
    }
    node.reset(node[keys[i]]);
  }
  // `dataset=chords` names the set and leaves its other keys.
  if (text.starts_with("dataset=") && parsed.IsScalar() && root["dataset"] &&
      root["dataset"].IsMap()) {
    root["dataset"]["name"] = parsed;
    return;
  }
  node[keys.back()] = parsed;
}

void KeyReader::texts(const std::string& key, std::vector<std::string>& texts, const TextRule& rule,
                      const Range& count) {
  const YAML::Node node = take(key);
  if (!node || node.IsNull()) return;
  texts.clear();
  if (!node.IsSequence()) {
    texts.push_back(text_of(node, full(key), rule));
    return;
  }
  expect_count(node, full(key), count);
  for (const YAML::Node& item : node) {
    texts.push_back(text_of(item, fmt::format("{}[{}]", full(key), texts.size()), rule));
  }
}

void KeyReader::text(const std::string& key, std::string& value, const TextRule& rule) {
  if (const YAML::Node node = take(key)) value = text_of(node, full(key), rule);
}

void KeyReader::flag(const std::string& key, bool& value) {
  const YAML::Node node = take(key);
  if (node && !(node.IsScalar() && YAML::convert<bool>::decode(node, value))) {
    fail_value(node, full(key), "true or false");
  }
}

void KeyReader::choice(const std::string& key, std::string& value,
                       const std::vector<std::string>& all) {
  const YAML::Node node = take(key);
  if (!node) return;
  value = node.IsScalar() ? node.Scalar() : "";
  for (const std::string& one : all) {
    if (value == one) return;
  }
  fail_value(node, full(key), fmt::format("{}{}", fmt::join(all, ", "), did_you_mean(value, all)));
}

// Calls f(name, value, full key) for each entry of a map.
template <class F>
void KeyReader::entries(const std::string& key, const char* expected, F&& f) {
  const YAML::Node node = take(key);
  if (!node) return;
  if (!node.IsMap()) fail(node, full(key), fmt::format("{}: expected {}", full(key), expected));
  expect_count(node, full(key), {0, 100});
  for (const auto& entry : node) {
    const std::string name = name_of(entry.first, full(key));
    f(name, entry.second, full(key) + "." + name);
  }
}

void KeyReader::numbers(const std::string& key, std::map<std::string, double>& numbers,
                        const Range& range) {
  entries(key, "names and numbers",
          [&](const std::string& name, const YAML::Node& value, const std::string& place) {
            numbers[name] = number_of<double>(value, place, range);
          });
}

void KeyReader::hypers(const std::string& key, HyperValues& hypers, const Range& range) {
  entries(key, "names and values",
          [&](const std::string& name, const YAML::Node& value, const std::string& place) {
            const bool is_word = value.IsScalar() && is_hyper_word(value.Scalar());
            if (is_word) hypers[name] = value.Scalar();
            else hypers[name] = number_of<double>(value, place, range);
          });
}

void KeyReader::seeds(const std::string& key, std::vector<std::uint64_t>& seeds, const Range& count,
                      const Range& range) {
  const YAML::Node node = take(key);
  if (!node) return;
  seeds.clear();
  if (node.IsScalar()) {  // `seeds: 3` stands for [1, 2, 3]
    const int last = number_of<int>(node, full(key), count);
    for (int seed = 1; seed <= last; ++seed) seeds.push_back(static_cast<std::uint64_t>(seed));
    return;
  }
  if (!node.IsSequence()) fail(node, full(key), full(key) + ": expected a list, such as [1, 2, 3]");
  expect_count(node, full(key), count);
  for (const YAML::Node& item : node) {
    const std::string name = fmt::format("{}[{}]", full(key), seeds.size());
    seeds.push_back(number_of<std::uint64_t>(item, name, range));
  }
}

void KeyReader::tasks(std::vector<StudyTask>& tasks, const Range& count) {
  const YAML::Node of_task = take("task"), of_data = take("dataset");
  if (of_task && of_data)
    fail(of_data, full("dataset"), "expected either task or dataset, not both");
  const YAML::Node& node = of_task ? of_task : of_data;
  if (!node || node.IsNull()) return;
  const std::string key = full(of_task ? "task" : "dataset");
  if (!node.IsSequence()) return task(node, key, of_task.IsDefined(), tasks);
  expect_count(node, key, count);
  for (const YAML::Node& item : node) {
    task(item, fmt::format("{}[{}]", key, tasks.size()), of_task.IsDefined(), tasks);
  }
}

void KeyReader::grid(const std::string& key, std::vector<GridKey>& grid, const Range& count) {
  const YAML::Node node = take(key);
  if (!node || node.IsNull()) return;
  expect_map(node, full(key), "keys with lists of values", count);
  grid.clear();
  for (const auto& entry : node) {
    const std::string name = name_of(entry.first, full(key));
    const std::string at = full(key) + "." + name;
    grid.push_back({name, values_of(entry.second, at)});
    for (const std::string& value : grid.back().values) {
      if (std::ranges::count(grid.back().values, value) > 1) {
        fail(entry.second, at, fmt::format("{}: {} stands there twice", at, quoted(value)));
      }
      settings_.push_back({entry.second.Mark(), at, {name, value}});
    }
  }
}

void KeyReader::points(const std::string& key, std::vector<Settings>& points, const Range& count) {
  const YAML::Node node = take(key);
  if (!node || node.IsNull()) return;
  if (!node.IsSequence()) fail(node, full(key), full(key) + ": expected a list of keys and values");
  expect_count(node, full(key), count);
  points.clear();
  for (const YAML::Node& item : node) {
    const std::string at = fmt::format("{}[{}]", full(key), points.size());
    expect_map(item, at, "keys and values", {1, 100});
    Settings point;
    for (const auto& entry : item) {
      const std::string name = name_of(entry.first, at);
      point.emplace_back(name, value_of(entry.second, at + "." + name));
      settings_.push_back({entry.second.Mark(), at + "." + name, point.back()});
      if (name.starts_with("task.")) {
        fail(entry.first, at, at + "." + name + ": options of tasks stand in grid");
      }
    }
    const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (!points.empty() && !std::ranges::equal(point, points.front(), same_key)) {
      fail(item, at, at + ": expected the same keys in the same order as in the first point");
    }
    points.push_back(std::move(point));
  }
}

void KeyReader::space(const std::string& key, std::vector<Distribution>& space,
                      const Range& count) {
  const YAML::Node node = take(key);
  if (!node || node.IsNull()) return;
  expect_map(node, full(key), "keys with a distribution each", count);
  space.clear();
  for (const auto& entry : node) {
    const std::string name = name_of(entry.first, full(key));
    const std::string at = full(key) + "." + name;
    expect_map(entry.second, at, "a distribution, such as {uniform: [0, 1]}", {1, 1});
    const auto drawn = *entry.second.begin();
    space.push_back({name, name_of(drawn.first, at), values_of(drawn.second, at)});
    const Distribution& one = space.back();
    if (name.starts_with("task.")) {
      fail(entry.first, at,
           at + ": figures of different tasks can't be compared, so none is chosen; expected it "
                "in grid");
    }
    checked(entry.second.Mark(), at, [&] { expect_sound(one); });
    for (const std::string& value : typical_values(one)) {
      settings_.push_back({entry.second.Mark(), at, {name, value}});
    }
  }
}

void KeyReader::check_settings(const StudyOptions& options) const {
  for (const PlacedSetting& one : settings_) {
    checked(one.mark, one.name, [&] { with_settings(options, {one.setting}); });
  }
}

void KeyReader::figures(Figures& figures, const Range& range) {
  if (!node_.IsMap()) return;
  for (const auto& entry : node_) {
    const std::string key = name_of(entry.first, path_);
    for (const Split split : all_splits) {
      const std::string prefix = std::string(split_name(split)) + "_";
      if (known_.count(key) || !key.starts_with(prefix) || key == prefix) continue;
      figures[key.substr(prefix.size())][split] = number_of<double>(entry.second, full(key), range);
      known_.insert(key);
      break;
    }
  }
}

void KeyReader::expect_no_more() const {
  if (!node_.IsMap()) return;
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    if (known_.count(key)) continue;
    fail(entry.first, full(key),
         fmt::format("there is no key {}{}", quoted(full(key)),
                     did_you_mean(full(key).substr(0, 100), full_names())));
  }
}

void KeyReader::task(const YAML::Node& node, const std::string& path, bool has_name,
                     std::vector<StudyTask>& tasks) {
  if (!node.IsScalar() && !node.IsMap())
    fail(node, path, path + ": expected a name, or keys and values");
  const YAML::Node named = node.IsScalar() ? node : node["name"];
  if (!named) fail(node, path, path + ": expected a 'name'");
  const std::string given = text_of(named, path + ".name", short_text);
  StudyTask& task = tasks.emplace_back();
  task.name = has_name ? given : data_task().name;
  task.options =
      checked(named.Mark(), path, [&] { return TaskOptions(find_task(task.name).options); });
  if (!has_name) checked(named.Mark(), path, [&] { task.options.set("data", given); });
  if (!node.IsMap()) return;
  for (const auto& entry : node) {
    const std::string key = name_of(entry.first, path);
    if (key == "name") continue;
    const std::string at = fmt::format("{}.{}", path, key);
    const std::string text = text_of(entry.second, at, short_text);
    checked(entry.first.Mark(), at, [&] { task.options.set(key, text); });
  }
}

void KeyReader::expect_map(const YAML::Node& node, const std::string& name, const char* expected,
                           const Range& count) const {
  if (!node.IsMap()) fail(node, name, fmt::format("{}: expected {}", name, expected));
  expect_count(node, name, count);
}

std::vector<std::string> KeyReader::values_of(const YAML::Node& node,
                                              const std::string& name) const {
  if (node.IsScalar()) return {value_of(node, name)};
  if (!node.IsSequence()) fail(node, name, name + ": expected a list of values");
  expect_count(node, name, {1, most_records});
  std::vector<std::string> values;
  for (const YAML::Node& item : node) values.push_back(value_of(item, name));
  return values;
}

std::string KeyReader::value_of(const YAML::Node& node, const std::string& name) const {
  std::string value = text_of(node, name, TextRule{100});
  if (value.empty() || value.find(' ') != std::string::npos) {
    fail_value(node, name, "a value without blanks");
  }
  return value;
}

YAML::Node KeyReader::take(const std::string& key) {
  known_.insert(key);
  if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  return node_[key];
}

std::string KeyReader::text_of(const YAML::Node& node, const std::string& name,
                               const TextRule& rule) const {
  if (!node.IsScalar() || !holds(rule, node.Scalar())) fail_value(node, name, rule.text());
  return node.Scalar();
}

std::string KeyReader::name_of(const YAML::Node& node, const std::string& path) const {
  constexpr TextRule rule{100};
  if (!holds(rule, node.Scalar())) fail_value(node, path + ": a key", rule.text());
  return node.Scalar();
}

void KeyReader::expect_count(const YAML::Node& node, const std::string& name,
                             const Range& count) const {
  if (count.holds(static_cast<double>(node.size()))) return;
  fail(node, name, fmt::format("{} has {} entries, expected {}", name, node.size(), count.text()));
}

void KeyReader::fail_value(const YAML::Node& node, const std::string& name,
                           const std::string& expected) const {
  fail(node, name, fmt::format("{} is {}, expected {}", name, shown(node), expected));
}

void KeyReader::fail(const YAML::Node& node, const std::string& name,
                     const std::string& message) const {
  fail(node.Mark(), name, message);
}

void KeyReader::fail(const YAML::Mark& mark, const std::string& name,
                     const std::string& message) const {
  for (const std::string& text : overrides_) {
    const std::string key = text.substr(0, text.find('='));
    if (name == key || name.starts_with(key + ".") || name.starts_with(key + "[") ||
        key.starts_with(name + ".")) {
      fail_input("override {}: {}", quoted(text), message);
    }
  }
  if (mark.is_null()) fail_input("{}: {}", source_, message);
  fail_in(source_, mark, message);
}

std::vector<std::string> KeyReader::full_names() const {
  std::vector<std::string> names;
  for (const std::string& key : known_) names.push_back(full(key));
  return names;
}

}  // namespace carousel
