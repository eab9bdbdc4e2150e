#include "tape/parameters.hpp"

#include <algorithm>

namespace carousel {

template <class T>
ParameterSet<T>::ParameterSet(std::vector<ParameterSpec> specs, std::uint64_t seed)
    : specs_(std::move(specs)) {
  for (const ParameterSpec& spec : specs_) {
    values_.push_back(initialise<T>(spec.init, spec.shape, Random(seed, "init/" + spec.name)));
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

template <class T>
Index ParameterSet<T>::count() const {
  Index total = 0;
  for (const ParameterSpec& spec : specs_) {
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
