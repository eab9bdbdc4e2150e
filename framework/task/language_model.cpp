// Language modelling: each next character or word of a text. A text is one stream, through which
// gradients go back within a piece and states from piece to piece (truncated backpropagation
// through time: Williams and Peng 1990); or its lines are sequences with a begin and an end
// (Graves 2013, arXiv:1308.0850, section 3).
#include "data/data_sets.hpp"
#include "task/entries.hpp"
#include "task/text_problem.hpp"

namespace carousel {
namespace {

std::unique_ptr<Problem> set_up(const TaskOptions& options, const DataSource& data) {
  const TextForm text{options.text("unit") == "words", options.text("form") == "lines",
                      options.integer("min_count"), options.number("valid_share"),
                      options.number("test_share")};
  const std::string& name = options.text("data");
  TextSet set = read_text_set(find_data(name, DataKind::text, data.folder), text);
  set.name = name_of_data(name);
  return std::make_unique<TextProblem>(
      std::move(set), text,
      LanguageForm{options.integer("steps"), options.integer("embedding"),
                   options.text("tied") == "yes"});
}

}  // namespace

Task language_model_task() {
  constexpr std::int64_t many = 1 << 24;
  return {"language_model",
          "The next character or word of a text",
          "Graves 2013, arXiv:1308.0850, section 3",
          {data_option("data", "tinyshakespeare", "the text (docs/data.md)"),
           choice_option("unit", "characters", {"characters", "words"}, "what is predicted"),
           choice_option("form", "stream", {"stream", "lines"},
                         "the text is one stream, or each line has a begin and an end"),
           integer_option("steps", 100, 1, 100000, "of a stream: symbols of a piece"),
           integer_option("embedding", 64, 1, 65536, "elements of the vector of a symbol"),
           choice_option("tied", "no", {"no", "yes"}, "the output's weights are these vectors"),
           integer_option("min_count", 1, 1, many, "rarer symbols of the training part are one"),
           number_option("valid_share", 0.05, 1e-6, 0.5,
                         "share of the text, in front of the test part"),
           number_option("test_share", 0.05, 1e-6, 0.5, "share of the text, its end")},
          set_up};
}

}  // namespace carousel
