#include "layer/pass.hpp"

#include <algorithm>

#include "tensor/convert.hpp"

namespace carousel {

Graph& Pass::graph() const {
  return *std::visit([](auto* tape) -> Graph* { return tape; }, tape_);
}

Var Pass::constant(const Tensor<float>& data) const {
  return visit([&]<class T>(Tape<T>& tape) { return tape.constant(converted<T>(data)); });
}

Var Pass::constant(const Tensor<double>& data) const {
  return visit([&]<class T>(Tape<T>& tape) { return tape.constant(converted<T>(data)); });
}

Var Pass::mask(std::string_view name, const Shape& shape, const MaskValues& values) const {
  if (!masks_) fail_bug("a mask was asked for in evaluation");
  return visit(
      [&]<class T>(Tape<T>& tape) { return tape.constant(masks_->draw<T>(name, shape, values)); });
}

Var Pass::full(const Shape& shape, double value) const {
  return visit([&]<class T>(Tape<T>& tape) {
    return tape.constant(Tensor<T>::full(shape, static_cast<T>(value)));
  });
}

Var Pass::supplied(std::string_view name, const Shape& shape, const Supply& supply) const {
  if (!masks_) fail_bug("a layer is to give {} in evaluation", name);
  switch (supply.kind) {
    case Supply::Kind::keep: return mask(name, shape, {supply.rate, 1.0, 0.0, supply.often});
    case Supply::Kind::drop:
      return mask(name, shape, MaskValues::dropout(supply.rate, supply.often));
    case Supply::Kind::normal:
      return visit([&]<class T>(Tape<T>& tape) {
        return tape.constant(masks_->normal<T>(name, shape, supply.often));
      });
    case Supply::Kind::uniform:
      return visit([&]<class T>(Tape<T>& tape) {
        return tape.constant(masks_->uniform<T>(name, shape, supply.often));
      });
    case Supply::Kind::training: return full(shape, 1.0);
    case Supply::Kind::length: break;
    case Supply::Kind::schedule: {
      const double done = std::min(static_cast<double>(masks_->update()) / supply.updates, 1.0);
      return full(shape, supply.first + (supply.last - supply.first) * done);
    }
  }
  fail_bug("an input that is given in no way");
}

Var with_cell_losses(Var loss, const std::vector<CellLoss>& of_cells) {
  for (const CellLoss& of_cell : of_cells) loss = loss + sum(of_cell.sums) * of_cell.weight;
  return loss;
}

Var dropout(const Pass& pass, Var x, std::string_view name, const MaskValues& values) {
  if (!pass.masks() || values.rate == 0.0) return x;
  return x * pass.mask(name, x.shape(), values);
}

Var noisy(const Pass& pass, Var x, std::string_view name, double deviation) {
  if (!pass.masks() || deviation == 0.0) return x;
  const Var noise = pass.visit([&]<class T>(Tape<T>& tape) {
    return tape.constant(pass.masks()->normal<T>(name, x.shape()));
  });
  return x + noise * deviation;
}

std::vector<double> Pass::values(Var var) const {
  return visit([&](auto& tape) {
    const auto value = tape.value(var);
    return std::vector<double>(value.values().begin(), value.values().end());
  });
}

Tensor<float> Pass::tensor(Var var) const {
  return visit([&](auto& tape) { return converted<float>(tape.value(var)); });
}

}  // namespace carousel
