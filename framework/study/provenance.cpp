#include "study/provenance.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <chrono>
#include <ctime>
#include <map>

#include "io/digest.hpp"

namespace carousel {
namespace {

constexpr const char* study_prefix = "study ";
constexpr std::size_t long_value = 80;  // characters; what is longer is cut where both are shown

std::string now_text() {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr)));
}

void add_leaves(const YAML::Node& node, const std::string& path, Facts& facts) {
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const std::string key = entry.first.Scalar();
      add_leaves(entry.second, path.empty() ? key : path + "." + key, facts);
    }
  } else if (node.IsSequence()) {
    for (std::size_t k = 0; k < node.size(); ++k) {
      add_leaves(node[k], fmt::format("{}[{}]", path, k), facts);
    }
  } else {
    facts.emplace_back(study_prefix + path, node.IsScalar() ? node.Scalar() : "");
  }
}

bool counts_when_missing(const std::string& name) {
  return name.starts_with(study_prefix) || name.starts_with("cell ") ||
         name.starts_with("plug-in ");
}

std::string brief(const std::string& value) {
  return value.size() <= long_value ? value : value.substr(0, long_value) + "..";
}

// As CITATION.cff, of the program that the run depends on.
std::string citation(const Facts& depends_on) {
  return fmt::format(
      "The Carousel authors: Carousel, recurrent cells as equations, version {}, commit {}",
      value_of(depends_on, "version"), value_of(depends_on, "commit"));
}

boost::json::object object_of(const Facts& facts) {
  boost::json::object object;
  for (const auto& [name, value] : facts) object[name] = value;
  return object;
}

// "{\"a\": 1}" on lines of its own.
std::string indented(const boost::json::object& object, const std::string& indent) {
  std::string text = "{";
  for (const auto& [name, value] : object) {
    text += fmt::format("{}\n{}  {}: {}", text.size() > 1 ? "," : "", indent,
                        boost::json::serialize(boost::json::string(name)),
                        value.is_object() ? indented(value.as_object(), indent + "  ")
                                          : boost::json::serialize(value));
  }
  return text + "\n" + indent + "}";
}

}  // namespace

std::string new_run_name() {
  const auto time = std::chrono::system_clock::now().time_since_epoch().count();
  std::string host;
  for (const auto& [name, value] : place_facts()) host += value;
  return sha256(fmt::format("{} {} {}", host, getpid(), time)).substr(0, 16);
}

Facts session_facts(const std::string& command, int threads) {
  Facts facts = {{"started", now_text()}};
  if (!command.empty()) facts.emplace_back("command", command);
  for (const auto& fact : place_facts()) facts.push_back(fact);
  facts.emplace_back("threads", std::to_string(threads));
  return facts;
}

void end_session(Provenance& provenance, double seconds, const std::string& end) {
  Facts& session = provenance.sessions.back();
  session.emplace_back("seconds", fmt::format("{:.1f}", seconds));
  session.emplace_back("ended", end);
}

Facts facts_of_yaml(const std::string& yaml) {
  Facts facts;
  add_leaves(YAML::Load(yaml), "", facts);
  return facts;
}

std::vector<std::string> differences(const Facts& in_run, const Facts& now) {
  using ByName = std::map<std::string, std::string>;
  const ByName then_by_name(in_run.begin(), in_run.end()), now_by_name(now.begin(), now.end());
  const auto shown = [](const ByName& facts, const std::string& name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::string("nothing") : "'" + brief(found->second) + "'";
  };
  std::vector<std::string> lines;
  const auto add = [&](const std::string& name) {
    lines.push_back(fmt::format("{}: {} in the run, {} now", name, shown(then_by_name, name),
                                shown(now_by_name, name)));
  };
  for (const auto& [name, value] : now) {
    const auto then = then_by_name.find(name);
    if (then == then_by_name.end() || then->second != value) add(name);
  }
  for (const auto& [name, value] : in_run) {
    if (!now_by_name.contains(name) && counts_when_missing(name)) add(name);
  }
  return lines;
}

std::string to_json(const Provenance& provenance) {
  boost::json::object sessions;
  for (std::size_t k = 0; k < provenance.sessions.size(); ++k) {
    sessions[std::to_string(k + 1)] = object_of(provenance.sessions[k]);
  }
  boost::json::array accepted;
  for (const std::string& change : provenance.accepted) accepted.emplace_back(change);
  return indented({{"run", provenance.run},
                   {"sessions", sessions},
                   {"accepted changes", accepted},
                   {"cite", citation(provenance.depends_on)},
                   {"depends on", object_of(provenance.depends_on)}},
                  "") +
         "\n";
}

Facts machine_lines(const Provenance& provenance) {
  Facts lines = {{"cite", citation(provenance.depends_on)}};
  for (const auto& [name, value] : provenance.depends_on) {
    if (!name.starts_with(study_prefix)) lines.emplace_back(name, value);
  }
  for (const Facts& session : provenance.sessions) {
    std::string text;
    for (const auto& [name, value] : session) {
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, value);
    }
    lines.emplace_back("session", text);
  }
  for (const std::string& change : provenance.accepted) lines.emplace_back("change", change);
  return lines;
}

}  // namespace carousel
