#include "tape/vector_jacobian.hpp"

namespace carousel {
namespace {

// A loss of which the gradients are known, and nothing else is asked.
template <class T>
class GivenCotangents final : public CustomNode<T> {
 public:
  explicit GivenCotangents(std::vector<Tensor<T>> cotangents) : given_(std::move(cotangents)) {}
  std::vector<Tensor<T>> backward(const Tensor<T>&) override { return given_; }
  Var expand(Tape<T>&, std::span<const Var>) override {
    fail_bug("a second derivative of a loss of which the first one was given");
  }

 private:
  std::vector<Tensor<T>> given_;
};

}  // namespace

template <class T>
std::vector<Tensor<T>> vector_jacobian_product(Tape<T>& tape, std::span<const Var> values,
                                               std::vector<Tensor<T>> cotangents,
                                               std::span<const Var> wrt) {
  if (cotangents.size() != values.size()) {
    fail_input("got {} cotangents of {} values", cotangents.size(), values.size());
  }
  for (std::size_t k = 0; k < values.size(); ++k) {
    const Shape shape = tape.shape_of(values[k]);
    if (!cotangents[k].defined() || cotangents[k].shape() == shape) continue;
    fail_input("a cotangent has shape {}, expected that of its value, {}",
               cotangents[k].shape().to_string(), shape.to_string());
  }
  const Tensor<T> unknown = Tensor<T>::zeros({});
  const Var loss = values.empty()
                       ? tape.constant(unknown)
                       : tape.record(unknown, values,
                                     std::make_shared<GivenCotangents<T>>(std::move(cotangents)));
  return tape.gradients(loss, wrt);
}

template std::vector<Tensor<float>> vector_jacobian_product(Tape<float>&, std::span<const Var>,
                                                            std::vector<Tensor<float>>,
                                                            std::span<const Var>);
template std::vector<Tensor<double>> vector_jacobian_product(Tape<double>&, std::span<const Var>,
                                                             std::vector<Tensor<double>>,
                                                             std::span<const Var>);

}  // namespace carousel
