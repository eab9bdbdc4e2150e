#include "printers.hpp"

#include "kernel/tile.hpp"

namespace carousel {

void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.to_string(); }

void PrintTo(const Attributes& attributes, std::ostream* out) {
  const Attributes usual;
  const char* separator = "";
  const auto field = [&](const char* name, const auto& value, const auto& otherwise) {
    if (value == otherwise) return;
    *out << separator << name << " " << value;
    separator = ", ";
  };
  *out << "(";
  field("shape", attributes.shape.to_string(), usual.shape.to_string());
  field("value", attributes.value, usual.value);
  field("axis", attributes.axis, usual.axis);
  field("begin", attributes.begin, usual.begin);
  field("size", attributes.size, usual.size);
  field("transpose_a", attributes.transpose_a, usual.transpose_a);
  field("transpose_b", attributes.transpose_b, usual.transpose_b);
  field("reverse", attributes.reverse, usual.reverse);
  *out << ")";
}

void PrintTo(const Example& example, std::ostream* out) {
  for (const Shape& shape : example.shapes) *out << shape.to_string() << " ";
  PrintTo(example.attributes, out);
}

void PrintTo(const Op& op, std::ostream* out) { *out << op.name; }

void PrintTo(const Cell& cell, std::ostream* out) { *out << cell.name; }

void PrintTo(Tile tile, std::ostream* out) { *out << tile_name(tile); }

}  // namespace carousel
