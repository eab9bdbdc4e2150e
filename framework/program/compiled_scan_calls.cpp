// The work of a scan that has no kernels of its own: ops of the table on the rows of a step or a
// chunk, gathered into tensors.

#include <algorithm>
#include <type_traits>

#include "program/compiled_scan.hpp"

namespace carousel {
namespace {

std::size_t index(int i) { return static_cast<std::size_t>(i); }

template <class T>
void copy_strided(const T* from, Index from_stride, T* to, Index to_stride, Index rows,
                  Index width) {
  if (from_stride == width && to_stride == width) {
    std::copy_n(from, rows * width, to);
    return;
  }
  for (Index r = 0; r < rows; ++r) std::copy_n(from + r * from_stride, width, to + r * to_stride);
}

}  // namespace

template <class T>
typename CompiledScan<T>::Cut CompiledScan<T>::cut_for(const PlanCall& work) const {
  Cut cut = cut_for(work.out);
  for (const PlanOperand& operand : work.operands) cut = std::max(cut, cut_for(operand.slot));
  return cut;
}

template <class T>
void CompiledScan<T>::gather(const PlanCall& work, Index step, Index first_row, Index rows) {
  gathered_operands_.clear();
  parts_.clear();
  for (std::size_t k = 0; k < work.operands.size(); ++k) {
    const PlanOperand& operand = work.operands[k];
    if (operand.unbatched >= 0) {
      gathered_operands_.push_back(unbatched_[index(operand.unbatched)]);
      continue;
    }
    const Place from = place(operand.slot, step);
    const Shape shape = with_batch(work.shapes[k], rows);
    T* data = from.data + first_row * from.stride;
    if (from.stride == operand.slot.width || rows == 1) {
      gathered_operands_.push_back(Tensor<T>::view(shape, data));
      continue;
    }
    Tensor<T> gathered = allocate(shape);
    copy_strided<T>(data, from.stride, gathered.data(), operand.slot.width, rows,
                    operand.slot.width);
    gathered_operands_.push_back(std::move(gathered));
  }
  for (const Tensor<T>& operand : gathered_operands_) parts_.push_back(&operand);
}

template <class T>
void CompiledScan<T>::call_into(const PlanCall& work, Index rows, Tensor<T>& out) {
  Attributes attributes = work.attributes;
  attributes.shape = with_batch(attributes.shape, rows);
  const KernelCall<T> kernel{parts_, attributes, out};
  if constexpr (std::is_same_v<T, float>) work.op->kernel_float(kernel);
  else work.op->kernel_double(kernel);
  gathered_operands_.clear();
}

template <class T>
void CompiledScan<T>::run_call(const PlanCall& work, Index step, Index first_row, Index rows) {
  const PartTimer timer(times_, Part::calls);
  gather(work, step, first_row, rows);
  const Place to = place(work.out, step);
  const Shape shape = with_batch(work.shape, rows);
  T* data = to.data + first_row * to.stride;
  // The result may take the place of an operand that nothing reads later.
  const auto overlaps = [&](const Tensor<T>& operand) {
    return operand.data() < data + rows * work.out.width && data < operand.data() + operand.numel();
  };
  if ((to.stride == work.out.width || rows == 1) &&
      std::ranges::none_of(gathered_operands_, overlaps)) {
    Tensor<T> out = Tensor<T>::view(shape, data);
    call_into(work, rows, out);
    return;
  }
  Tensor<T> out = allocate(shape);
  call_into(work, rows, out);
  copy_strided<T>(out.data(), work.out.width, data, to.stride, rows, work.out.width);
}

// The sums of chunks are added in double, in the order of the chunks.
template <class T>
void CompiledScan<T>::add_call(const PlanCall& work, std::vector<double>& total) {
  const PartTimer timer(times_, Part::calls);
  for (const StepRange& run : runs(cut_for(work))) {
    const Index rows = steps_.rows(run);
    gather(work, run.first, 0, rows);
    Tensor<T> share = allocate(with_batch(work.shape, rows));
    call_into(work, rows, share);
    std::transform(total.begin(), total.end(), share.data(), total.begin(),
                   [](double sum, T v) { return sum + static_cast<double>(v); });
  }
}

template class CompiledScan<float>;
template class CompiledScan<double>;

}  // namespace carousel
