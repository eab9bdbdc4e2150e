// The claims, each with the trials that it is about.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "claim.hpp"
#include "gradients.hpp"
#include "measures.hpp"
#include "trials.hpp"

namespace carousel::claims {
namespace {

/// A data set that a study of this folder has trained on.
struct Task {
  std::string name;     ///< for readers
  std::string study;    ///< the file without ".yaml", and the folder of its results
  std::string dataset;  ///< in the study's results
  int few = 0;          ///< training examples where they are to be few
};

const std::vector<Task> kinds = {{"chorales", "music", "jsb_chorales", 23},
                                 {"characters", "text", "tinyshakespeare", 1024},
                                 {"spoken digits", "speech", "speech_digits", 48},
                                 {"sums", "sums", "arithmetic_2", 100}};
/// The sums are new in every epoch: nothing can be learned by heart.
const std::vector<Task> kinds_of_data(kinds.begin(), kinds.begin() + 3);
/// Trials of the other two end when they are solved, and their losses say little.
const std::vector<Task> short_lags = {{"copying, lag 5", "lags", "copy_memory_5"},
                                      {"digits every 20 ms", "frames_20", "speech_digits"}};
const std::vector<Task> long_lags = {{"adding, lag 50", "lags", "adding_50"},
                                     {"copying, lag 50", "lags", "copy_memory_50"},
                                     {"order in 100 steps", "lags", "temporal_order_100"},
                                     {"digits every 2 ms", "frames_2", "speech_digits"}};

const std::vector<Task> clipped = {{"chorales", "clipping", "jsb_chorales"},
                                   {"sums", "clipping", "arithmetic_2"},
                                   {"order in 20 steps", "clipping", "temporal_order_20"},
                                   {"spoken digits", "clipping", "speech_digits"}};
const std::vector<Task> hard_for_tanh = {{"adding, lag 30", "second_order", "adding_30"},
                                         {"order in 60 steps", "second_order", "temporal_order_60"},
                                         {"copying, lag 10", "second_order", "copy_memory_10"}};

enum class Examples { all, few };

/// A cell at a point of the studies of `kinds`.
struct Choice {
  const char* cell;
  int parameters = 0;  ///< 0: the study has no such points
  Examples examples = Examples::all;
  std::string setting = {};  ///< a further one, where it is not empty

  Side of(const Task& task) const {
    Side side{cell, {}};
    if (parameters > 0) {
      side.settings = {fmt::format("parameters={}", parameters),
                       fmt::format("train.examples={}", examples == Examples::few ? task.few : 0)};
    }
    if (!setting.empty()) side.settings.push_back(setting);
    return side;
  }
};

constexpr const char* gru = "gru_reset_before";
constexpr const char* lstm = "lstm";
/// A GRU of `quarter_less` has as many units as an LSTM of `few_parameters`.
constexpr int few_parameters = 8000, quarter_less = 6000, many_parameters = 64000;

/// The results of the studies, each read once.
class Results {
 public:
  explicit Results(std::filesystem::path folder) : folder_(std::move(folder)) {}

  Seeds seeds(const Task& task, const Choice& choice) {
    auto found = read_.find(task.study);
    if (found == read_.end()) {
      found = read_.emplace(task.study, Trials(folder_ / task.study)).first;
    }
    return found->second.of(task.dataset, choice.of(task));
  }
  std::filesystem::path file(const Task& task, const char* name) const {
    return folder_ / task.study / name;
  }

 private:
  std::filesystem::path folder_;
  std::map<std::string, Trials> read_;
};

using Measure = std::function<Estimate(const Seeds&, const Seeds&)>;

const Measure per_update = [](const Seeds& a, const Seeds& b) {
  return speed_up(a, b, Effort::updates);
};
const Measure per_second = [](const Seeds& a, const Seeds& b) {
  return speed_up(a, b, Effort::seconds);
};

/// Adds to a claim what `measure` says of two choices on each task.
void add(Claim& claim, Results& results, const std::vector<Task>& tasks, const Choice& first,
         const Choice& second, const Measure& measure, const std::string& note = "") {
  for (const Task& task : tasks) {
    const Seeds a = results.seeds(task, first), b = results.seeds(task, second);
    const auto pairs =
        std::ranges::count_if(a, [&](const auto& one) { return b.contains(one.first); });
    claim.contrasts.push_back(
        {task.name + note, task.study + ".yaml", static_cast<int>(pairs), measure(a, b)});
  }
}

/// The same at both sizes.
void add_both(Claim& claim, Results& results, const std::vector<Task>& tasks, const char* first,
              const char* second, const Measure& measure) {
  add(claim, results, tasks, {first, few_parameters}, {second, few_parameters}, measure,
      ", 8 thousand");
  add(claim, results, tasks, {first, many_parameters}, {second, many_parameters}, measure,
      ", 64 thousand");
}

std::vector<Claim> speed_claims(Results& results) {
  std::vector<Claim> claims;
  for (const auto& [unit, measure] :
       {std::pair{"update", per_update}, std::pair{"second", per_second}}) {
    const std::string text =
        fmt::format("A GRU trains faster than an LSTM per {}, with as many", unit);
    const std::string ratio =
        fmt::format("{}s of the LSTM over those of the GRU to the same loss", unit);
    Claim& of_parameters = claims.emplace_back(Claim{text + " parameters", ratio});
    add_both(of_parameters, results, kinds, gru, lstm, measure);
    Claim& of_units = claims.emplace_back(Claim{text + " units", ratio});
    add(of_units, results, kinds, {gru, quarter_less}, {lstm, few_parameters}, measure);
  }
  Claim& epochs = claims.emplace_back(
      Claim{"A GRU is at its best after fewer epochs than an LSTM, with as many parameters",
            "best epoch of the LSTM over that of the GRU"});
  add_both(epochs, results, kinds, gru, lstm, fewer_epochs);
  return claims;
}

std::vector<Claim> size_claims(Results& results) {
  std::vector<Claim> claims;
  const std::string bytes = "bytes of a training step of the LSTM over those of the GRU";
  Claim& memory = claims.emplace_back(
      Claim{"A GRU uses less memory than an LSTM, with as many parameters", bytes});
  add_both(memory, results, kinds, gru, lstm, less_memory);
  Claim& memory_of_units =
      claims.emplace_back(Claim{"A GRU uses less memory than an LSTM, with as many units", bytes});
  add(memory_of_units, results, kinds, {gru, quarter_less}, {lstm, few_parameters}, less_memory);
  Claim& fewer = claims.emplace_back(
      Claim{"A GRU comes as far as an LSTM with a quarter fewer parameters (within 1 %)",
            "test loss of the LSTM over that of the GRU", 1.0 / 1.01});
  add(fewer, results, kinds, {gru, quarter_less}, {lstm, few_parameters}, lower_loss);
  Claim& little_data = claims.emplace_back(
      Claim{"A GRU is better than an LSTM of as many parameters on small data sets",
            "test loss of the LSTM over that of the GRU"});
  add(little_data, results, kinds, {gru, few_parameters, Examples::few},
      {lstm, few_parameters, Examples::few}, lower_loss);
  Claim& overfits = claims.emplace_back(
      Claim{"An LSTM overfits more than a GRU of as many parameters",
            "test loss over training loss of the LSTM, over the same of the GRU"});
  add_both(overfits, results, kinds_of_data, lstm, gru, larger_gap);
  add(overfits, results, kinds, {lstm, few_parameters, Examples::few},
      {gru, few_parameters, Examples::few}, larger_gap, ", few examples");
  Claim& seeds = claims.emplace_back(
      Claim{"An LSTM depends more on its first weights than a GRU of as many parameters",
            "deviation over seeds of the LSTM's log test loss over that of the GRU"});
  add_both(seeds, results, kinds, lstm, gru, larger_spread);
  Claim& bias = claims.emplace_back(
      Claim{"A forget bias of 1 makes an LSTM better", "test loss with bias 0 over that with 1"});
  add_both(bias, results, kinds, lstm, "lstm_gers", lower_loss);
  return claims;
}

std::vector<Claim> lag_claims(Results& results) {
  std::vector<Claim> claims;
  Claim& on_short =
      claims.emplace_back(Claim{"A GRU is as good as an LSTM where lags are short (within 2 %)",
                                "test loss of the LSTM over that of the GRU", 1.0 / 1.02});
  add(on_short, results, short_lags, {gru}, {lstm}, lower_loss);
  add(on_short, results, kinds, {gru, few_parameters}, {lstm, few_parameters}, lower_loss);
  Claim& on_long = claims.emplace_back(
      Claim{"An LSTM is better than a GRU where lags are long, with usual first biases",
            "test loss of the GRU over that of the LSTM"});
  add(on_long, results, long_lags, {lstm}, {gru}, lower_loss);
  Claim& with_memory = claims.emplace_back(
      Claim{"An LSTM learns long lags faster than a GRU, both with long first memories",
            "updates of the GRU over those of the LSTM to the same loss"});
  add(with_memory, results, long_lags, {"lstm_chrono"}, {"gru_chrono"}, per_update);
  return claims;
}

std::vector<Claim> gradient_claims(Results& results) {
  constexpr int lag = 50;
  std::vector<Claim> claims;
  const std::string fall = "norm of the gradient 1 step back over that 50 steps back";
  const auto add_falls = [&](Claim& claim, const char* cell, double sign) {
    for (const Task& task : long_lags) {
      const GradientFall e =
          gradient_fall(results.file(task, "gradients.csv"), task.dataset, cell, lag);
      claim.contrasts.push_back(
          {task.name,
           task.study + ".yaml",
           e.seeds,
           {sign * e.value, sign > 0.0 ? e.low : -e.high, sign > 0.0 ? e.high : -e.low}});
    }
  };
  Claim& tanh_falls = claims.emplace_back(Claim{
      "The gradient of a tanh network vanishes with the lag: it falls below a tenth", fall, 10.0});
  add_falls(tanh_falls, "rnn_tanh", 1.0);
  const std::string left = "norm of the gradient 50 steps back over that 1 step back";
  for (const auto& [cell, name] : {std::pair{lstm, "an LSTM"}, std::pair{gru, "a GRU"},
                                   std::pair{"lstm_chrono", "an LSTM with a long first memory"}}) {
    Claim& stays = claims.emplace_back(
        Claim{fmt::format("That of {} does not: a tenth or more is left", name), left, 0.1});
    add_falls(stays, cell, -1.0);
  }
  return claims;
}

std::vector<Claim> training_claims(Results& results) {
  std::vector<Claim> claims;
  const auto with = [](const char* cell, const std::string& setting) {
    return Choice{cell, 0, Examples::all, setting};
  };
  for (const auto& [cell, name] :
       {std::pair{"rnn_tanh", "A tanh network"}, std::pair{lstm, "An LSTM"}}) {
    Claim& clip = claims.emplace_back(
        Claim{fmt::format("{} trained by gradient descent needs its gradient clipped", name),
              "test loss without clipping over that with it"});
    add(clip, results, clipped, with(cell, "train.clip_norm=1"), with(cell, "train.clip_norm=0"),
        lower_loss);
  }
  const Choice second_order = with("rnn_tanh", "train.optimiser=hessian_free");
  Claim steadier{
      "A second-order method is steadier where lags are long for the cell",
      "deviation over seeds of the first-order method's log test loss over that of Hessian-free"};
  Claim quicker{"It also comes to the same loss in less time",
                "seconds of the first-order method over those of Hessian-free to the same loss"};
  for (const char* other : {"adam", "sgd"}) {
    const Choice first_order = with("rnn_tanh", fmt::format("train.optimiser={}", other));
    const std::string note = fmt::format(", {}", other);
    add(steadier, results, hard_for_tanh, first_order, second_order, larger_spread, note);
    add(quicker, results, hard_for_tanh, second_order, first_order, per_second, note);
  }
  claims.push_back(std::move(steadier));
  claims.push_back(std::move(quicker));
  return claims;
}

}  // namespace

std::vector<Claim> claims_from(const std::filesystem::path& folder) {
  Results results(folder);
  std::vector<Claim> all;
  for (const auto& part :
       {speed_claims, size_claims, lag_claims, gradient_claims, training_claims}) {
    for (Claim& claim : part(results)) all.push_back(std::move(claim));
  }
  return all;
}

}  // namespace carousel::claims
