#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "catalogue.hpp"
#include "pair_files.hpp"
#include "task/task.hpp"
#include "task/translation_model.hpp"
#include "temporary_folder.hpp"

namespace carousel {

using Settings = std::vector<std::pair<std::string, std::string>>;

class TranslationTask : public testing::Test {
 protected:
  TranslationTask() { write_pairs(folder_.path()); }

  std::unique_ptr<TranslationProblem> problem(const Settings& set = {}) const {
    const Task& task = find_task("translation");
    TaskOptions options(task.options);
    options.set("data", folder_.path().string());
    options.set("embedding", "5");
    options.set("readout", "4");
    for (const auto& [name, text] : set) options.set(name, text);
    return std::unique_ptr<TranslationProblem>(
        dynamic_cast<TranslationProblem*>(task.set_up(options, {}).release()));
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  TemporaryFolder folder_;
};

inline const std::vector<Settings> forms = {
    {{"form", "cho"}},
    {{"form", "cho"}, {"readout", "0"}, {"rank", "3"}},
    {{"form", "sutskever"}, {"order", "reversed"}},
    {{"form", "bahdanau"}, {"keys", "3"}},
    {{"form", "bahdanau"}, {"tied", "yes"}},
    {{"form", "luong"}, {"score", "dot"}, {"readout", "0"}},
    {{"form", "luong"}, {"score", "general"}},
    {{"form", "luong"}, {"score", "local"}, {"window", "2"}}};

inline std::string text_of(const Settings& form) {
  std::string text;
  for (const auto& [name, value] : form) text += name + "=" + value + " ";
  return text;
}

// A model with the values that training begins with, made larger: else all words are as likely.
struct Made {
  std::unique_ptr<TranslationProblem> problem;
  Recurrence recurrence;
  std::unique_ptr<Model> model;
  std::vector<Tensor<double>> values;

  Made(std::unique_ptr<TranslationProblem> p, const std::string& cell,
       const ModelOptions& options = {}, Index hidden = 6)
      : problem(std::move(p)),
        recurrence(catalogue().find(cell), hidden, options),
        model(problem->model(recurrence)),
        values(ParameterSet<double>(model->parameters(), 3).snapshot()) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      const auto noise = initialise<double>(Initialiser::normal(0.5), values[k].shape(),
                                            Random(3, model->parameters()[k].name));
      for (Index i = 0; i < noise.numel(); ++i) values[k].data()[i] += noise.data()[i];
    }
  }
  const TranslationModel& translation() const {
    return dynamic_cast<const TranslationModel&>(*model);
  }
  template <class F>
  void run(F&& f) const {
    TrainedModel(*model, values).run(f);
  }
};

}  // namespace carousel
