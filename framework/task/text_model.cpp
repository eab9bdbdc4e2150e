#include "task/text_model.hpp"

#include <fmt/format.h>

#include <limits>

#include "layer/losses.hpp"
#include "task/symbol_rule.hpp"
#include "tensor/interrupt.hpp"

namespace carousel {

TextModel::TextModel(Recurrence& recurrence, const TextProblem& problem)
    : problem_(problem),
      symbols_(with(Embedding("symbols", problem.symbols(), problem.form().embedding,
                              problem.form().tied ? 0.1 : 1.0))),
      stack_(with(recurrence.stack("layers", problem.form().embedding))) {
  const Index outputs = stack_.output_size(), vector = problem.form().embedding;
  if (!problem.form().tied) {
    output_ = with(Linear("output", outputs, problem.symbols()));
    return;
  }
  if (outputs != vector) to_vector_ = with(Linear("to_vector", outputs, vector));
  add({"output/b", {problem.symbols()}, Initialiser::zeros()});
}

StackResult TextModel::forward(const Pass& pass, Var x, const StackArguments& arguments) const {
  StackResult result = stack_.forward(pass, symbols_.forward(pass, x), arguments);
  if (output_) {
    result.outputs = output_->forward(pass, result.outputs);
    return result;
  }
  if (to_vector_) result.outputs = to_vector_->forward(pass, result.outputs);
  result.outputs = linear(result.outputs, pass.parameters().of("symbols")[0]) +
                   pass.parameters().of("output")[0];
  return result;
}

ModelForm TextModel::form() const {
  ModelForm made{&stack_, "symbols/table", ModelForm::Reads::every, {}};
  if (to_vector_) made.products.push_back({"to_vector/W", "to_vector/b"});
  made.products.push_back({output_ ? "output/W" : "symbols/table", "output/b"});
  return made;
}

Var TextModel::step_nll(const Pass& pass, const TextBatch& batch) const {
  const std::span<const Var> before = pass.carried() ? *pass.carried() : std::span<const Var>{};
  const StackResult result =
      forward(pass, pass.constant(batch.x), {.lengths = batch.lengths, .states = before});
  if (pass.carried()) *pass.carried() = result.states;
  return softmax_nll(result.outputs, pass.constant(batch.targets), pass.constant(batch.mask));
}

Var TextModel::loss(const Pass& pass, Split split, Ids ids) const {
  return sum(step_nll(pass, problem_.batch(split, ids)));
}

void TextModel::count(const Pass& pass, Split split, Ids ids, Tally& tally) const {
  const TextBatch batch = problem_.batch(split, ids);
  const std::vector<double> nll = pass.values(step_nll(pass, batch));
  for (std::size_t k = 0; k < nll.size(); ++k) tally.at("nats", ids[k % ids.size()]) += nll[k];
  for (std::size_t b = 0; b < ids.size(); ++b) {
    tally.at("symbols", ids[b]) = static_cast<double>(batch.lengths[b]);
  }
}

namespace {

constexpr double never = -std::numeric_limits<double>::infinity();

// Goes on by some symbols; returns the logits of the next one.
std::vector<double> read(const TrainedModel& model, std::span<const std::uint32_t> symbols,
                         std::vector<Tensor<double>>& states) {
  const std::vector<float> numbers(symbols.begin(), symbols.end());
  ModelStep step = model.step(Tensor<float>::from({std::ssize(numbers), 1}, numbers), states);
  states = std::move(step.states);
  const std::span<const double> all = step.outputs.values();
  const auto last = all.last(static_cast<std::size_t>(step.outputs.shape().back()));
  return {last.begin(), last.end()};
}

// A symbol as it stands in a text: words have a blank in front, but at the begin of a line.
std::string shown(const TextProblem& problem, std::uint32_t symbol, const std::string& before) {
  const std::string& text = problem.set().vocabulary.text(symbol);
  const bool blank = problem.words() && text != "\n" && !before.empty() && before.back() != '\n';
  return blank ? " " + text : text;
}

std::string shown(const TextProblem& problem, std::span<const std::uint32_t> symbols) {
  std::string text;
  for (const std::uint32_t symbol : symbols) text += shown(problem, symbol, text);
  return text;
}

// What the model reads before it writes.
std::vector<std::uint32_t> prime_of(const TextProblem& problem, const SampleRequest& request) {
  if (!request.text.empty()) return problem.encoded(request.text);
  const TextPart& test = problem.set().parts[static_cast<std::size_t>(Split::test)];
  const Index most = problem.begin_symbol() ? test.starts[1] : std::ssize(test.symbols);
  if (request.prime < 0 || request.prime > most) {
    fail_input("got {} symbols to start from, expected 0 to {}", request.prime, most);
  }
  return {test.symbols.begin(), test.symbols.begin() + request.prime};
}

}  // namespace

Sample TextModel::sample(const TrainedModel& model, const SampleRequest& request) const {
  const std::vector<std::uint32_t> prime = prime_of(problem_, request);
  std::vector<std::uint32_t> next = prime;
  if (const auto begin = problem_.begin_symbol()) next.insert(next.begin(), *begin);
  const auto newline = problem_.set().vocabulary.find("\n");
  if (next.empty()) next = {static_cast<std::uint32_t>(newline.value_or(0))};
  if (!prime.empty()) request.stream(shown(problem_, prime));
  std::vector<Tensor<double>> states;
  std::string text, before = shown(problem_, prime);
  Index drawn = 0;
  for (; drawn < request.steps; ++drawn) {
    poll_stop();
    std::vector<double> logits = read(model, next, states);
    if (const auto begin = problem_.begin_symbol()) logits[*begin] = never;
    if (problem_.set().unknown >= 0) {
      logits[static_cast<std::size_t>(problem_.set().unknown)] = never;
    }
    Random random(request.seed, Random::hash("sampled symbol", static_cast<std::uint64_t>(drawn)));
    const auto symbol = static_cast<std::uint32_t>(draw_symbol(logits, request.rule, random));
    if (symbol == problem_.end_symbol()) break;
    const std::string piece = shown(problem_, symbol, before + text);
    request.stream(piece);
    text += piece;
    next = {symbol};
  }
  Exhibit exhibit{"text", "sample", {}, {}, {{"prime", before}, {"text", text}}};
  return {exhibit, fmt::format("{} symbols{}", drawn,
                               drawn < request.steps ? ", to the end of a line" : "")};
}

std::vector<Exhibit> TextModel::exhibits(const TrainedModel& model) const {
  SampleRequest request;
  request.steps = problem_.words() ? 100 : 500;
  request.rule.temperature = 0.8;
  Exhibit text = sample(model, request).exhibit;
  text.title = "a sample, temperature 0.8, seed 1";
  return {text};
}

}  // namespace carousel
