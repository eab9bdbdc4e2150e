#pragma once
// What `carousel bench` and a peer program say to each other over stdin and stdout, a line each:
//   list CELL                                           -> implementations [NAME ...]
//   step IMPLEMENTATION CELL T B I H THREADS REPEATS    -> done FINGERPRINT... MS...
// or "error TEXT". Both sides fill their tensors by one rule, each in its own layout, and the
// fingerprint shows that they computed the same gradients. Nothing of the framework is needed here.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::peers {

/// T, B, I, H: steps, batch, input size, hidden size.
struct Sizes {
  std::int64_t steps = 0, batch = 0, input = 0, hidden = 0;
  bool operator==(const Sizes&) const = default;
};

/// A training step to be timed: forward, and back to all gradients.
struct Request {
  std::string implementation;
  std::string cell;
  Sizes sizes;
  int threads = 1;
  int repeats = 1;
};

/// The values that a tensor begins with: uniform in [-scale, scale), a function of the name of the
/// tensor ("x", "W_i", "h", "cotangent") and of row and column alone.
class Fill {
 public:
  /// Parameters (names with '_') are scaled by 1 / sqrt(hidden), other tensors by 1.
  Fill(std::string_view name, std::int64_t hidden)
      : scale_(name.find('_') == name.npos ? 1.0 : 1.0 / std::sqrt(double(hidden))) {
    for (const char c : name) key_ = (key_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  float operator()(std::int64_t row, std::int64_t column) const {
    return static_cast<float>(scale_ * unit(row, column));
  }
  /// The same without the scale: uniform in [-1, 1).
  double unit(std::int64_t row, std::int64_t column) const {
    // The finaliser of SplitMix64.
    auto z = key_ + 0x9e3779b97f4a7c15u * (static_cast<std::uint64_t>(row) << 32 |
                                           static_cast<std::uint32_t>(column));
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1.0;
  }

 private:
  std::uint64_t key_ = 0xcbf29ce484222325u;
  double scale_;
};

/// The gradients by kind.
enum class Part { input, input_weights, recurrent_weights, biases, states };
constexpr std::array part_names{"dx", "dW", "dU", "db", "the gradients of the initial states"};

/// The kind of the tensor with this name: "x", "W_i", "U_i", another name with '_', a state.
inline Part part_of(std::string_view name) {
  if (name == "x") return Part::input;
  if (name.starts_with("W_")) return Part::input_weights;
  if (name.starts_with("U_")) return Part::recurrent_weights;
  return name.find('_') != name.npos ? Part::biases : Part::states;
}

/// A matrix inside somebody's memory, known by the name that the cell gives it.
struct Block {
  std::string name;
  std::int64_t rows = 0, columns = 0;
  float* data = nullptr;
  std::int64_t row_stride = 0, column_stride = 1;
  float sign = 1.0f;  // -1: the memory holds the negative of the tensor

  float& at(std::int64_t row, std::int64_t column) const {
    return data[row * row_stride + column * column_stride];
  }
};

/// Gives a block the values that it begins with.
inline void fill(const Block& block, std::int64_t hidden) {
  const Fill value(block.name, hidden);
  for (std::int64_t r = 0; r < block.rows; ++r) {
    for (std::int64_t c = 0; c < block.columns; ++c) block.at(r, c) = block.sign * value(r, c);
  }
}

/// Two numbers for each kind of gradient: its norm, and its product with a fixed random tensor,
/// which a swapped gate or a wrong sign changes where the norm hardly does.
class Fingerprint {
 public:
  /// Adds the gradient of one tensor.
  void add(const Block& gradient) {
    const Fill direction(gradient.name, 1);
    double squares = 0.0, product = 0.0;
    for (std::int64_t r = 0; r < gradient.rows; ++r) {
      for (std::int64_t c = 0; c < gradient.columns; ++c) {
        const double value = gradient.sign * gradient.at(r, c);
        squares += value * value;
        product += value * direction.unit(r, c);
      }
    }
    const auto part = static_cast<std::size_t>(part_of(gradient.name));
    norms[part] = std::hypot(norms[part], std::sqrt(squares));
    products[part] += product;
  }

  std::array<double, part_names.size()> norms{}, products{};
};

/// Name of the first kind of gradient in which two fingerprints are apart by more than
/// `tolerance` (relative to the norm); empty when they agree. NaN agrees with nothing.
inline std::string difference(const Fingerprint& a, const Fingerprint& b, double tolerance) {
  for (std::size_t i = 0; i < part_names.size(); ++i) {
    const double limit = tolerance * a.norms[i];
    const bool same = std::abs(a.norms[i] - b.norms[i]) <= limit &&
                      std::abs(a.products[i] - b.products[i]) <= limit;
    if (!same) return part_names[i];
  }
  return {};
}

/// What a peer answers to a Request.
struct Reply {
  Fingerprint fingerprint;
  std::vector<double> milliseconds;  // of each repeat
};

/// The line of a request, without its end.
inline std::string to_line(const Request& r) {
  std::ostringstream line;
  line.imbue(std::locale::classic());
  line << "step " << r.implementation << ' ' << r.cell << ' ' << r.sizes.steps << ' '
       << r.sizes.batch << ' ' << r.sizes.input << ' ' << r.sizes.hidden << ' ' << r.threads << ' '
       << r.repeats;
  return line.str();
}

/// The request of a line. Throws std::runtime_error when it is none.
inline Request parse_request(const std::string& line) {
  std::istringstream in(line);
  std::string word;
  Request r;
  in >> word >> r.implementation >> r.cell >> r.sizes.steps >> r.sizes.batch >> r.sizes.input >>
      r.sizes.hidden >> r.threads >> r.repeats;
  if (!in || word != "step" || r.threads < 1 || r.repeats < 1) {
    throw std::runtime_error("not a request: " + line);
  }
  return r;
}

/// The line of a reply, without its end.
inline std::string to_line(const Reply& reply) {
  std::ostringstream line;
  line.imbue(std::locale::classic());
  line.precision(9);
  line << "done";
  for (const double norm : reply.fingerprint.norms) line << ' ' << norm;
  for (const double product : reply.fingerprint.products) line << ' ' << product;
  for (const double ms : reply.milliseconds) line << ' ' << ms;
  return line.str();
}

/// The reply of a line, with `repeats` times. Throws std::runtime_error when it is none.
inline Reply parse_reply(const std::string& line, int repeats) {
  Reply reply;
  std::istringstream in(line);
  std::string word;
  const auto next = [&] {
    double value = 0.0;
    // Streams do not read "nan", which a peer may well send.
    if (!(in >> word)) throw std::runtime_error("a reply that is too short");
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) {
      throw std::runtime_error("'" + word + "' where a number was expected");
    }
    return value;
  };
  if (!(in >> word) || word != "done") throw std::runtime_error("not a reply");
  for (double& norm : reply.fingerprint.norms) norm = next();
  for (double& product : reply.fingerprint.products) product = next();
  for (int i = 0; i < repeats; ++i) reply.milliseconds.push_back(next());
  return reply;
}

}  // namespace carousel::peers
