#include "study/study_options.hpp"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <cmath>
#include <functional>
#include <set>

#include "io/files.hpp"
#include "tensor/random.hpp"

namespace carousel {
namespace {

// The one list of keys: reading, writing and suggestions all walk it.
template <class Options, class Visitor>
void visit_fields(Options& o, Visitor&& v) {
  v.field("name", o.name);
  v.field("description", o.description);
  v.tasks(o.tasks);
  v.records("cells", "name", o.cells, [](auto& g, auto& c) {
    g.field("name", c.name);
    g.field("hidden", c.hidden);
    g.field("variant", c.variant);
    g.numbers("hyper", c.hyper);
  });
  v.field("parameters", o.parameters);
  v.seeds("seeds", o.seeds);
  v.group("search", [&](auto& g) {
    g.field("draws", o.search.draws);
    g.field("exponent_min", o.search.exponent_min);
    g.field("exponent_max", o.search.exponent_max);
    g.field("seed", o.search.seed);
  });
  v.group("model", [&](auto& g) { g.field("depth", o.model.depth); });
  v.group("train", [&](auto& g) {
    auto& t = o.train;
    g.field("epochs", t.epochs);
    g.field("patience", t.patience);
    g.field("batch", t.batch);
    g.field("shard", t.shard);
    g.field("segments", t.segments);
    g.field("optimiser", t.optimiser.rule);
    g.field("learning_rate", t.optimiser.learning_rate);
    g.field("final_rate", t.final_rate);
    g.field("momentum", t.optimiser.momentum);
    g.field("nesterov", t.optimiser.nesterov);
    g.field("decay", t.optimiser.decay);
    g.field("floor", t.optimiser.floor);
    g.field("beta1", t.optimiser.beta1);
    g.field("beta2", t.optimiser.beta2);
    g.field("epsilon", t.optimiser.epsilon);
    g.field("loss", t.loss);
    g.field("clip_norm", t.clip_norm);
    g.field("clip_value", t.clip_value);
    g.field("weight_noise", t.weight_noise);
    g.field("precision", t.precision);
    g.field("checkpoint_seconds", t.checkpoint_seconds);
  });
  v.records("published", "", o.published, [](auto& g, auto& p) {
    g.field("source", p.source);
    g.field("dataset", p.dataset);
    g.field("cell", p.cell);
    g.figures(p.figures);
  });
}

template <class V>
constexpr const char* kind_of() {
  if constexpr (std::is_same_v<V, bool>) return "true or false";
  else if constexpr (std::is_integral_v<V>) return "a whole number";
  else if constexpr (std::is_floating_point_v<V>) return "a number";
  else return "a text";
}

class Reader {
 public:
  Reader(const YAML::Node& node, const std::string& source,
         const std::vector<std::string>& overrides, std::string path)
      : node_(node), source_(source), overrides_(overrides), path_(std::move(path)) {
    if (!node_.IsMap() && !node_.IsNull()) {
      fail(node_, path_, fmt::format("{}: expected keys and values", path_));
    }
  }

  template <class V>
  void field(const std::string& key, V& value) {
    if (const YAML::Node node = take(key)) value = scalar<V>(node, full(key));
  }

  template <class Body>
  void group(const std::string& key, Body&& body) {
    const YAML::Node node = take(key);
    if (!node || node.IsNull()) return;
    Reader reader(node, source_, overrides_, full(key));
    body(reader);
    reader.expect_no_more();
  }

  // A list of maps. Where `shorthand` is a key of them, a text stands for a map with that key
  // alone, and one map or text for a list of one: `dataset: chords`.
  template <class Record, class Body>
  void records(const std::string& key, const std::string& shorthand, std::vector<Record>& records,
               Body&& body) {
    const YAML::Node node = take(key);
    if (!node || node.IsNull()) return;
    records.clear();
    if (node.IsSequence()) {
      for (const YAML::Node& item : node) {
        record(item, fmt::format("{}[{}]", full(key), records.size()), shorthand, records, body);
      }
    } else {
      record(node, full(key), shorthand, records, body);
    }
  }

  void numbers(const std::string& key, std::map<std::string, double>& numbers) {
    const YAML::Node node = take(key);
    if (!node) return;
    if (!node.IsMap()) fail(node, full(key), full(key) + ": expected names and numbers");
    for (const auto& entry : node) {
      const std::string name = entry.first.Scalar();
      numbers[name] = scalar<double>(entry.second, full(key) + "." + name);
    }
  }

  void seeds(const std::string& key, std::vector<std::uint64_t>& seeds) {
    const YAML::Node node = take(key);
    if (!node) return;
    seeds.clear();
    if (node.IsScalar()) {  // `seeds: 3` stands for [1, 2, 3]
      const int count = scalar<int>(node, key);
      for (int seed = 1; seed <= count; ++seed) seeds.push_back(static_cast<std::uint64_t>(seed));
      return;
    }
    if (!node.IsSequence()) fail(node, key, "seeds: expected a list, such as [1, 2, 3]");
    for (const YAML::Node& item : node) {
      seeds.push_back(scalar<std::uint64_t>(item, fmt::format("seeds[{}]", seeds.size())));
    }
  }

  // `task: [{name: NAME, option: value}]`, or its short form `dataset: NAME`, which is the task on
  // data.
  void tasks(std::vector<StudyTask>& tasks) {
    const YAML::Node of_task = take("task"), of_data = take("dataset");
    if (of_task && of_data)
      fail(of_data, full("dataset"), "expected either task or dataset, not both");
    const YAML::Node& node = of_task ? of_task : of_data;
    if (!node || node.IsNull()) return;
    const std::string key = of_task ? "task" : "dataset";
    if (!node.IsSequence()) return task(node, key, of_task.IsDefined(), tasks);
    for (const YAML::Node& item : node) {
      task(item, fmt::format("{}[{}]", key, tasks.size()), of_task.IsDefined(), tasks);
    }
  }

  // Every other key of a record is a figure, such as test_nll.
  void figures(Figures& figures) {
    if (!node_.IsMap()) return;
    for (const auto& entry : node_) {
      const std::string key = entry.first.Scalar();
      for (const Split split : all_splits) {
        const std::string prefix = std::string(split_name(split)) + "_";
        if (known_.count(key) || !key.starts_with(prefix) || key == prefix) continue;
        figures[key.substr(prefix.size())][split] = scalar<double>(entry.second, full(key));
        known_.insert(key);
        break;
      }
    }
  }

  void expect_no_more() const {
    if (!node_.IsMap()) return;
    for (const auto& entry : node_) {
      const std::string key = entry.first.Scalar();
      if (known_.count(key)) continue;
      fail(entry.first, full(key),
           fmt::format("there is no key '{}'{}", full(key), did_you_mean(full(key), full_names())));
    }
  }

 private:
  template <class Record, class Body>
  void record(YAML::Node node, const std::string& path, const std::string& shorthand,
              std::vector<Record>& records, Body&& body) {
    if (node.IsScalar() && !shorthand.empty()) {
      YAML::Node map;
      map[shorthand] = node;
      node = map;
    }
    Reader reader(node, source_, overrides_, path);
    body(reader, records.emplace_back());
    reader.expect_no_more();
  }

  void task(const YAML::Node& node, const std::string& path, bool has_name,
            std::vector<StudyTask>& tasks) {
    const std::string first = has_name ? "name" : "data";
    const auto checked = [&](const YAML::Node& at, const std::string& name, auto&& action) {
      try {
        return action();
      } catch (const InputError& error) {
        fail(at, name, fmt::format("{}: {}", name, error.what()));
      }
    };
    if (!node.IsScalar() && !node.IsMap())
      fail(node, path, path + ": expected a name, or keys and values");
    const YAML::Node named = node.IsScalar() ? node : node["name"];
    if (!named) fail(node, path, path + ": expected a 'name'");
    const std::string name =
        has_name ? scalar<std::string>(named, path + ".name") : data_task().name;
    StudyTask& task = tasks.emplace_back();
    task.name = name;
    task.options = checked(named, path, [&] { return TaskOptions(find_task(name).options); });
    if (!has_name) task.options.set(first, scalar<std::string>(named, path));
    if (!node.IsMap()) return;
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      if (key == "name") continue;
      const std::string at = path + "." + key;
      const std::string text = scalar<std::string>(entry.second, at);
      checked(entry.first, at, [&] { task.options.set(key, text); });
    }
  }

  YAML::Node take(const std::string& key) {
    known_.insert(key);
    if (!node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    return node_[key];
  }

  template <class V>
  V scalar(const YAML::Node& node, const std::string& name) const {
    V value{};
    if (!node.IsScalar() || !YAML::convert<V>::decode(node, value)) {
      fail(
          node, name,
          fmt::format("{} is {}, expected {}", name,
                      node.IsScalar() ? "'" + node.Scalar() + "'" : "a list or map", kind_of<V>()));
    }
    return value;
  }

  [[noreturn]] void fail(const YAML::Node& node, const std::string& name,
                         const std::string& message) const {
    for (const std::string& text : overrides_) {
      const std::string key = text.substr(0, text.find('='));
      if (name == key || name.starts_with(key + ".") || name.starts_with(key + "[") ||
          key.starts_with(name + ".")) {
        fail_input("override '{}': {}", text, message);
      }
    }
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) fail_input("{}: {}", source_, message);
    fail_input("{}:{}:{}: {}", source_, mark.line + 1, mark.column + 1, message);
  }

  std::string full(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  std::vector<std::string> full_names() const {
    std::vector<std::string> names;
    for (const std::string& key : known_) names.push_back(full(key));
    return names;
  }

  YAML::Node node_;
  const std::string& source_;
  const std::vector<std::string>& overrides_;
  std::string path_;
  std::set<std::string> known_;
};

class Writer {
 public:
  template <class V>
  void field(const std::string& key, const V& value) {
    // A record shows only what it says.
    if (in_record_ && (value == V{} || value != value)) return;
    out_ << YAML::Key << key << YAML::Value;
    emit(value);
  }

  template <class Body>
  void group(const std::string& key, Body&& body) {
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    body(*this);
    out_ << YAML::EndMap;
  }

  void tasks(const std::vector<StudyTask>& tasks) {
    out_ << YAML::Key << "task" << YAML::Value << YAML::BeginSeq;
    for (const StudyTask& task : tasks) {
      out_ << YAML::Flow << YAML::BeginMap << YAML::Key << "name" << YAML::Value << task.name;
      for (const auto& [name, text] : task.options.all()) {
        out_ << YAML::Key << name << YAML::Value << text;
      }
      out_ << YAML::EndMap;
    }
    out_ << YAML::EndSeq;
  }

  void figures(const Figures& figures) {
    for (const auto& [metric, by_split] : figures) {
      for (const Split split : all_splits) {
        field(fmt::format("{}_{}", split_name(split), metric), by_split[split]);
      }
    }
  }

  template <class Record, class Body>
  void records(const std::string& key, const std::string&, const std::vector<Record>& records,
               Body&& body) {
    out_ << YAML::Key << key << YAML::Value << YAML::BeginSeq;
    in_record_ = true;
    for (const Record& record : records) {
      out_ << YAML::Flow << YAML::BeginMap;
      body(*this, record);
      out_ << YAML::EndMap;
    }
    in_record_ = false;
    out_ << YAML::EndSeq;
  }

  void numbers(const std::string& key, const std::map<std::string, double>& numbers) {
    if (numbers.empty()) return;
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const auto& [name, value] : numbers) {
      out_ << YAML::Key << name << YAML::Value;
      emit(value);
    }
    out_ << YAML::EndMap;
  }

  void seeds(const std::string& key, const std::vector<std::uint64_t>& seeds) {
    out_ << YAML::Key << key << YAML::Value << YAML::Flow << seeds;
  }

  std::string text(const StudyOptions& options) {
    out_ << YAML::BeginMap;
    visit_fields(options, *this);
    out_ << YAML::EndMap;
    return std::string(out_.c_str()) + "\n";
  }

 private:
  // A number as the shortest text that reads back to it.
  void emit(double value) { out_ << fmt::format("{}", value); }
  void emit(const auto& value) { out_ << value; }

  YAML::Emitter out_;
  bool in_record_ = false;
};

// Puts `key.sub=value` into the tree; a comma makes a list.
void apply_override(YAML::Node root, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_input("got the override '{}', expected key.sub=value", text);
  }
  std::string value = text.substr(equals + 1);
  if (value.find(',') != std::string::npos && value.find_first_of("[{") == std::string::npos) {
    value = "[" + value + "]";
  }
  YAML::Node parsed;
  try {
    parsed = YAML::Load(value);
  } catch (const YAML::Exception& error) {
    fail_input("the override '{}' is not YAML: {}", text, error.what());
  }
  std::string path = text.substr(0, equals);
  std::vector<std::string> keys;
  for (std::size_t dot; (dot = path.find('.')) != std::string::npos; path.erase(0, dot + 1)) {
    keys.push_back(path.substr(0, dot));
  }
  keys.push_back(path);
  YAML::Node node = root;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    if (node[keys[i]] && node[keys[i]].IsSequence()) {
      fail_input("the override '{}': {} is a list; give the whole list, such as '{}=[...]'", text,
                 keys[i], keys[i]);
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

void expect(bool holds, const std::string& source, const char* message) {
  if (!holds) fail_input("{}: {}", source, message);
}

void check(const StudyOptions& o, const std::string& source) {
  const auto& t = o.train;
  expect(!o.name.empty() && o.name.find('/') == std::string::npos, source,
         "name must be a word without '/'");
  expect(!o.cells.empty(), source, "cells: expected at least one cell");
  expect(!o.seeds.empty(), source, "seeds: expected at least one seed");
  for (const StudyCell& cell : o.cells) {
    expect(!cell.name.empty(), source, "cells: a cell has no name");
    expect(cell.hidden >= 0, source, "cells: 'hidden' must be 1 or more");
    expect(cell.hidden >= 1 || o.parameters >= 1, source,
           "cells: each cell needs 'hidden', 1 or more, unless the study gives 'parameters', the "
           "number of parameters that every cell should have");
  }
  expect(o.parameters >= 0, source, "parameters must be 0 or more");
  expect(!o.tasks.empty(), source,
         "task: expected a task, which 'carousel tasks' lists, or dataset: a data set, such as "
         "jsb_chorales");
  expect(o.search.draws >= 0, source, "search.draws must be 0 or more");
  expect(o.search.exponent_min <= o.search.exponent_max && std::isfinite(o.search.exponent_min) &&
             o.search.exponent_max <= 88.0,
         source, "search.exponent_min must not be above search.exponent_max, and both at most 88");
  for (const PublishedResult& p : o.published) {
    expect(!p.source.empty() && !p.dataset.empty() && !p.cell.empty(), source,
           "published: expected source, dataset and cell of each figure");
  }
  expect(o.model.depth >= 1, source, "model.depth must be 1 or more");
  expect(t.epochs >= 1, source, "train.epochs must be 1 or more");
  expect(t.patience >= 0, source, "train.patience must be 0 or more");
  expect(t.final_rate > 0.0 && t.final_rate <= 1.0, source,
         "train.final_rate must be above 0 and at most 1");
  expect(t.batch >= 1, source, "train.batch must be 1 or more");
  expect(t.shard >= 1, source, "train.shard must be 1 or more");
  expect(t.segments >= 0, source, "train.segments must be 0 or more");
  expect(t.clip_norm >= 0.0, source, "train.clip_norm must be 0 or more");
  expect(t.clip_value >= 0.0, source, "train.clip_value must be 0 or more");
  expect(t.weight_noise >= 0.0, source, "train.weight_noise must be 0 or more");
  expect(t.checkpoint_seconds >= 0.0, source, "train.checkpoint_seconds must be 0 or more");
  expect(t.precision == "float" || t.precision == "double", source,
         "train.precision must be float or double");
  expect(t.loss == "step" || t.loss == "sequence", source, "train.loss must be step or sequence");
  std::set<std::string> competitors;
  for (const StudyCell& cell : o.cells) {
    const auto key = fmt::format("{}:{}:{}", cell.name, cell.hidden, cell.changes());
    expect(competitors.insert(key).second, source,
           "cells: the same cell with the same hidden size stands there twice");
  }
  expect(std::set<std::uint64_t>(o.seeds.begin(), o.seeds.end()).size() == o.seeds.size(), source,
         "seeds: a seed stands there twice");
  // The optimiser checks its own constants; do it before any work starts.
  Optimiser<float>(t.optimiser, ParameterSet<float>());
}

}  // namespace

namespace {

// A key that stands twice would be read once, in silence.
void expect_each_key_once(const YAML::Node& node, const std::string& source) {
  std::set<std::string> keys;
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (!keys.insert(key).second) {
        fail_input("{}:{}:{}: the key '{}' stands there twice; leave one out", source,
                   entry.first.Mark().line + 1, entry.first.Mark().column + 1, key);
      }
      expect_each_key_once(entry.second, source);
    }
  }
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) expect_each_key_once(item, source);
  }
}

}  // namespace

StudyOptions parse_study(const std::string& yaml, const std::string& source,
                         const std::vector<std::string>& overrides) {
  YAML::Node root;
  try {
    root = YAML::Load(yaml);
  } catch (const YAML::Exception& error) {
    fail_input("{}:{}:{}: not YAML: {}", source, error.mark.line + 1, error.mark.column + 1,
               error.msg);
  }
  if (root.IsNull()) root = YAML::Node(YAML::NodeType::Map);
  if (!root.IsMap()) fail_input("{}: expected keys and values", source);
  expect_each_key_once(root, source);
  for (const std::string& text : overrides) apply_override(root, text);
  StudyOptions options;
  Reader reader(root, source, overrides, "");
  visit_fields(options, reader);
  reader.expect_no_more();
  check(options, source);
  return options;
}

StudyOptions read_study(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides) {
  StudyOptions options = parse_study(read_text(file), file.string(), overrides);
  for (StudyCell& cell : options.cells) {
    const std::filesystem::path beside = file.parent_path() / cell.name;
    if (cell.name.ends_with(".cell") && std::filesystem::exists(beside)) cell.name = beside;
  }
  return options;
}

std::vector<double> drawn_rates(const StudyOptions& options) {
  const auto& search = options.search;
  Random random(search.seed, "learning_rate");
  std::vector<double> rates;
  for (int draw = 0; draw < search.draws; ++draw) {
    const double share = random.uniform();
    rates.push_back(
        std::exp(search.exponent_min + share * (search.exponent_max - search.exponent_min)));
  }
  return rates;
}

std::string StudyCell::changes() const {
  std::string text;
  for (const auto& [key, value] : hyper) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", key, value);
  }
  if (!variant.empty()) text += (text.empty() ? "" : " ") + variant;
  return text;
}

std::string to_yaml(const StudyOptions& options) { return Writer().text(options); }

}  // namespace carousel
