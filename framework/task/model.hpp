#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "layer/network.hpp"
#include "layer/recurrent_stack.hpp"
#include "metric/metric.hpp"
#include "task/exhibit.hpp"

namespace carousel {

/// Which example of a split: 0 .. size - 1, or, where every example is fresh, any number.
using ExampleId = std::int64_t;
/// Some examples of a split, in order.
using Ids = std::span<const ExampleId>;

class TrainedModel;

/// How a symbol is drawn from a softmax: among the `top_k` likeliest (0: all), and of these among
/// the likeliest whose probabilities together are at least `top_p` (Holtzman et al. 2020,
/// arXiv:1904.09751), with logits divided by the temperature. Temperature 0: always the likeliest.
struct SymbolRule {
  double temperature = 1.0;  ///< what logits are divided by, 0 or more
  Index top_k = 0;           ///< how many symbols at most; 0: all
  double top_p = 1.0;        ///< their probability together, in (0, 1]

  /// True when both draw alike.
  friend bool operator==(const SymbolRule&, const SymbolRule&) = default;
};

/// What a sample is to be drawn from.
struct SampleRequest {
  std::uint64_t seed = 1;  ///< of the random numbers
  Index steps = 200;       ///< to draw
  Index prime = 0;         ///< steps of the first test example to start from; 0: nothing
  std::string text = {};   ///< of language models: what to start from, instead
  SymbolRule rule = {};    ///< of language models
  /// Of language models: hears of each symbol when it is drawn.
  std::function<void(const std::string&)> stream = [](const std::string&) {};
};

/// A drawn sample: an exhibit, and a line of figures about it.
struct Sample {
  Exhibit exhibit;   ///< what was drawn
  std::string note;  ///< such as where it starts, and figures beside those of the data
};

/// What Model::forward() computes, for who writes it down elsewhere: a stack that reads values or
/// vectors for symbols, and products behind it. Parameters are given by their names.
struct ModelForm {
  /// What of the stack's outputs is read.
  enum class Reads {
    every,  ///< each step
    last,   ///< what each direction gives at its own last step, see RecurrentStack::ends
    mean,   ///< over the steps of each sequence
    max     ///< of each element, likewise
  };
  /// y = matrix x + bias.
  struct Product {
    std::string matrix,  ///< [out, in]
        bias;            ///< [out]
  };
  const RecurrentStack* stack = nullptr;  ///< of the model
  std::string symbols = {};               ///< the vectors, [symbols, size]; empty: x holds values
  Reads reads = Reads::every;             ///< by the first product
  std::vector<Product> products = {};     ///< one behind the other
};

/// What a problem makes around the cell under study. A trainer knows a model by parameters(),
/// loss() and count() alone.
class Model : public Network {
 public:
  virtual ~Model() = default;

  /// The loss of the given examples, summed over their terms (Problem::terms): a scalar that can be
  /// differentiated.
  virtual Var loss(const Pass& pass, Split split, Ids ids) const = 0;
  /// Writes the counts of the given examples, whose ids are their rows. May decode.
  virtual void count(const Pass& pass, Split split, Ids ids, Tally& tally) const = 0;

  /// What it gives for sequences of the caller's. x: [T, batch, width] of values, or [T, batch] of
  /// symbols by their numbers. Outputs: what the loss is of (logits, values, or the parameters of
  /// a distribution), at each step, [T, batch, outputs]; of a model that answers once a sequence,
  /// its answer to the steps it was given, [1, batch, outputs]. Throws InputError where the
  /// arguments do not fit.
  virtual StackResult forward(const Pass& pass, Var x,
                              const StackArguments& arguments = {}) const = 0;

  /// How forward() is made. Throws InputError where it is made of something else: the default.
  virtual ModelForm form() const;

  /// What there is to show of a trained model; nothing by default.
  virtual std::vector<Exhibit> exhibits(const TrainedModel& model) const;
  /// Draws a sample. Throws InputError where the task has none: the default.
  virtual Sample sample(const TrainedModel& model, const SampleRequest& request) const;

 protected:
  Model() = default;
};

/// Values of a model's parameters, in either precision.
using ParameterValues = std::variant<std::vector<Tensor<float>>, std::vector<Tensor<double>>>;

/// What a model gives for some steps, and where it stands behind them.
struct ModelStep {
  Tensor<double> outputs;              ///< as Model::forward
  std::vector<Tensor<double>> states;  ///< to go on from, as StackResult::states
};

/// A model with values, to be run forward: nothing is dropped, and no gradient flows.
class TrainedModel {
 public:
  /// values: as model.parameters(). `model` must outlive it.
  TrainedModel(const Model& model, ParameterValues values);

  /// What the model is made of; see ParameterValues.
  const ParameterValues& values() const { return values_; }
  /// The model, without the values.
  const Model& model() const { return *model_; }

  /// The outputs of Model::forward for whole sequences x. lengths: their steps; empty: all of T.
  /// Throws InputError where x or the lengths do not fit the model.
  Tensor<double> predict(const Tensor<float>& x, const std::vector<Index>& lengths = {}) const;
  /// Goes on by the steps of x (T may be 1). states: those of an earlier call; empty at the start
  /// of sequences. Throws InputError as predict() does, and where a model can't answer before it
  /// has seen all steps.
  ModelStep step(const Tensor<float>& x, const std::vector<Tensor<double>>& states = {}) const;
  /// The value of that name in the cell's equations, such as a gate, at each step: [T, batch, size]
  /// for each layer, and for each direction of it, forward first. Throws InputError as predict()
  /// does, and where the cell has no value of that name.
  std::vector<Tensor<double>> probe(const Tensor<float>& x, const std::string& name,
                                    const std::vector<Index>& lengths = {}) const;
  /// Calls f with a pass on a tape of its own, to which no gradient flows. Vars end with the call.
  void run(const std::function<void(const Pass&)>& f) const;

 private:
  const Model* model_;
  ParameterValues values_;
};

}  // namespace carousel
