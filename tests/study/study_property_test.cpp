// What holds for every study: it reads back as it was, and whatever is read gives a study or an
// InputError.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <map>

#include "study/study_keys.hpp"

namespace carousel {
namespace {

// At the nominal size from the first case on: a small one would give 0 alone.
int up_to(int most) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, most + 1)); }

template <class V>
V element(const std::vector<V>& all) {
  return all[static_cast<std::size_t>(up_to(static_cast<int>(all.size()) - 1))];
}

// A text of what YAML might take for something else.
std::string any_text(std::size_t most, bool lines, std::size_t least = 0) {
  static const std::vector<std::string> parts = {"a",
                                                 "Z",
                                                 "0",
                                                 "1.5",
                                                 " ",
                                                 ": ",
                                                 " #",
                                                 "|",
                                                 "\"",
                                                 "'",
                                                 "\\",
                                                 "-",
                                                 "- ",
                                                 "~",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 "&a",
                                                 "*a",
                                                 "!t",
                                                 "%",
                                                 "@",
                                                 "`",
                                                 "null",
                                                 "true",
                                                 ".inf",
                                                 "?",
                                                 ">",
                                                 "<<",
                                                 "---",
                                                 "\xc3\xa9",
                                                 "\xe2\x82\xac",
                                                 "\xf0\x9f\x98\x80",
                                                 "\xe2\x80\xa8",
                                                 "\xef\xbb\xbf",
                                                 "\xc2\xa0",
                                                 "=",
                                                 "_",
                                                 ".",
                                                 "\t"};
  std::string text;
  const int count = up_to(6);
  for (int i = 0; i < count; ++i) {
    const std::string part = lines && up_to(8) == 0 ? "\n" : element(parts);
    if (text.size() + part.size() <= most) text += part;
  }
  while (text.size() < least) text += "n";
  return text;
}

double any_of(const Range& range) {
  for (;;) {
    const double share = up_to(1'000'000) / 1e6;
    const double value = element(std::vector{
        range.least, range.most, range.least + share * (range.most - range.least),
        range.least + std::pow(10.0, -up_to(20)) * std::min(1.0, range.most - range.least)});
    if (range.holds(value)) return value;
  }
}

// Fills every field with what it takes.
class Filler {
 public:
  void text(const std::string& key, std::string& value, const TextRule& rule) {
    value = any_text(rule.most, rule.kind == TextRule::Kind::lines, key == "variant" ? 0 : 1);
    if (rule.kind == TextRule::Kind::file_name) {
      std::erase(value, '/');
      value = "n" + value;
    }
    if (key == "name" || key == "variant") value = value.substr(0, 40);
    while (!holds(rule, value)) value.pop_back();  // a character that was cut
    if (value.empty() && key != "variant") value = "n";
  }
  template <class V>
  void number(const std::string& key, V& value, const Range& range) {
    do value = static_cast<V>(any_of(range));
    while (key == "hidden" && value == V(0));
  }
  void flag(const std::string&, bool& value) { value = up_to(1) == 1; }
  void choice(const std::string&, std::string& value, const std::vector<std::string>& all) {
    value = element(all);
  }
  void group(const std::string&, auto&& body) { body(*this); }
  void tasks(std::vector<StudyTask>& tasks, const Range&) {
    const int count = 1 + up_to(1);
    for (int i = 0; i < count; ++i) {
      const Task& task = *element(pointers(carousel::tasks()));
      StudyTask& made = tasks.emplace_back(StudyTask{task.name, TaskOptions(task.options)});
      for (const TaskOption& option : task.options) {
        const double value = any_of({option.least, option.most});
        if (!option.choices.empty()) {
          made.options.set(option.name, element(option.choices));
          continue;
        }
        made.options.set(option.name, std::holds_alternative<std::string>(option.otherwise)
                                          ? any_text(100, false)
                                      : std::holds_alternative<double>(option.otherwise)
                                          ? fmt::format("{}", value)
                                          : fmt::format("{}", static_cast<std::int64_t>(value)));
      }
    }
  }
  template <class Record>
  void records(const std::string&, const std::string&, std::vector<Record>& records,
               const Range& range, auto&& body) {
    const int count = static_cast<int>(range.least) + up_to(3);
    for (int i = 0; i < count; ++i) body(*this, records.emplace_back());
  }
  void numbers(const std::string&, std::map<std::string, double>& numbers, const Range& range) {
    const int count = up_to(2);
    for (int i = 0; i < count; ++i) numbers[any_text(8, false)] = any_of(range);
  }
  void hypers(const std::string&, HyperValues& hypers, const Range& range) {
    const int count = up_to(2);
    for (int i = 0; i < count; ++i) hypers[any_text(8, false)] = any_of(range);
    if (up_to(1) == 1) hypers["phi"] = element(std::vector<std::string>{"tanh", "glorot", "nan"});
  }
  void grid(const std::string&, std::vector<GridKey>& grid, const Range&) {
    if (up_to(1) == 1) grid.push_back({"train.batch", {"8", "16"}});
    if (up_to(1) == 1) grid.push_back({"model.direction", {"both", "forward"}});
  }
  void points(const std::string&, std::vector<Settings>& points, const Range&) {
    const int count = up_to(2);
    for (int i = 0; i < count; ++i) {
      points.push_back({{"train.shard", fmt::format("{}", 1 + up_to(50))},
                        {"train.clip_norm", fmt::format("{}", up_to(1000) / 7.0)}});
    }
  }
  void space(const std::string&, std::vector<Distribution>& space, const Range&) {
    if (up_to(1) == 1) space.push_back({"train.beta1", "uniform", {"0", "0.9"}});
    if (up_to(1) == 1) space.push_back({"hidden", "log_integer", {"1", "64"}});
    if (up_to(1) == 1) space.push_back({"train.optimiser", "choice", {"adam", "sgd", "rmsprop"}});
  }
  void seeds(const std::string&, std::vector<std::uint64_t>& seeds, const Range&,
             const Range& range) {
    seeds = {static_cast<std::uint64_t>(any_of(range))};
    if (seeds[0] != 5) seeds.push_back(5);
  }
  void figures(Figures& figures, const Range& range) {
    const int count = up_to(3);
    for (int i = 0; i < count; ++i) {
      figures[any_text(20, false, 1)]
             [element(std::vector<Split>(std::begin(all_splits), std::end(all_splits)))] =
                 any_of(range);
    }
  }

 private:
  template <class V>
  static std::vector<const V*> pointers(const std::vector<V>& all) {
    std::vector<const V*> found;
    for (const V& one : all) found.push_back(&one);
    return found;
  }
};

// Every field as text, numbers to the last bit.
class Lines {
 public:
  void text(const std::string& key, const std::string& value, const TextRule&) { add(key, value); }
  void number(const std::string& key, const auto& value, const Range&) { add(key, exact(value)); }
  void flag(const std::string& key, bool value) { add(key, value ? "true" : "false"); }
  void choice(const std::string& key, const std::string& value, const std::vector<std::string>&) {
    add(key, value);
  }
  void group(const std::string&, auto&& body) { body(*this); }
  void tasks(const std::vector<StudyTask>& tasks, const Range&) {
    for (const StudyTask& task : tasks) {
      add("task", task.name);
      for (const auto& [name, value] : task.options.all()) add(name, value);
    }
  }
  void records(const std::string&, const std::string&, const auto& records, const Range&,
               auto&& body) {
    for (const auto& record : records) body(*this, record);
  }
  void numbers(const std::string&, const std::map<std::string, double>& numbers, const Range&) {
    for (const auto& [name, value] : numbers) add(name, exact(value));
  }
  void hypers(const std::string&, const HyperValues& hypers, const Range&) {
    for (const auto& [name, value] : hypers) {
      const double* number = std::get_if<double>(&value);
      add(name, number ? exact(*number) : hyper_text(value));
    }
  }
  void grid(const std::string&, const std::vector<GridKey>& grid, const Range&) {
    for (const GridKey& one : grid) {
      add("grid " + one.key, fmt::format("{}", fmt::join(one.values, ", ")));
    }
  }
  void points(const std::string& key, const std::vector<Settings>& points, const Range&) {
    for (const Settings& point : points) add(key, to_text(point));
  }
  void space(const std::string&, const std::vector<Distribution>& space, const Range&) {
    for (const Distribution& one : space) {
      add("space " + one.key, one.kind + ": " + fmt::format("{}", fmt::join(one.values, ", ")));
    }
  }
  void seeds(const std::string& key, const std::vector<std::uint64_t>& seeds, const Range&,
             const Range&) {
    for (const std::uint64_t seed : seeds) add(key, exact(seed));
  }
  void figures(const Figures& figures, const Range&) {
    for (const auto& [metric, by_split] : figures) {
      for (const Split split : all_splits) {
        if (!std::isnan(by_split[split])) add(metric + split_name(split), exact(by_split[split]));
      }
    }
  }

  std::vector<std::string> all;

 private:
  static std::string exact(double value) { return fmt::format("{:a}", value); }
  static std::string exact(std::integral auto value) { return fmt::format("{}", value); }
  void add(const std::string& key, const std::string& value) { all.push_back(key + "=" + value); }
};

std::vector<std::string> lines_of(const StudyOptions& options) {
  Lines lines;
  visit_fields(options, lines);
  return lines.all;
}

StudyOptions any_study() {
  StudyOptions study;
  Filler filler;
  visit_fields(study, filler);
  // What concerns several keys.
  if (study.search.exponent_min > study.search.exponent_max) {
    std::swap(study.search.exponent_min, study.search.exponent_max);
  }
  auto& search = study.search;
  search.draws = std::min(search.draws, 100);
  if (search.draws == 0) {
    search.space.clear();
    search.halving.first = 0;
  }
  for (std::size_t k = 0; k < study.cells.size(); ++k) {
    study.cells[k].name += std::to_string(k);
  }
  return study;
}

RC_GTEST_PROP(StudyProperty, EveryAcceptedStudyReadsBackAsItWas, ()) {
  const StudyOptions study = any_study();
  const std::string text = to_yaml(study);
  RC_LOG() << text;
  const StudyOptions read = parse_study(text, "study.yaml", {});
  RC_ASSERT(lines_of(read) == lines_of(study));
  RC_ASSERT(to_yaml(read) == text);
}

// Pieces of YAML in any order, and a study with some of its bytes changed.
std::string any_yaml() {
  static const std::vector<std::string> pieces = {
      "name",     "task",   "dataset",     "cells",  "seeds",
      "train",    "epochs", "hyper",       "hidden", "published",
      "test_nll", ": ",     ":",           "\n",     "\n  ",
      "- ",       "{",      "}",           "[",      "]",
      ", ",       "&a ",    "*a",          "---\n",  "...\n",
      "? ",       "| \n",   ">",           "!!str ", "!t ",
      "\"",       "'",      "\\x",         "3",      "-1",
      ".inf",     ".nan",   "1e999",       "~",      "<<: ",
      "\t",       "#",      "%YAML 1.2\n", "\xff",   std::string(1, '\0'),
      "lstm",     "adding", "=",           "."};
  std::string text;
  if (up_to(1) == 0) {
    const int count = up_to(30);
    for (int i = 0; i < count; ++i) text += element(pieces);
    return text;
  }
  text = to_yaml(any_study());
  const int count = 1 + up_to(4);
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(up_to(static_cast<int>(text.size())));
    text = text.substr(0, at) + element(pieces) +
           text.substr(std::min(text.size(), at + static_cast<std::size_t>(up_to(3))));
  }
  return text;
}

std::string any_override() {
  static const std::vector<std::string> keys = {
      "train.epochs", "name",         "cells",
      "cells.hidden", "dataset",      "dataset.width",
      "task",         "task.lag",     "seeds",
      "train",        "search.draws", "",
      "..",           "train..",      "published",
      "x.y.z",        "train.loss",   "a.b.c.d.e.f.g.h.i.j.k"};
  return element(keys) + (up_to(9) == 0 ? "" : "=") +
         (up_to(1) == 0 ? any_yaml() : any_text(20, true));
}

RC_GTEST_PROP(StudyProperty, AnyTextGivesAStudyOrAnInputError, ()) {
  const std::string text = any_yaml();
  std::vector<std::string> overrides;
  const int count = up_to(2);
  for (int i = 0; i < count; ++i) overrides.push_back(any_override());
  RC_LOG() << text << "\n" << fmt::format("{}", fmt::join(overrides, "\n"));
  try {
    parse_study(text, "study.yaml", overrides);
  } catch (const InputError&) {
  }
}

}  // namespace
}  // namespace carousel
