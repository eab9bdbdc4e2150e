#include "task/model.hpp"

namespace carousel {

std::vector<Exhibit> Model::exhibits(const TrainedModel&) const { return {}; }

Sample Model::sample(const TrainedModel&, const SampleRequest&) const {
  fail_input("models of this task can't be sampled");
}

TrainedModel::TrainedModel(const Model& model, ParameterValues values)
    : model_(&model), values_(std::move(values)) {}

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
