#include "exchange/onnx/recurrent_operator.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cell/cell.hpp"
#include "exchange/onnx/same_equations.hpp"

namespace carousel {
namespace {

// A gate's rows of W and R and its elements of B, by the names of parameters in a form's text.
// Empty: zeros.
struct Gate {
  std::string w, r, wb, rb;
  double sign = 1.0;  // -1: the gate of the operator is 1 minus that of the text
};

// Equations of an operator as ONNX gives them (opset 14), as a cell, or those that become them.
struct Form {
  std::string op;
  std::vector<OnnxAttribute> attributes;
  std::string text;
  std::vector<Gate> gates;                  // in the operator's order
  std::vector<std::string> peepholes = {};  // likewise: i, o, f
};

Gate gate(const std::string& name, double sign = 1.0) {
  return {"W_" + name, "R_" + name, "b_" + name, "", sign};
}

// Declares the parameters of gates.
std::string declared(const std::vector<std::string>& gates, const std::string& further) {
  return fmt::format(
      "param W_{} : [hidden, input]\nparam R_{} : [hidden, hidden]\nparam b_{}{} : [hidden]\n",
      fmt::join(gates, ", W_"), fmt::join(gates, ", R_"), fmt::join(gates, ", b_"), further);
}

std::string equation(const std::string& gate, const std::string& function,
                     const std::string& peephole = "") {
  return fmt::format("{0} = {1}(W_{0} @ x + R_{0} @ h[t-1] + b_{0}{2})\n", gate, function,
                     peephole);
}

Form rnn(const std::string& function, const std::string& activation) {
  // Activations are a list of texts, and Tanh is what they are where none are given.
  std::vector<OnnxAttribute> attributes;
  if (activation != "Tanh") attributes = {{"activations", std::vector<std::string>{activation}}};
  return {"RNN",
          attributes,
          "cell rnn\n" + declared({"n"}, "") +
              fmt::format("h = {}(W_n @ x + R_n @ h[t-1] + b_n)\noutput h\n", function),
          {gate("n")}};
}

// The gate z is the share of the old state, or where `takes` that of the new one.
Form gru(bool reset_after, bool takes) {
  const std::string candidate = reset_after ? "n = tanh(W_n @ x + b_n + r * (R_n @ h[t-1] + d_n))\n"
                                            : "n = tanh(W_n @ x + R_n @ (r * h[t-1]) + b_n)\n";
  const std::string mixed =
      takes ? "h = (1 - z) * h[t-1] + z * n\n" : "h = (1 - z) * n + z * h[t-1]\n";
  Gate n = gate("n");
  if (reset_after) n.rb = "d_n";
  return {"GRU",
          {{"linear_before_reset", Index{reset_after}}},
          "cell gru\n" + declared({"z", "r", "n"}, reset_after ? ", d_n" : "") +
              equation("z", "sigmoid") + equation("r", "sigmoid") + candidate + mixed +
              "output h\n",
          {gate("z", takes ? -1.0 : 1.0), gate("r"), n}};
}

// coupled: f is 1 - i.
Form lstm(bool peepholes, bool coupled) {
  std::vector<std::string> gates{"i", "o", "c"}, looks{"p_i", "p_o", "p_f"};
  if (!coupled) gates.emplace_back("f");
  if (coupled) looks[2] = "";
  std::string declarations = declared(gates, peepholes ? ", p_i, p_o" : "");
  if (peepholes && !coupled) declarations += "param p_f : [hidden]\n";
  const auto looking = [&](const char* term) { return std::string(peepholes ? term : ""); };
  const std::string forget =
      coupled ? "f = 1 - i\n" : equation("f", "sigmoid", looking(" + p_f * c[t-1]"));
  Form form{"LSTM",
            {{"input_forget", Index{coupled}}},
            "cell lstm\n" + declarations + equation("i", "sigmoid", looking(" + p_i * c[t-1]")) +
                forget + "g = tanh(W_c @ x + R_c @ h[t-1] + b_c)\n" + "c = f * c[t-1] + i * g\n" +
                equation("o", "sigmoid", looking(" + p_o * c")) + "h = o * tanh(c)\noutput h\n",
            {gate("i"), gate("o"), coupled ? Gate{} : gate("f"), gate("c")}};
  if (peepholes) form.peepholes = looks;
  return form;
}

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {rnn("tanh", "Tanh"), rnn("relu", "Relu"), gru(false, false),
                                        gru(false, true),    gru(true, false),    gru(true, true),
                                        lstm(false, false),  lstm(true, false),   lstm(false, true),
                                        lstm(true, true)};
  return all;
}

// Values of a form's parameters by their names.
class Values {
 public:
  Values(const StepProgram& pattern, const SameEquations& same,
         const std::vector<Tensor<double>>& parameters) {
    for (std::size_t k = 0; k < pattern.parameters.size(); ++k) {
      by_name_[pattern.parameters[k].name] = parameters.at(same.parameters[k]);
    }
  }

  // Appends `count` elements, times the sign.
  void append(std::vector<double>& all, const std::string& name, Index count, double sign) const {
    if (name.empty()) {
      all.insert(all.end(), static_cast<std::size_t>(count), 0.0);
      return;
    }
    for (const double value : by_name_.at(name).values()) all.push_back(sign * value);
  }

 private:
  std::map<std::string, Tensor<double>> by_name_;
};

RecurrentOperator filled(const Form& form, const Values& values, Index input, Index hidden) {
  std::vector<double> w, r, wb, rb, p;
  for (const Gate& gate : form.gates) {
    values.append(w, gate.w, hidden * input, gate.sign);
    values.append(r, gate.r, hidden * hidden, gate.sign);
    values.append(wb, gate.wb, hidden, gate.sign);
    values.append(rb, gate.rb, hidden, gate.sign);
  }
  wb.insert(wb.end(), rb.begin(), rb.end());
  for (const std::string& name : form.peepholes) values.append(p, name, hidden, 1.0);
  const Index rows = std::ssize(form.gates) * hidden;
  RecurrentOperator made{form.op,
                         form.attributes,
                         {},
                         Tensor<double>::from({1, rows, input}, w),
                         Tensor<double>::from({1, rows, hidden}, r),
                         Tensor<double>::from({1, 2 * rows}, wb)};
  if (!p.empty()) made.p = Tensor<double>::from({1, 3 * hidden}, p);
  return made;
}

}  // namespace

std::optional<RecurrentOperator> recurrent_operator(const StepProgram& program,
                                                    const std::vector<Tensor<double>>& parameters) {
  const Shape& x = program.nodes[static_cast<std::size_t>(program.inputs[0])].shape;
  const Shape& h = program.output_shape();
  if (x.rank() != 2 || h.rank() != 2) return {};
  for (const Form& form : forms()) {
    CellRegistry registry;
    const std::string name = registry.add_text(form.text, form.op);
    const StepProgram pattern = registry.find(name).build({x.back(), h.back()});
    const auto same = same_equations(pattern, program);
    if (!same) continue;
    RecurrentOperator made = filled(form, Values(pattern, *same, parameters), x.back(), h.back());
    // The operator's states are h and c.
    for (const char* state : {"h", "c"}) {
      const auto of_form = std::ranges::find(pattern.states, state, &ProgramState::name);
      if (of_form == pattern.states.end()) continue;
      made.states.push_back(
          same->states[static_cast<std::size_t>(of_form - pattern.states.begin())]);
    }
    return made;
  }
  return {};
}

}  // namespace carousel
