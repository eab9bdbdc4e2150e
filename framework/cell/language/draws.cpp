// What a cell draws: the first values of its parameters, and its noise.

#include "cell/language/cell_builder.hpp"
#include "cell/language/computed_initial.hpp"
#include "cell/language/words.hpp"

namespace carousel {

// part: ".re" or ".im" of a complex parameter, else empty.
Initialiser CellBuilder::initialiser(const Statement& line, const Shape& shape,
                                     const std::string& part) {
  if (!line.initialiser) {
    return shape.rank() == 2 ? Initialiser::glorot() : Initialiser::zeros();
  }
  const Expression& e = *line.initialiser;
  const auto word = e.parts.empty() ? words_.find(e.text) : words_.end();
  const std::string& kind = word == words_.end() ? e.text : word->second;
  if (word != words_.end() && !is_plain_initialiser(kind)) {
    fail_at(e.place, fmt::format("{} stands for the function {}, expected a rule for first values",
                                 e.text, kind));
  }
  if (!contains(initialiser_names(), kind)) return computed_initial(e, constants_, shape);
  const std::size_t count = e.parts.size();
  const auto takes = [&](std::size_t least, std::size_t most) {
    if (count >= least && count <= most) return;
    fail_at(e.place, fmt::format("{} takes {}{} numbers, got {}", kind, least,
                                 most > least ? fmt::format(" or {}", most) : "", count));
  };
  const auto argument = [&](std::size_t i) { return number(e.parts.at(i)); };
  const auto matrix = [&] {
    if (shape.rank() != 2) {
      fail_at(e.place,
              fmt::format("{} is for a matrix, {} is {}", kind, line.name, shape.to_string()));
    }
  };
  const auto square = [&] {
    matrix();
    if (shape[0] != shape[1]) {
      fail_at(e.place, fmt::format("{} is for a square matrix, {} is {}", kind, line.name,
                                   shape.to_string()));
    }
  };
  if (kind == "zeros") return takes(0, 0), Initialiser::zeros();
  if (kind == "ones") return takes(0, 0), Initialiser::ones();
  if (kind == "constant") return takes(1, 1), Initialiser::constant(argument(0));
  if (kind == "normal") return takes(1, 1), Initialiser::normal(argument(0));
  if (kind == "uniform") {
    takes(1, 2);
    return count == 1 ? Initialiser::uniform(argument(0))
                      : Initialiser::uniform(argument(0), argument(1));
  }
  if (kind == "glorot") return takes(0, 0), matrix(), Initialiser::glorot();
  if (kind == "orthogonal") {
    return takes(0, 1), matrix(), Initialiser::orthogonal(count == 0 ? 1.0 : argument(0));
  }
  if (kind == "identity") {
    return takes(0, 1), matrix(), Initialiser::identity(count == 0 ? 1.0 : argument(0));
  }
  if (kind == "chrono") {
    takes(1, 1);
    const double longest = argument(0);
    if (!(longest > 2.0)) fail_at(e.place, "chrono takes a number of steps above 2");
    return Initialiser::chrono(longest);
  }
  if (kind == "minus") {
    takes(1, 1);
    const Expression& other = e.parts[0];
    const auto found = parameters_.find(other.text);
    if (other.kind != Expression::Kind::name || found == parameters_.end()) {
      fail_at(other.place, "minus takes the name of a parameter");
    }
    const Value value = value_of(other.text, other.place);
    if (!(value.shape() == shape)) {
      fail_at(e.place, fmt::format("{} is {}, {} is {}", other.text, value.shape_text(), line.name,
                                   shape.to_string()));
    }
    return Initialiser::minus(parameter_prefix_ + other.text + part);
  }
  if (kind == "sparse") {
    takes(1, 1);
    const double p = argument(0);
    if (!(p >= 0.0 && p <= 1.0)) fail_at(e.place, "sparse takes a probability, from 0 to 1");
    return Initialiser::sparse(p);
  }
  if (kind == "permutation") return takes(0, 0), square(), Initialiser::permutation();
  if (kind == "hippo") return takes(0, 0), square(), Initialiser::hippo();
  if (kind == "spectral") return takes(1, 1), square(), Initialiser::spectral(argument(0));
  fail_at(e.place, fmt::format("there is no initialiser '{}'{}", kind,
                               did_you_mean(kind, initialiser_names())));
}

// A number for all elements, which the layer gives.
Value CellBuilder::scheduled(const Statement& line) {
  Supply supply;
  supply.kind = Supply::Kind::schedule;
  supply.first = number(line.options.at(0));
  supply.last = number(line.options.at(1));
  supply.updates = number(line.options.at(2));
  if (!(supply.updates >= 1.0)) {
    fail_at(line.options[2].place,
            fmt::format("got {}, expected a number of updates, 1 or more", supply.updates));
  }
  const Var made = program_.builder.supplied(prefix_ + line.name, 1, supply.last, supply);
  input_values_.emplace(line.name, made);
  return made;
}

Value CellBuilder::noise(const Statement& line) {
  if (line.kind == Statement::Kind::schedule) return scheduled(line);
  const Expression& drawn = *line.initialiser;
  const Shape shape = sizes(line.shape, line.place);
  const bool takes_rate = drawn.text == "bernoulli" || drawn.text == "dropout";
  if (drawn.parts.size() != (takes_rate ? 1 : 0)) {
    fail_at(drawn.place, takes_rate ? fmt::format("{} takes a probability", drawn.text)
                                    : fmt::format("{} takes nothing: write {} alone, and scale it "
                                                  "in the equations",
                                                  drawn.text, drawn.text));
  }
  Supply supply;
  supply.often = line.text == "sequence" ? Supply::Often::sequence : Supply::Often::step;
  double mean = 0.0;
  if (takes_rate) {
    supply.rate = number(drawn.parts[0]);
    const bool is_mask = drawn.text == "bernoulli";
    if (!(supply.rate >= 0.0 && (is_mask ? supply.rate <= 1.0 : supply.rate < 1.0))) {
      fail_at(drawn.parts[0].place, fmt::format("got {}, expected a probability, from 0 to {}",
                                                supply.rate, is_mask ? "1" : "below 1"));
    }
    supply.kind = is_mask ? Supply::Kind::keep : Supply::Kind::drop;
    mean = is_mask ? supply.rate : 1.0;
  } else {
    supply.kind = drawn.text == "normal" ? Supply::Kind::normal : Supply::Kind::uniform;
    mean = drawn.text == "normal" ? 0.0 : 0.5;
  }
  const Var made = program_.builder.supplied(prefix_ + line.name, shape[0], mean, supply);
  input_values_.emplace(line.name, made);
  return made;
}

}  // namespace carousel
