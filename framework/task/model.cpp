#include "task/model.hpp"

namespace carousel {

ModelForm Model::form() const {
  fail_input(
      "models of this task can't be written as a graph of layers; those of texts, of classes and "
      "values for sequences and of next frames can");
}

std::vector<Exhibit> Model::exhibits(const TrainedModel&) const { return {}; }

Sample Model::sample(const TrainedModel&, const SampleRequest&) const {
  fail_input("models of this task can't be sampled");
}

TrainedModel::TrainedModel(const Model& model, ParameterValues values)
    : model_(&model), values_(std::move(values)) {}

namespace {

Tensor<double> values_of(const Pass& pass, Var var) {
  return Tensor<double>::from(var.shape(), pass.values(var));
}

std::vector<Tensor<double>> values_of(const Pass& pass, const std::vector<Var>& vars) {
  std::vector<Tensor<double>> all;
  for (const Var var : vars) all.push_back(values_of(pass, var));
  return all;
}

}  // namespace

Tensor<double> TrainedModel::predict(const Tensor<float>& x,
                                     const std::vector<Index>& lengths) const {
  Tensor<double> outputs;
  run([&](const Pass& pass) {
    const Var given = pass.constant(x);
    outputs = values_of(pass, model_->forward(pass, given, {.lengths = lengths}).outputs);
  });
  return outputs;
}

ModelStep TrainedModel::step(const Tensor<float>& x,
                             const std::vector<Tensor<double>>& states) const {
  ModelStep step;
  run([&](const Pass& pass) {
    std::vector<Var> before;
    for (const Tensor<double>& state : states) before.push_back(pass.constant(state));
    const StackResult result = model_->forward(pass, pass.constant(x), {.states = before});
    step = {values_of(pass, result.outputs), values_of(pass, result.states)};
  });
  return step;
}

std::vector<Tensor<double>> TrainedModel::probe(const Tensor<float>& x, const std::string& name,
                                                const std::vector<Index>& lengths) const {
  std::vector<Tensor<double>> values;
  run([&](const Pass& pass) {
    const StackArguments arguments{.lengths = lengths, .probes = {name}};
    values = values_of(pass, model_->forward(pass, pass.constant(x), arguments).probes);
  });
  return values;
}

void TrainedModel::run(const std::function<void(const Pass&)>& f) const {
  std::visit(
      [&]<class T>(const std::vector<Tensor<T>>& values) {
        Tape<T> tape;
        std::vector<Var> constants;
        for (const Tensor<T>& value : values) constants.push_back(tape.constant(value));
        f(Pass(tape, {model_->parameters(), constants}));
      },
      values_);
}

}  // namespace carousel
