// A study as YAML, and the list of its keys for the documents.

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cmath>

#include "study/study_keys.hpp"

namespace carousel {
namespace {

class Writer {
 public:
  void text(const std::string& key, const std::string& value, const TextRule&) {
    field(key, value);
  }
  void number(const std::string& key, const auto& value, const Range&) { field(key, value); }
  void flag(const std::string& key, bool value) { field(key, value); }
  void choice(const std::string& key, const std::string& value, const std::vector<std::string>&) {
    field(key, value);
  }

  template <class Body>
  void group(const std::string& key, Body&& body) {
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    body(*this);
    out_ << YAML::EndMap;
  }

  void tasks(const std::vector<StudyTask>& tasks, const Range&) {
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

  void grid(const std::string& key, const std::vector<GridKey>& grid, const Range&) {
    if (grid.empty()) return;
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const GridKey& one : grid) put_list(one.key, one.values);
    out_ << YAML::EndMap;
  }

  void points(const std::string& key, const std::vector<Settings>& points, const Range&) {
    if (points.empty()) return;
    out_ << YAML::Key << key << YAML::Value << YAML::BeginSeq;
    for (const Settings& point : points) {
      out_ << YAML::Flow << YAML::BeginMap;
      for (const auto& [name, value] : point) put(name, value);
      out_ << YAML::EndMap;
    }
    out_ << YAML::EndSeq;
  }

  void space(const std::string& key, const std::vector<Distribution>& space, const Range&) {
    if (space.empty()) return;
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const Distribution& one : space) {
      out_ << YAML::Key << one.key << YAML::Value << YAML::Flow << YAML::BeginMap;
      put_list(one.kind, one.values);
      out_ << YAML::EndMap;
    }
    out_ << YAML::EndMap;
  }

  void figures(const Figures& figures, const Range&) {
    for (const auto& [metric, by_split] : figures) {
      for (const Split split : all_splits) {
        if (std::isnan(by_split[split])) continue;
        put(fmt::format("{}_{}", split_name(split), metric), by_split[split]);
      }
    }
  }

  template <class Record, class Body>
  void records(const std::string& key, const std::string&, const std::vector<Record>& records,
               const Range&, Body&& body) {
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

  void numbers(const std::string& key, const std::map<std::string, double>& numbers, const Range&) {
    map(key, numbers);
  }
  void hypers(const std::string& key, const HyperValues& hypers, const Range&) { map(key, hypers); }

  void seeds(const std::string& key, const std::vector<std::uint64_t>& seeds, const Range&,
             const Range&) {
    out_ << YAML::Key << key << YAML::Value << YAML::Flow << seeds;
  }

  std::string yaml(const StudyOptions& options) {
    out_ << YAML::BeginMap;
    visit_fields(options, *this);
    out_ << YAML::EndMap;
    return std::string(out_.c_str()) + "\n";
  }

 private:
  template <class Values>
  void map(const std::string& key, const Values& values) {
    if (values.empty()) return;
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    for (const auto& [name, value] : values) put(name, value);
    out_ << YAML::EndMap;
  }
  // A record shows only what it says.
  template <class V>
  void field(const std::string& key, const V& value) {
    if (!in_record_ || value != V{}) put(key, value);
  }
  void put(const std::string& key, const auto& value) {
    out_ << YAML::Key << key << YAML::Value;
    emit(value);
  }
  void put_list(const std::string& key, const std::vector<std::string>& values) {
    out_ << YAML::Key << key << YAML::Value << YAML::Flow << values;
  }
  // A number as the shortest text that reads back to it.
  void emit(double value) { out_ << fmt::format("{}", value); }
  void emit(const HyperValue& value) { out_ << hyper_text(value); }
  void emit(const auto& value) { out_ << value; }

  YAML::Emitter out_;
  bool in_record_ = false;
};

// The keys, with the group or the list that they stand in.
class Lister {
 public:
  void text(const std::string& key, const std::string&, const TextRule& rule) {
    add(key, rule.text());
  }
  void number(const std::string& key, const auto&, const Range& range) { add(key, range.text()); }
  void flag(const std::string& key, bool) { add(key, "true, false"); }
  void choice(const std::string& key, const std::string&, const std::vector<std::string>& all) {
    add(key, fmt::format("{}", fmt::join(all, ", ")));
  }
  void group(const std::string& key, auto&& body) {
    inside(key, [&] { body(*this); });
  }
  void tasks(const std::vector<StudyTask>&, const Range& count) {
    add("task", count.text() + " entries");
  }
  void figures(const Figures&, const Range& range) { add("SPLIT_METRIC", range.text()); }
  void grid(const std::string& key, const std::vector<GridKey>&, const Range& count) {
    add(key, count.text() + " entries");
  }
  void points(const std::string& key, const std::vector<Settings>&, const Range& count) {
    add(key, count.text() + " entries");
  }
  void space(const std::string& key, const std::vector<Distribution>&, const Range& count) {
    add(key, count.text() + " entries");
  }
  template <class Record>
  void records(const std::string& key, const std::string&, const std::vector<Record>&,
               const Range& count, auto&& body) {
    add(key, count.text() + " entries");
    const Record one;
    inside(key, [&] { body(*this, one); });
  }
  void numbers(const std::string& key, const std::map<std::string, double>&, const Range& range) {
    add(key, range.text());
  }
  void hypers(const std::string& key, const HyperValues&, const Range& range) {
    add(key, range.text() + ", or a word");
  }
  void seeds(const std::string& key, const std::vector<std::uint64_t>&, const Range& count,
             const Range& range) {
    add(key, fmt::format("{} entries, each {}", count.text(), range.text()));
  }

  std::vector<StudyKey> keys;

 private:
  void add(const std::string& key, std::string takes) {
    keys.push_back({path_ + key, std::move(takes)});
  }
  void inside(const std::string& key, auto&& work) {
    const std::string outside = path_;
    path_ += key + ".";
    work();
    path_ = outside;
  }

  std::string path_;
};

}  // namespace

std::string to_yaml(const StudyOptions& options) { return Writer().yaml(options); }

std::vector<StudyKey> study_keys() {
  const StudyOptions options;
  Lister lister;
  visit_fields(options, lister);
  return lister.keys;
}

}  // namespace carousel
