"""Writes scalar.h5 and second_edition.h5 beside this file: what the cells of scalar/ give, in plain
Python floats. The second file has those of scalar/second_edition.py.

The equations there come from the papers, not from the cell files, which give only the names and
shapes of parameters and states, the hyperparameters, and the stated conventions.

One group a cell. Attributes: input, hidden, and hyper/NAME for each hyperparameter that was set.
Its dataset `values` holds all arrays one after the other, and its attribute `layout` says in
lines "NAME SIZE SIZE .." which they are:

    x                  [T, batch, input], and input/NAME for each further input
    parameter/NAME
    initial/NAME       states in front of the first step, [batch, ..]
    y                  outputs, [T, batch, ..]
    final/NAME         states after the last step
    weight_y, weight/NAME   random weights of a loss: sum(weight_y y) + sum(weight final)
    gradient/NAME      its derivative by x, initial/NAME and parameter/NAME; not for a cell whose
                       gradient is not that of its values (straight-through)

The derivatives are central differences of the loss over six points.
"""

import math
import pathlib
import random
import sys

import h5py
import numpy

from scalar import gated, linear, lstms, mixed, second_edition, simple  # noqa: F401: fill CELLS
from scalar.arithmetic import CELLS, Names, held

STEPS, BATCH = 6, 2


def draw(rng, shape, low=-1.0, high=1.0, step=None):
    """Nested lists of random numbers; with a step, of multiples of it."""
    if not shape:
        number = rng.uniform(low, high)
        return low + step * rng.randrange(round((high - low) / step) + 1) if step else number
    return [draw(rng, shape[1:], low, high, step) for _ in range(shape[0])]


def flat(value):
    return [v for part in value for v in flat(part)] if isinstance(value, list) else [value]


def shape_of(value):
    return [len(value)] + shape_of(value[0]) if isinstance(value, list) else []


def run(cell, arrays, first=False):
    """Outputs [T, batch, ..] and final states [batch, ..] by name."""
    held.start(first)
    p = Names({name: arrays["parameter/" + name] for name in cell.parameters} | cell.hyper)
    outputs = [[] for _ in range(STEPS)]
    final = {name: [] for name in cell.states}
    for b in range(BATCH):
        s = Names({name: arrays["initial/" + name][b] for name in cell.states})
        for t in range(STEPS):
            inputs = {name: arrays["input/" + name][t][b] for name in cell.inputs}
            y, new = cell.step(p, arrays["x"][t][b], s, **inputs)
            assert new.keys() == cell.states.keys()
            outputs[t].append(y)
            s = Names(new)
        for name in final:
            final[name].append(s[name])
    return outputs, final


def dot(a, b):
    return math.fsum(u * v for u, v in zip(flat(a), flat(b)))


def loss(cell, arrays):
    y, final = run(cell, arrays)
    return dot(arrays["weight_y"], y) + sum(
        dot(arrays["weight/" + name], value) for name, value in final.items()
    )


def slope(function, rows, index, width):
    """Derivative by rows[index], where it is smooth; the error goes with width^6."""
    old = rows[index]

    def odd(k):
        rows[index] = old + k * width
        above = function()
        rows[index] = old - k * width
        return above - function()

    result = (45.0 * odd(1) - 9.0 * odd(2) + odd(3)) / (60.0 * width)
    rows[index] = old
    return result


def difference(function, rows, index):
    """Derivative by rows[index]: widths get smaller until no kink is within them."""
    wide = slope(function, rows, index, 2.0**-8)
    for k in (10, 12, 14, 16):
        narrow = slope(function, rows, index, 2.0**-k)
        if abs(narrow - wide) <= 1e-9 * (1.0 + abs(wide)):
            return narrow
        wide = narrow
    raise ArithmeticError("no derivative here: choose other numbers")


def derivatives(function, value):
    """Of function() by each number of a nested list, in its shape."""
    if isinstance(value[0], list):
        return [derivatives(function, part) for part in value]
    return [difference(function, value, i) for i in range(len(value))]


def compute(name, cell):
    """Every array of a cell by its name."""
    rng = random.Random(name)
    shapes = {"x": [STEPS, BATCH, cell.sizes["I"]]}
    shapes |= {"input/" + n: [STEPS, BATCH] + shape for n, shape in cell.inputs.items()}
    shapes |= {"parameter/" + n: shape for n, shape in cell.parameters.items()}
    shapes |= {"initial/" + n: [BATCH] + shape for n, shape in cell.states.items()}
    arrays = {
        n: draw(rng, shape, *cell.ranges.get(n.split("/")[-1], ())) for n, shape in shapes.items()
    }
    y, final = run(cell, arrays, first=True)
    arrays["weight_y"] = draw(rng, shape_of(y))
    arrays |= {"weight/" + n: draw(rng, shape_of(value)) for n, value in final.items()}
    differentiable = [n for n in shapes if cell.smooth and not n.startswith("input/")]
    arrays |= {
        "gradient/" + n: derivatives(lambda: loss(cell, arrays), arrays[n]) for n in differentiable
    }
    return arrays | {"y": y} | {"final/" + n: value for n, value in final.items()}


def home(cell):
    """The file that a cell belongs in."""
    return "second_edition" if cell.step.__module__.endswith("second_edition") else "scalar"


def write(file, name, cell):
    arrays = compute(name, cell)
    group = file.create_group(name)
    group.attrs["input"] = cell.sizes["I"]
    group.attrs["hidden"] = cell.sizes["H"]
    for hyper, value in cell.hyper.items():
        group.attrs["hyper/" + hyper] = float(value)
    values = numpy.array(flat(list(arrays.values())))
    assert numpy.isfinite(values).all(), name
    data = group.create_dataset("values", data=values, track_times=False)
    lines = (" ".join([n, *map(str, shape_of(value))]) for n, value in arrays.items())
    data.attrs["layout"] = numpy.bytes_("\n".join(lines))
    print(f"{name}: {len(arrays)} arrays, {values.size} numbers", flush=True)


def main():
    """Writes all cells, or in the files that there are only those named as arguments.

    An argument may be the name of a file too, such as second_edition: all cells of it.
    """
    for stem in ("scalar", "second_edition"):
        cells = [n for n, c in CELLS.items() if home(c) == stem]
        whole = not sys.argv[1:] or stem in sys.argv[1:]
        names = cells if whole else [n for n in cells if n in sys.argv[1:]]
        if not names:
            continue
        path = pathlib.Path(__file__).with_name(stem + ".h5")
        with h5py.File(path, "w" if whole else "r+") as file:
            for name in names:
                if name in file:
                    del file[name]
                write(file, name, CELLS[name])


if __name__ == "__main__":
    main()
