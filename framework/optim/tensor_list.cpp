#include "optim/tensor_list.hpp"

namespace carousel {

template <class T>
std::vector<Tensor<T>> zeros_like(const std::vector<Tensor<T>>& like) {
  std::vector<Tensor<T>> zeros;
  for (const Tensor<T>& value : like) zeros.push_back(Tensor<T>::zeros(value.shape()));
  return zeros;
}

template <class T>
std::vector<Tensor<T>> clones(const std::vector<Tensor<T>>& values) {
  std::vector<Tensor<T>> copies;
  for (const Tensor<T>& value : values) copies.push_back(value.clone());
  return copies;
}

template <class T>
double dot(const std::vector<Tensor<T>>& a, const std::vector<Tensor<T>>& b) {
  double sum = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    for (Index i = 0; i < a[k].numel(); ++i) {
      sum += static_cast<double>(a[k].data()[i]) * static_cast<double>(b[k].data()[i]);
    }
  }
  return sum;
}

template <class T>
void add_scaled(std::vector<Tensor<T>>& sum, double scale, const std::vector<Tensor<T>>& x) {
  const T factor = static_cast<T>(scale);
  for (std::size_t k = 0; k < sum.size(); ++k) {
    T* const to = sum[k].data();
    for (Index i = 0; i < sum[k].numel(); ++i) to[i] += factor * x[k].data()[i];
  }
}

template <class T>
void scale_by(std::vector<Tensor<T>>& values, double scale) {
  const T factor = static_cast<T>(scale);
  for (Tensor<T>& value : values) {
    for (T& element : value.values()) element *= factor;
  }
}

template <class T>
std::vector<Tensor<T>> moved(const std::vector<Tensor<T>>& a, double scale,
                             const std::vector<Tensor<T>>& b) {
  std::vector<Tensor<T>> sum = clones(a);
  add_scaled(sum, scale, b);
  return sum;
}

#define CAROUSEL_INSTANTIATE(T)                                                             \
  template std::vector<Tensor<T>> zeros_like(const std::vector<Tensor<T>>&);                \
  template std::vector<Tensor<T>> clones(const std::vector<Tensor<T>>&);                    \
  template double dot(const std::vector<Tensor<T>>&, const std::vector<Tensor<T>>&);        \
  template void add_scaled(std::vector<Tensor<T>>&, double, const std::vector<Tensor<T>>&); \
  template void scale_by(std::vector<Tensor<T>>&, double);                                  \
  template std::vector<Tensor<T>> moved(const std::vector<Tensor<T>>&, double,              \
                                        const std::vector<Tensor<T>>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
