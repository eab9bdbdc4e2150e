#pragma once

#include <string>
#include <utility>
#include <vector>

namespace carousel {

/// Facts about the program and the machine that a result depends on, as (name, value):
/// commit, host, cpu, threads, isa, versions of the libraries.
std::vector<std::pair<std::string, std::string>> machine_facts(int threads);

/// The facts as a JSON object.
std::string to_json(const std::vector<std::pair<std::string, std::string>>& facts);

}  // namespace carousel
