#include "exchange/stack_arrays.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace carousel {
namespace {

constexpr std::array<const char*, 2> directions = {"forward", "backward"};

// "layers/1/backward/W_z" and what its parts are.
struct Place {
  std::string stack;
  std::size_t layer = 0, direction = 0;
  std::string parameter;
};

std::optional<std::size_t> number_in(const std::string& text) {
  if (text.empty() || text.size() > 4 || text.find_first_not_of("0123456789") != text.npos) {
    return std::nullopt;
  }
  return std::stoul(text);
}

// The first "/NUMBER/forward/" or "/NUMBER/backward/" parts it.
std::optional<Place> place_of(const std::string& name) {
  for (std::size_t direction = 0; direction < directions.size(); ++direction) {
    const std::string part = fmt::format("/{}/", directions[direction]);
    const std::size_t at = name.find(part);
    const std::size_t before = at == name.npos || at == 0 ? name.npos : name.rfind('/', at - 1);
    if (before == name.npos) continue;
    const auto layer = number_in(name.substr(before + 1, at - before - 1));
    if (!layer) continue;
    return Place{name.substr(0, before), *layer, direction, name.substr(at + part.size())};
  }
  return std::nullopt;
}

void expect_whole(const std::string& name, const StackArrays& stack) {
  std::size_t directions_of_all = 1;
  for (const auto& layer : stack) directions_of_all = std::max(directions_of_all, layer.size());
  for (std::size_t layer = 0; layer < stack.size(); ++layer) {
    for (std::size_t direction = 0; direction < directions_of_all; ++direction) {
      if (direction < stack[layer].size() && !stack[layer][direction].empty()) continue;
      fail_input(
          "there are no parameters of {}/{}/{}, though there are of other scans of the stack", name,
          layer, directions[direction]);
    }
  }
}

}  // namespace

std::array<std::string, 2> summand_names(const std::string& parameter) {
  return {parameter + "/first", parameter + "/second"};
}

NamedArrays named_arrays(const StackArrays& stack, const std::string& name) {
  NamedArrays all;
  for (std::size_t layer = 0; layer < stack.size(); ++layer) {
    for (std::size_t direction = 0; direction < stack[layer].size(); ++direction) {
      for (const auto& [parameter, array] : stack[layer][direction]) {
        const bool is_alone = name.empty() && stack.size() == 1 && stack[0].size() == 1;
        const std::string& own = name.empty() ? "layers" : name;
        all[is_alone ? parameter
                     : fmt::format("{}/{}/{}/{}", own, layer, directions[direction], parameter)] =
            array;
      }
    }
  }
  return all;
}

ModelArrays model_arrays(const NamedArrays& parameters) {
  ModelArrays model;
  for (const auto& [name, array] : parameters) {
    const auto place = place_of(name);
    if (!place) {
      model.others[name] = array;
      continue;
    }
    StackArrays& stack = model.stacks[place->stack];
    if (stack.size() <= place->layer) stack.resize(place->layer + 1);
    auto& layer = stack[place->layer];
    if (layer.size() <= place->direction) layer.resize(place->direction + 1);
    layer[place->direction][place->parameter] = array;
  }
  for (const auto& [name, stack] : model.stacks) expect_whole(name, stack);
  return model;
}

std::vector<std::string> scans_in(const NamedArrays& parameters) {
  std::vector<std::string> scans;
  for (const auto& [name, array] : parameters) {
    const auto place = place_of(name);
    if (!place) continue;
    const std::string scan = name.substr(0, name.size() - place->parameter.size() - 1);
    if (std::ranges::find(scans, scan) == scans.end()) scans.push_back(scan);
  }
  return scans;
}

NamedArrays arrays_below(const NamedArrays& arrays, const std::string& front) {
  NamedArrays below;
  for (const char separator : {'/', '.'}) {
    const std::string start = front + separator;
    for (auto found = arrays.lower_bound(start);
         found != arrays.end() && found->first.starts_with(start); ++found) {
      below[found->first.substr(start.size())] = found->second;
    }
  }
  return below;
}

}  // namespace carousel
