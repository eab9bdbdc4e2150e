#include <fmt/format.h>

#include <array>
#include <cmath>
#include <set>

#include "program/equations.hpp"

namespace carousel {
namespace {

enum Strength { none, comparison, sum, product, power, whole };

// What a part of a name looks like: "alpha" is a Greek letter, several letters are upright.
std::string word(const std::string& text) {
  static const std::set<std::string> greek = {
      "alpha",   "beta",   "gamma", "delta",   "epsilon", "zeta",  "eta",   "theta", "iota",
      "kappa",   "lambda", "mu",    "nu",      "xi",      "pi",    "rho",   "sigma", "tau",
      "upsilon", "phi",    "chi",   "psi",     "omega",   "Gamma", "Delta", "Theta", "Lambda",
      "Xi",      "Pi",     "Sigma", "Upsilon", "Phi",     "Psi",   "Omega"};
  if (greek.contains(text)) return "\\" + text;
  return text.size() > 1 ? "\\mathrm{" + text + "}" : text;
}

// "U_z1" as {"U", "z", "1"}.
std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words(1);
  bool digits = false;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if (c == '_' || (digit != digits && !words.back().empty())) words.emplace_back();
    digits = digit;
    if (c != '_') words.back() += c;
  }
  std::erase(words, "");
  return words;
}

// A name with its subscripts; `time`: "t", "t-1", "0" or empty.
std::string name_latex(const std::string& name, const std::string& time) {
  static const std::map<std::string, std::string> accents = {
      {"tilde", "\\tilde"}, {"hat", "\\hat"}, {"bar", "\\bar"}};
  const std::vector<std::string> words = words_of(name);
  std::string base = word(words[0]), below;
  for (std::size_t k = 1; k < words.size(); ++k) {
    if (const auto accent = accents.find(words[k]); accent != accents.end()) {
      base = accent->second + "{" + base + "}";
    } else {
      below += (below.empty() ? "" : ",") + word(words[k]);
    }
  }
  if (!time.empty()) below += (below.empty() ? "" : ",") + time;
  return below.empty() ? base : base + "_{" + below + "}";
}

std::string number_latex(double value) {
  if (std::isinf(value)) return value < 0 ? "-\\infty" : "\\infty";
  std::string text = fmt::format("{}", value);
  const std::size_t exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  const std::string digits = text.substr(0, exponent);
  const std::string ten = fmt::format("10^{{{}}}", std::stoi(text.substr(exponent + 1)));
  return digits == "1" ? ten : digits + " \\cdot " + ten;
}

Strength strength_of(const Term& term) {
  switch (term.kind) {
    case Term::Kind::number: return std::signbit(term.value) ? sum : whole;
    case Term::Kind::negative: return sum;
    case Term::Kind::call:
      return term.text == "transpose" ? power : term.text == "outer" ? product : whole;
    case Term::Kind::binary: break;
    default: return whole;
  }
  switch (term.text[0]) {
    case '<': return whole;
    case '+':
    case '-': return sum;
    case '/': return whole;
    case '^': return power;
    default: return product;
  }
}

std::string latex_of(const Term& term);

std::string part(const Term& term, Strength around) {
  const std::string text = latex_of(term);
  return strength_of(term) <= around ? "\\left(" + text + "\\right)" : text;
}

bool is_number(const Term& term) { return term.shape.numel() == 1; }

std::string binary_latex(const Term& term) {
  const Term &a = term.parts[0], &b = term.parts[1];
  switch (term.text[0]) {
    case '<': return fmt::format("\\left[{} < {}\\right]", latex_of(a), latex_of(b));
    case '+': return fmt::format("{} + {}", part(a, none), part(b, sum));
    case '-': return fmt::format("{} - {}", part(a, none), part(b, sum));
    case '/': return fmt::format("\\frac{{{}}}{{{}}}", latex_of(a), latex_of(b));
    case '^': return fmt::format("{}^{{{}}}", part(a, power), latex_of(b));
    case '@': return fmt::format("{} {}", part(a, sum), part(b, product));
    default: break;
  }
  const char* sign = is_number(a) || is_number(b) ? "\\," : "\\odot";
  return fmt::format("{} {} {}", part(a, sum), sign, part(b, product));
}

std::string range_latex(const Term& term) {
  std::string ranges;
  for (std::size_t k = 0; k < term.sizes.size(); k += 2) {
    const Index begin = term.sizes[k], end = term.sizes[k + 1];
    const bool all = begin == 0 && end == term.parts[0].shape[static_cast<int>(k / 2)];
    ranges +=
        (k > 0 ? ", " : "") + (all ? std::string("{:}") : fmt::format("{}{{:}}{}", begin, end));
  }
  return fmt::format("{}\\left[{}\\right]", part(term.parts[0], power), ranges);
}

std::string function_latex(const std::string& name) {
  static const std::set<std::string> known = {"tanh", "exp", "log", "sin", "cos", "max", "min"};
  if (name == "sigmoid") return "\\sigma";
  if (known.contains(name)) return "\\" + name;
  std::string text;
  for (const char c : name) text += c == '_' ? std::string("\\_") : std::string(1, c);
  return "\\mathrm{" + text + "}";
}

std::string call_latex(const Term& term) {
  static const std::map<std::string, std::array<const char*, 2>> around = {
      {"sqrt", {"\\sqrt{", "}"}},
      {"abs", {"\\left|", "\\right|"}},
      {"floor", {"\\left\\lfloor ", "\\right\\rfloor"}},
      {"concat", {"\\left[", "\\right]"}}};
  if (term.text == "transpose") return part(term.parts[0], power) + "^\\top";
  if (term.text == "outer") {
    return part(term.parts[0], sum) + " " + part(term.parts[1], power) + "^\\top";
  }
  if (term.text == "zeros") return "\\mathbf{0}";
  if (term.text == "ones") return "\\mathbf{1}";
  std::string arguments;
  for (const Term& argument : term.parts) {
    if (!arguments.empty()) arguments += term.text == "concat" ? "; " : ", ";
    arguments += latex_of(argument);
  }
  if (const auto signs = around.find(term.text); signs != around.end()) {
    return signs->second[0] + arguments + signs->second[1];
  }
  return function_latex(term.text) + "\\left(" + arguments + "\\right)";
}

std::string latex_of(const Term& term) {
  switch (term.kind) {
    case Term::Kind::number: return number_latex(term.value);
    case Term::Kind::name:
      if (term.text.find(' ') != std::string::npos) return "\\mathrm{" + term.text + "}";
      if (!term.timed) return name_latex(term.text, "");
      return name_latex(term.text, term.delay == 0 ? "t" : fmt::format("t-{}", term.delay));
    case Term::Kind::negative: return "-" + part(term.parts[0], sum);
    case Term::Kind::binary: return binary_latex(term);
    case Term::Kind::slice: return range_latex(term);
    case Term::Kind::list: return fmt::format("{}", fmt::join(term.sizes, " \\times "));
    case Term::Kind::call: break;
  }
  return call_latex(term);
}

}  // namespace

std::string to_latex(const StepProgram& program) {
  const Equations equations = equations_of(program);
  std::string text = "\\begin{aligned}\n";
  const auto add = [&](const Equation& e, const std::string& time) {
    text += fmt::format("{} &= {} \\\\\n", name_latex(e.name, time), latex_of(e.value));
  };
  for (const Equation& e : equations.initial) add(e, "0");
  for (const Equation& e : equations.values) add(e, e.timed ? "t" : "");
  return text + "\\end{aligned}\n";
}

}  // namespace carousel
