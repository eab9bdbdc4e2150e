#include "tape/parameters.hpp"

#include <algorithm>

namespace carousel {
namespace {

// The parameter that `spec`, of initialiser minus(other), names: beside it, so of the same prefix.
std::size_t find_other(const std::vector<ParameterSpec>& specs, const ParameterSpec& spec) {
  const std::string prefix = spec.name.substr(0, spec.name.rfind('/') + 1);
  std::vector<std::string> known;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!specs[i].name.starts_with(prefix)) continue;
    if (specs[i].name != prefix + spec.init.other) {
      if (&specs[i] != &spec) known.push_back(specs[i].name.substr(prefix.size()));
      continue;
    }
    if (!(specs[i].shape == spec.shape)) {
      fail_input("parameter {} is {}, but its initialiser {} names one of shape {}", spec.name,
                 spec.shape.to_string(), spec.init.to_string(), specs[i].shape.to_string());
    }
    if (specs[i].init.kind == Initialiser::Kind::minus) {
      fail_input(
          "parameter {}: its initialiser {} names one whose initialiser is {}: expected one "
          "with values of its own",
          spec.name, spec.init.to_string(), specs[i].init.to_string());
    }
    return i;
  }
  fail_input("parameter {}: its initialiser {} names no parameter of the cell{}", spec.name,
             spec.init.to_string(), did_you_mean(spec.init.other, known));
}

}  // namespace

template <class T>
ParameterSet<T>::ParameterSet(std::vector<ParameterSpec> specs, std::uint64_t seed)
    : specs_(std::move(specs)) {
  for (const ParameterSpec& spec : specs_) {
    const bool minus = spec.init.kind == Initialiser::Kind::minus;
    const ParameterSpec& drawn = minus ? specs_[find_other(specs_, spec)] : spec;
    values_.push_back(initialise<T>(drawn.init, drawn.shape, Random(seed, "init/" + drawn.name)));
    if (!minus) continue;
    for (T& v : values_.back().values()) v = -v;
  }
}

template <class T>
Tensor<T>& ParameterSet<T>::value(std::string_view name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (specs_[i].name == name) return values_[i];
    known.push_back(specs_[i].name);
  }
  fail_input("there is no parameter '{}'{}", name, did_you_mean(name, known));
}

ParameterView::ParameterView(const std::vector<ParameterSpec>& specs, std::span<const Var> vars)
    : specs_(&specs), vars_(vars) {
  if (specs.size() != vars.size()) {
    fail_bug("a view of {} parameters got {} vars", specs.size(), vars.size());
  }
}

std::span<const Var> ParameterView::of(std::string_view group) const {
  const auto belongs = [&](const ParameterSpec& spec) {
    return spec.name.size() > group.size() && spec.name.starts_with(group) &&
           spec.name[group.size()] == '/';
  };
  const auto first = std::find_if(specs_->begin(), specs_->end(), belongs);
  const auto last = std::find_if_not(first, specs_->end(), belongs);
  if (first == last) fail_bug("the model has no parameters '{}/...'", group);
  if (std::any_of(last, specs_->end(), belongs)) {
    fail_bug("the model's parameters '{}/...' do not stand together", group);
  }
  return vars_.subspan(static_cast<std::size_t>(first - specs_->begin()),
                       static_cast<std::size_t>(last - first));
}

Index trained_count(const std::vector<ParameterSpec>& specs) {
  Index total = 0;
  for (const ParameterSpec& spec : specs) {
    if (spec.trained) total += spec.shape.numel();
  }
  return total;
}

template <class T>
std::vector<Tensor<T>> ParameterSet<T>::snapshot() const {
  std::vector<Tensor<T>> copies;
  for (const auto& value : values_) copies.push_back(value.clone());
  return copies;
}

template <class T>
void ParameterSet<T>::restore(const std::vector<Tensor<T>>& values) {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    std::copy_n(values.at(i).data(), values_[i].numel(), values_[i].data());
  }
}

template <class T>
std::vector<Var> leaves(Tape<T>& tape, const std::vector<Tensor<T>>& values) {
  std::vector<Var> vars;
  for (const Tensor<T>& value : values) vars.push_back(tape.leaf(value));
  return vars;
}

template class ParameterSet<float>;
template class ParameterSet<double>;
template std::vector<Var> leaves(Tape<float>&, const std::vector<Tensor<float>>&);
template std::vector<Var> leaves(Tape<double>&, const std::vector<Tensor<double>>&);

}  // namespace carousel
