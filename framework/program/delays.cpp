#include "program/delays.hpp"

#include <algorithm>

namespace carousel {
namespace {

std::size_t index(Index i) { return static_cast<std::size_t>(i); }

// Calls f(row, row of the same sequence one step before) for each packed row behind step 0, and
// gives the number of rows of step 0.
template <class F>
Index for_each_delayed_row(const Packing& packing, F&& f) {
  const std::vector<Index>& lengths = packing.lengths;
  const auto rows_at = [&](Index t) {
    return std::partition_point(lengths.begin(), lengths.end(), [&](Index n) { return n > t; }) -
           lengths.begin();
  };
  const Index first = rows_at(0);
  for (Index t = 1, before = 0, now = first; t < lengths.front(); ++t) {
    const Index rows = rows_at(t);
    for (Index b = 0; b < rows; ++b) f(now + b, before + b);
    before = now;
    now += rows;
  }
  return first;
}

// The packed row of each sequence's last step, -1 where it has none.
std::vector<Index> last_rows(const Packing& packing) {
  std::vector<Index> rows(packing.lengths.size(), -1);
  const std::vector<Index>& lengths = packing.lengths;
  Index first = 0;
  for (Index t = 0; t < lengths.front(); ++t) {
    Index b = 0;
    for (; index(b) < lengths.size() && lengths[index(b)] > t; ++b) {
      if (lengths[index(b)] == t + 1) rows[index(b)] = first + b;
    }
    first += b;
  }
  return rows;
}

template <class T>
void add(const T* from, Index width, T* to) {
  std::transform(from, from + width, to, to, [](T a, T b) { return a + b; });
}

}  // namespace

DelayedProgram without_delays(const StepProgram& program) {
  DelayedProgram result{program, {}, {}};
  StepProgram& made = result.program;
  std::vector<char> taken(program.states.size(), 0);
  for (bool found = true; found;) {
    found = false;
    for (std::size_t s = 0; s < program.states.size(); ++s) {
      const ProgramState& state = program.states[s];
      const auto source = std::find(made.inputs.begin(), made.inputs.end(), state.next);
      if (taken[s] || source == made.inputs.end()) continue;
      result.delays.push_back(
          {s, made.inputs.size(), static_cast<std::size_t>(source - made.inputs.begin())});
      made.nodes[static_cast<std::size_t>(state.previous)].kind = ProgramNode::Kind::input;
      made.inputs.push_back(state.previous);
      taken[s] = 1;
      found = true;
    }
  }
  made.states.clear();
  for (std::size_t s = 0; s < program.states.size(); ++s) {
    if (taken[s]) continue;
    made.states.push_back(program.states[s]);
    result.states.push_back(s);
  }
  return result;
}

template <class T>
Tensor<T> delayed(const Packing& packing, const Tensor<T>& source, const Tensor<T>& initial) {
  const Index width = source.shape().back();
  Tensor<T> rows = Tensor<T>::uninitialised(source.shape());
  const Index first = for_each_delayed_row(packing, [&](Index row, Index before) {
    std::copy_n(source.data() + before * width, width, rows.data() + row * width);
  });
  std::copy_n(initial.data(), first * width, rows.data());
  return rows;
}

template <class T>
Tensor<T> final_delay(const Packing& packing, const Tensor<T>& source, const Tensor<T>& initial) {
  const Index width = source.shape().back();
  Tensor<T> state = initial.clone();
  const std::vector<Index> last = last_rows(packing);
  for (std::size_t b = 0; b < last.size(); ++b) {
    if (last[b] < 0) continue;
    std::copy_n(source.data() + last[b] * width, width,
                state.data() + static_cast<Index>(b) * width);
  }
  return state;
}

template <class T>
Tensor<T> delay_backward(const Packing& packing, const Tensor<T>& gradient,
                         const Tensor<T>& final_gradient, Index width, Tensor<T>* source_gradient) {
  Tensor<T> initial = Tensor<T>::zeros({packing.batch, width});
  const auto add_to_source = [&](const T* from, Index row) {
    if (source_gradient) add(from, width, source_gradient->data() + row * width);
  };
  if (gradient.defined()) {
    const Index first = for_each_delayed_row(packing, [&](Index row, Index before) {
      add_to_source(gradient.data() + row * width, before);
    });
    std::copy_n(gradient.data(), first * width, initial.data());
  }
  if (!final_gradient.defined()) return initial;
  const std::vector<Index> last = last_rows(packing);
  for (std::size_t b = 0; b < last.size(); ++b) {
    const Index at = static_cast<Index>(b) * width;
    if (last[b] >= 0) add_to_source(final_gradient.data() + at, last[b]);
    else std::copy_n(final_gradient.data() + at, width, initial.data() + at);
  }
  return initial;
}

#define CAROUSEL_INSTANTIATE(T)                                                                \
  template Tensor<T> delayed(const Packing&, const Tensor<T>&, const Tensor<T>&);              \
  template Tensor<T> final_delay(const Packing&, const Tensor<T>&, const Tensor<T>&);          \
  template Tensor<T> delay_backward(const Packing&, const Tensor<T>&, const Tensor<T>&, Index, \
                                    Tensor<T>*);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)

}  // namespace carousel
