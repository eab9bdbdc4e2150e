// The embedded Reber grammar: each next symbol of a string (Hochreiter and Schmidhuber 1997,
// section 5.1, experiment 1; Cleeremans, Servan-Schreiber and McClelland 1989). A string is B, then
// T or P, then a string of the Reber grammar, then the same T or P, then E. Where two symbols are
// possible either has probability 1/2. All symbols but the last are read, and the next one is
// predicted at every step, so that the second symbol has to be remembered for the last but one. A
// step is right when the symbols that are possible there are the most active ones: our reading of
// "correctly predicted". The paper trains on 256 strings; here each is new.
#include <string_view>

#include "task/entries.hpp"
#include "task/generated.hpp"

namespace carousel {
namespace {

constexpr std::string_view symbols = "BTPSXVE";

// Where two symbols lead from a node of the Reber grammar, or one, twice.
struct Node {
  char symbol[2];
  int next[2];
};
constexpr int end_node = 6;
constexpr Node nodes[] = {{{'T', 'P'}, {1, 2}}, {{'S', 'X'}, {1, 3}}, {{'T', 'V'}, {2, 4}},
                          {{'X', 'S'}, {2, 5}}, {{'P', 'V'}, {3, 5}}, {{'E', 'E'}, {6, 6}}};

Index number_of(char symbol) { return static_cast<Index>(symbols.find(symbol)); }

struct ReberString {
  std::vector<Index> symbols;
  std::vector<std::uint32_t> possible;  // at each of them: bit k is symbol k

  void add(char drawn, std::string_view choice) {
    symbols.push_back(number_of(drawn));
    possible.push_back(0);
    for (const char symbol : choice) possible.back() |= 1u << number_of(symbol);
  }
};

ReberString string_of(Random& random) {
  ReberString string;
  const char outer = "TP"[random.below(2)];
  string.add('B', "B");
  string.add(outer, "TP");
  string.add('B', "B");
  for (int at = 0; at != end_node;) {
    const Node& node = nodes[at];
    const auto way = random.below(2);
    string.add(node.symbol[way], {node.symbol, 2});
    at = node.next[way];
  }
  string.add(outer, {&outer, 1});
  string.add('E', "E");
  return string;
}

SequenceExample example_of(Random& random) {
  ReberString string = string_of(random);
  SequenceExample example;
  example.targets.assign(string.symbols.begin() + 1, string.symbols.end());
  example.possible.assign(string.possible.begin() + 1, string.possible.end());
  string.symbols.pop_back();
  example.x = one_hot(string.symbols, std::ssize(symbols));
  return example;
}

GeneratedForm form(const TaskOptions&) {
  GeneratedForm form;
  form.task = "reber";
  form.name = "reber";
  form.description = "the next symbol of strings of the embedded Reber grammar";
  form.width = std::ssize(symbols);
  form.classes = std::ssize(symbols);
  form.scored = SequenceForm::Scored::every;
  form.steps = [](Random& random) { return std::ssize(string_of(random).symbols) - 1; };
  form.example = example_of;
  return form;
}

}  // namespace

Task reber_task() {
  return generated_task<form>("reber", "Each next symbol of the embedded Reber grammar",
                              "Hochreiter and Schmidhuber 1997, section 5.1", {});
}

}  // namespace carousel
