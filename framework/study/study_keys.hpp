#pragma once
// The one list of the keys of a study and of what each takes: reading, writing, suggestions and the
// documents walk it.

#include <fmt/format.h>

#include <initializer_list>
#include <string>

#include "cell/cell.hpp"
#include "study/study_options.hpp"

namespace carousel {

/// The numbers that a key takes: finite ones, never NaN.
struct Range {
  /// Which ends belong to it. above: all but `least`; below: all but `most`.
  enum class Ends { both, above, below };
  double least,            ///< lower end
      most;                ///< upper end
  Ends ends = Ends::both;  ///< which of them are taken

  /// Whether it takes a number; it never takes NaN.
  bool holds(double value) const {
    const bool high = ends == Ends::above ? value > least : value >= least;
    return high && (ends == Ends::below ? value < most : value <= most);
  }
  /// "1 to 100", "above 0 to 1", "0 to below 1".
  std::string text() const {
    return fmt::format("{}{} to {}{}", ends == Ends::above ? "above " : "", least,
                       ends == Ends::below ? "below " : "", most);
  }
};

/// How many bytes a text may have, and whether it may have several lines.
struct TextRule {
  /// What the text may be.
  enum class Kind { line, lines, file_name };
  std::size_t most;        ///< bytes
  Kind kind = Kind::line;  ///< which of these

  /// What is expected: "a text of at most 1000 bytes in one line".
  std::string text() const {
    constexpr const char* kinds[] = {
        "a text of at most {} bytes in one line", "a text of at most {} bytes",
        "a file name of 1 to {} bytes without '/' and no '.' in front"};
    return fmt::format(fmt::runtime(kinds[static_cast<int>(kind)]), most);
  }
};

/// Whether a study may hold the text: UTF-8 without control characters.
bool holds(const TextRule& rule, const std::string& text);

/// What has no bound by its meaning.
constexpr Range any_number{-1e30, 1e30};
/// As JSON keeps whole numbers.
constexpr Range any_seed{0, 9007199254740991.0};
constexpr double most_epochs = 1e6,  ///< epochs of a trial
    most_examples = 65536,           ///< examples of a batch
    most_records = 1000;             ///< entries of a list
/// Names and sources.
constexpr TextRule short_text{1000};

/// Calls the visitor for each key, in the order of the documents. Options: StudyOptions, or const.
template <class Options, class Visitor>
void visit_fields(Options& o, Visitor&& v) {
  v.text("name", o.name, TextRule{100, TextRule::Kind::file_name});
  v.text("description", o.description, TextRule{10000, TextRule::Kind::lines});
  v.choice("log", o.log, {"none", "tensorboard"});
  v.tasks(o.tasks, Range{1, 100});
  v.records("cells", "name", o.cells, Range{1, most_records}, [](auto& g, auto& c) {
    g.text("name", c.name, short_text);
    g.number("hidden", c.hidden, Range{0, most_units});
    g.text("variant", c.variant, short_text);
    g.hypers("hyper", c.hyper, Range{-most_hyper, most_hyper});
    g.text("ablate", c.ablate, short_text);
    g.flag("refit", c.refit);
  });
  v.number("parameters", o.parameters, Range{0, 1e9});
  v.seeds("seeds", o.seeds, Range{1, 1000}, any_seed);
  v.grid("grid", o.grid, Range{0, 100});
  v.points("points", o.points, Range{0, 10000});
  v.group("search", [&](auto& g) {
    g.number("draws", o.search.draws, Range{0, 10000});
    g.space("space", o.search.space, Range{0, 100});
    g.group("halving", [&](auto& h) {
      h.number("first", o.search.halving.first, Range{0, most_epochs});
      h.number("factor", o.search.halving.factor, Range{2, 100});
    });
    g.number("exponent_min", o.search.exponent_min, Range{-80, 88});  // e^88 is still a float
    g.number("exponent_max", o.search.exponent_max, Range{-80, 88});
    g.number("seed", o.search.seed, any_seed);
  });
  v.group("model", [&](auto& g) {
    g.number("depth", o.model.depth, Range{1, 100});
    g.choice("direction", o.model.direction, {"forward", "both"});
    g.flag("layer_norm", o.model.layer_norm);
    g.flag("learned_states", o.model.learned_states);
    constexpr Range rate{0, 1, Range::Ends::below};
    g.number("noise_input", o.model.noise_input, Range{0, 1e30});
    g.number("dropout_input", o.model.dropout_input, rate);
    g.number("dropout_between", o.model.dropout_between, rate);
    g.number("dropout_output", o.model.dropout_output, rate);
    g.choice("dropout_mask", o.model.dropout_mask, {"step", "sequence"});
    g.number("recurrent_dropout", o.model.recurrent_dropout, rate);
    g.numbers("zoneout", o.model.zoneout, rate);
  });
  v.group("train", [&](auto& g) {
    auto& t = o.train;
    auto& rule = t.optimiser;
    constexpr Range share{0, 1, Range::Ends::below}, constant{0, 1e30, Range::Ends::above};
    g.number("epochs", t.epochs, Range{1, most_epochs});
    g.number("patience", t.patience, Range{0, most_epochs});
    g.number("batch", t.batch, Range{1, most_examples});
    g.number("examples", t.examples, Range{0, 1 << 24});
    g.number("shard", t.shard, Range{1, most_examples});
    g.number("segments", t.segments, Range{0, 1e6});
    g.choice("optimiser", rule.rule, rule_names());
    g.number("learning_rate", rule.learning_rate, Range{0, 2e38, Range::Ends::above});
    g.choice("schedule", t.schedule.name, schedule_names());
    g.number("final_rate", t.schedule.final_rate, Range{0, 1, Range::Ends::above});
    g.number("warmup", t.schedule.warmup, Range{0, 1});
    g.number("plateau_epochs", t.schedule.plateau_epochs, Range{1, most_epochs});
    g.number("weight_decay", rule.weight_decay, Range{0, 1e30});
    g.number("momentum", rule.momentum, share);
    g.flag("nesterov", rule.nesterov);
    g.number("decay", rule.decay, share);
    g.number("floor", rule.floor, constant);
    g.number("beta1", rule.beta1, share);
    g.number("beta2", rule.beta2, share);
    g.number("epsilon", rule.epsilon, constant);
    g.number("history", rule.history, Range{1, 1000});
    g.choice("curvature", rule.curvature, {"gauss_newton", "hessian"});
    g.number("damping", rule.damping, constant);
    g.number("cg_steps", rule.cg_steps, Range{1, 10000});
    g.choice("loss", t.loss, {"step", "sequence"});
    g.number("clip_norm", t.clip_norm, Range{0, 1e30});
    g.number("clip_value", t.clip_value, Range{0, 1e30});
    g.number("weight_noise", t.weight_noise, Range{0, 1e30});
    g.choice("precision", t.precision, {"float", "double", "bf16", "bf16_or_float"});
    g.number("keep_every", t.keep_every, Range{0, most_epochs});
    g.number("checkpoint_seconds", t.checkpoint_seconds, Range{0, 86400});
  });
  v.records("published", "", o.published, Range{0, most_records}, [](auto& g, auto& p) {
    g.text("source", p.source, short_text);
    g.text("dataset", p.dataset, short_text);
    g.text("cell", p.cell, short_text);
    g.figures(p.figures, any_number);
  });
}

/// Reads what parse_study (study_options.hpp) reads, and checks each key by itself.
StudyOptions read_keys(const std::string& yaml, const std::string& source,
                       const std::vector<std::string>& overrides);

/// The options whose keys were read, with grids over options of tasks taken apart. Throws
/// InputError where keys do not fit each other.
StudyOptions checked(StudyOptions options, const std::string& source);

}  // namespace carousel
