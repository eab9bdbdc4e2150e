"""The rule of protocol.hpp by which both sides fill tensors, and the fingerprint of gradients, in NumPy."""

import numpy

PARTS = ["input", "input_weights", "recurrent_weights", "biases", "states"]


def part_of(name):
    """The kind of the tensor with this name, a place in PARTS."""
    if name == "x":
        return 0
    if name.startswith(("W_", "U_")):
        return 1 if name[0] == "W" else 2
    return 3 if "_" in name else 4


def unit(name, rows, columns):
    """float64 [rows, columns], uniform in [-1, 1): a function of name, row and column alone.

    rows: the numbers of the rows, in any order.
    """
    key = 0xCBF29CE484222325
    for c in name.encode():
        key = (key ^ c) * 0x100000001B3 % 2**64
    place = numpy.asarray(rows, numpy.uint64)[:, None] << numpy.uint64(32) | numpy.arange(columns, dtype=numpy.uint64)
    z = numpy.uint64(key) + numpy.uint64(0x9E3779B97F4A7C15) * place
    z = (z ^ z >> numpy.uint64(30)) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> numpy.uint64(27)) * numpy.uint64(0x94D049BB133111EB)
    z = z ^ z >> numpy.uint64(31)
    return (z >> numpy.uint64(11)) * 2.0**-52 - 1.0


def values(name, rows, columns, hidden):
    """float32: what the tensor begins with. Parameters (names with '_') are scaled by 1 / sqrt(hidden)."""
    scale = hidden**-0.5 if "_" in name else 1.0
    return (scale * unit(name, rows, columns)).astype(numpy.float32)


class Fingerprint:
    """Of each kind of gradient its norm, and its product with a fixed random tensor."""

    def __init__(self):
        self.squares, self.products = [0.0] * len(PARTS), [0.0] * len(PARTS)

    def add(self, name, rows, gradient):
        """gradient: [rows, columns], of the rows of these numbers of the tensor `name`."""
        gradient, part = gradient.astype(numpy.float64), part_of(name)
        self.squares[part] += float((gradient * gradient).sum())
        self.products[part] += float((gradient * unit(name, rows, gradient.shape[1])).sum())

    def numbers(self):
        return [square**0.5 for square in self.squares] + self.products
