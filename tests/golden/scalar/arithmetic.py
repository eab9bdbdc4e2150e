"""Vectors as lists, matrices as lists of rows, loops over floats; and the list of the cells."""

import copy
import math
from math import exp, log, sqrt, tanh

CELLS = {}  # name: Cell, in the order of definition


class Names(dict):
    """A dictionary whose entries can be read as attributes."""

    __getattr__ = dict.__getitem__

    def inside(self, cell):
        """The entries of a cell inside this one: those that are named cell.NAME."""
        start = cell + "."
        return Names({k[len(start) :]: v for k, v in self.items() if k.startswith(start)})


class Cell:
    """What a cell needs, and step(p, x, s, inputs by name) -> output, new states.

    Shapes are texts such as "HxI W_f W_c; H b": a letter is a size of `sizes`. p has parameters
    and hyperparameters, s the states of the step before.
    """

    def __init__(self, step, parameters, states, inputs, hyper, sizes, ranges, smooth):
        self.step = step
        self.sizes = {"H": 4, "I": 3, "1": 1, **sizes}
        self.parameters = self.shapes(parameters)
        self.states = self.shapes(states)
        self.inputs = self.shapes(inputs)
        self.hyper = hyper
        self.ranges = ranges  # of what is not drawn from -1 to 1
        self.smooth = smooth  # False: the gradient is not that of the values

    def shapes(self, text):
        result = {}
        for part in filter(str.strip, text.split(";")):
            shape, *names = part.split()
            for name in names:
                result[name] = [self.sizes[size] for size in shape.split("x")]
        return result


def add(
    name, step, parameters, states="H h", inputs="", hyper={}, sizes={}, ranges={}, smooth=True
):
    assert name not in CELLS
    CELLS[name] = Cell(step, parameters, states, inputs, hyper, sizes, dict(ranges), smooth)


def cell(parameters, states="H h", **more):
    """Adds the function that follows, by its name."""

    def decorate(step):
        add(step.__name__, step, parameters, states, **more)
        return step

    return decorate


class Held:
    """held(value) is a constant of the gradient: the value that the first run gave there."""

    def __init__(self):
        self.start(True)

    def start(self, first):
        """In front of a run: the first one, or one for a difference."""
        self.first = first
        self.place = 0
        if first:
            self.values = []

    def __call__(self, value):
        if self.first:
            self.values.append(copy.deepcopy(value))  # differences change parameters in place
        self.place += 1
        return self.values[self.place - 1]


held = Held()


def sigmoid(v):
    return 1.0 / (1.0 + exp(-v)) if v >= 0 else exp(v) / (1.0 + exp(v))


def relu(v):
    return v if v > 0 else 0.0


def softplus(v):
    return log(1.0 + exp(v)) if v < 30 else v


def logsigmoid(v):
    return -softplus(-v)


def silu(v):
    return v * sigmoid(v)


def hard_sigmoid(v):
    return max(0.0, min(1.0, v / 6.0 + 0.5))


def modrelu(v, b):
    return math.copysign(relu(abs(v) + b), v)


def each(function, *vectors):
    """function of the elements of vectors of the same length."""
    assert len({len(v) for v in vectors}) == 1
    return [function(*elements) for elements in zip(*vectors)]


def plus(*vectors):
    return each(lambda *elements: sum(elements), *vectors)


def times(*vectors):
    return each(lambda *elements: math.prod(elements), *vectors)


def scaled(number, vector):
    return [number * v for v in vector]


def mix(gate, old, new):
    """gate = 1 keeps the old."""
    return each(lambda g, a, b: g * a + (1.0 - g) * b, gate, old, new)


def dot(a, b):
    assert len(a) == len(b)
    return sum(u * v for u, v in zip(a, b))


def mul(matrix, vector):
    return [dot(row, vector) for row in matrix]


def transposed(matrix):
    return [list(column) for column in zip(*matrix)]


def identity(n):
    return [[1.0 if i == j else 0.0 for j in range(n)] for i in range(n)]


def entries(function, n, m=None):
    """The matrix of function(i, j)."""
    return [[function(i, j) for j in range(m or n)] for i in range(n)]


def product(a, b):
    return transposed([mul(a, column) for column in transposed(b)])


def expm(matrix):
    """The matrix exponential: Taylor series of matrix / 2^10, squared ten times."""
    n = len(matrix)
    small = entries(lambda i, j: matrix[i][j] / 1024.0, n)
    result = term = identity(n)
    for k in range(1, 15):
        term = [scaled(1.0 / k, row) for row in product(term, small)]
        result = each(plus, result, term)
    for _ in range(10):
        result = product(result, result)
    return result


def inverse(matrix):
    """Gauss-Jordan elimination with row exchanges."""
    n = len(matrix)
    rows = [list(row) + unit for row, unit in zip(matrix, identity(n))]
    for k in range(n):
        best = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        rows[k] = scaled(1.0 / rows[k][k], rows[k])
        for i in range(n):
            if i != k:
                rows[i] = plus(rows[i], scaled(-rows[i][k], rows[k]))
    return [row[n:] for row in rows]


def layer_norm(vector, epsilon=1e-5):
    mean = sum(vector) / len(vector)
    variance = sum((v - mean) ** 2 for v in vector) / len(vector)
    return [(v - mean) / sqrt(variance + epsilon) for v in vector]


def softmax(vector):
    weights = [exp(v - max(vector)) for v in vector]
    return [w / sum(weights) for w in weights]


def heads_of(vector, heads):
    size = len(vector) // heads
    return [vector[k * size : (k + 1) * size] for k in range(heads)]


def joined(vectors):
    return [v for vector in vectors for v in vector]


def blocks(matrices, vector):
    """The block-diagonal matrix of the given ones times a vector."""
    return joined(each(mul, matrices, heads_of(vector, len(matrices))))


def both(p, k, x, h):
    """W_k x + U_k h."""
    return plus(mul(p["W_" + k], x), mul(p["U_" + k], h))


def affine(p, k, x, h):
    """W_k x + U_k h + b_k."""
    return plus(both(p, k, x, h), p["b_" + k])


def of_input(p, k, x):
    """W_k x + b_k."""
    return plus(mul(p["W_" + k], x), p["b_" + k])


def gate(p, k, x, h):
    """sigmoid(W_k x + U_k h + b_k)."""
    return each(sigmoid, affine(p, k, x, h))


def all_of(letters, kinds="WUb"):
    """Shapes of the full matrices and biases of the gates."""
    shape = {"W": "HxI", "U": "HxH", "V": "HxI", "b": "H"}
    return "; ".join(f"{shape[k]} " + " ".join(f"{k}_{g}" for g in letters.split()) for k in kinds)
