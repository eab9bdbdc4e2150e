"""Cells of our catalogue in eager PyTorch, with the same equations (cells/NAME.cell) and the same tensors.

CELLS: by cell and implementation. Steps are the first dimension in a loop; forms by chunks have the batch first.
"""

import collections
import dataclasses

import numpy
import torch
from torch.nn.functional import layer_norm, linear, logsigmoid, silu, softplus

Sizes = collections.namedtuple("Sizes", "steps batch input hidden")
Piece = collections.namedtuple("Piece", "name rows")
CHUNK = 64  # steps of a form by chunks
EPSILON = 1e-6


@dataclasses.dataclass
class Tensor:
    """A tensor that holds those of ours with these names one below the other.

    rows: of each the numbers of the rows, in the order in which they lie here; columns: of a row.
    """

    shape: tuple
    names: list
    rows: list = None

    def pieces(self, tensor):
        """(piece, [rows, columns]) of each tensor of ours, as views of this one."""
        if self.names[0] in ("x", "cotangent"):
            return self.steps(tensor)
        rows = self.rows or [range(self.shape[0] // len(self.names))] * len(self.names)
        matrix, begin, found = tensor.reshape(self.shape[0], -1), 0, []
        for name, numbers in zip(self.names, rows):
            found.append((Piece(name, numpy.asarray(numbers)), matrix[begin : begin + len(numbers)]))
            begin += len(numbers)
        return found

    def steps(self, tensor):
        return [(Piece(self.names[0], numpy.arange(self.shape[0] * self.shape[1])), tensor.view(-1, self.shape[2]))]


class BatchFirst(Tensor):
    """x or the cotangent as [batch, steps, size]; ours has the steps first."""

    def steps(self, tensor):
        batch, steps, _ = self.shape
        return [(Piece(self.names[0], numpy.arange(steps) * batch + b), tensor[b]) for b in range(batch)]


def parameters(hidden, columns, *names):
    return Tensor((hidden * len(names), columns), list(names))


def vectors(size, *names):
    return Tensor((size * len(names),), list(names))


@dataclasses.dataclass
class Cell:
    """own: the tensors of a cell but for x, of its sizes; forward: the outputs, of x and those."""

    own: object
    forward: object
    batch_first: bool = False

    def sequence(self, name, sizes, width):
        if self.batch_first:
            return BatchFirst((sizes.batch, sizes.steps, width), [name])
        return Tensor((sizes.steps, sizes.batch, width), [name])

    def tensors(self, sizes):
        return [self.sequence("x", sizes, sizes.input), *self.own(sizes)]

    def outputs(self, sizes):
        return self.sequence("cotangent", sizes, sizes.hidden)


def matrix_times(matrices, vectors_of_batch):
    """Of each sequence its matrix times its vector; faster than torch.bmm on the way back."""
    return (matrices * vectors_of_batch.unsqueeze(1)).sum(2)


def chunks(*sequences):
    return zip(*(sequence.split(CHUNK, 1) for sequence in sequences))


def lower(steps):
    return torch.ones(steps, steps).tril()


# delta_net -----------------------------------------------------------------------------------------------------


def delta_net_tensors(s):
    return [
        parameters(s.hidden, s.input, "W_q", "W_k", "W_v"),
        parameters(1, s.input, "W_b"),
        Tensor((s.batch, s.hidden, s.hidden), ["S"]),
    ]


def unit(rows):
    return rows / (rows * rows).sum(-1, keepdim=True).add(EPSILON).sqrt()


def delta_net_front(x, w, w_b):
    q, k, v = linear(x, w).chunk(3, -1)
    return unit(silu(q)), unit(silu(k)), v, torch.sigmoid(linear(x, w_b))


def delta_net(x, w, w_b, S):
    outputs = []
    for q, k, v, beta in zip(*delta_net_front(x, w, w_b)):
        error = beta * (v - matrix_times(S, k))
        S = S + error.unsqueeze(2) * k.unsqueeze(1)
        outputs.append(matrix_times(S, q))
    return torch.stack(outputs)


def delta_net_chunks(x, w, w_b, S):
    """Yang et al. 2024, arXiv:2406.06484, section 3: the errors of a chunk solve a triangular system."""
    outputs = []
    for q, k, v, beta in chunks(*delta_net_front(x, w, w_b)):
        system = beta * (k @ k.mT)  # below its diagonal
        error = torch.linalg.solve_triangular(
            system, beta * (v - k @ S.mT), upper=False, unitriangular=True
        )
        outputs.append(q @ S.mT + (q @ k.mT).tril() @ error)
        S = S + error.mT @ k
    return torch.cat(outputs, 1)


# gla -----------------------------------------------------------------------------------------------------------


def gla_tensors(s):
    return [
        parameters(s.hidden, s.input, "W_q", "W_k", "W_v"),
        parameters(16, s.input, "W_r"),
        parameters(s.hidden, 16, "W_g"),
        vectors(s.hidden, "b_g"),
        Tensor((s.batch, s.hidden, s.hidden), ["S"]),
    ]


def gla_front(x, w, w_r, w_g, b_g):
    q, k, v = linear(x, w).chunk(3, -1)
    return q * q.shape[-1] ** -0.5, k, v, logsigmoid(linear(linear(x, w_r), w_g, b_g)) / 16


def gla(x, w, w_r, w_g, b_g, S):
    q, k, v, log_decay = gla_front(x, w, w_r, w_g, b_g)
    outputs = []
    for q, k, v, decay in zip(q, k, v, log_decay.exp()):
        S = torch.addcmul(decay.unsqueeze(1) * S, v.unsqueeze(2), k.unsqueeze(1))
        outputs.append(matrix_times(S, q))
    return torch.stack(outputs)


def gla_chunks(x, w, w_r, w_g, b_g, S):
    """Yang et al. 2024, arXiv:2312.06635, section 4: matrix products within a chunk."""
    outputs = []
    for q, k, v, log_decay in chunks(*gla_front(x, w, w_r, w_g, b_g)):
        total = log_decay.cumsum(1)
        q = q * total.exp()
        outputs.append(q @ S.mT + (q @ (k * (-total).exp()).mT).tril() @ v)
        end = total[:, -1:]
        S = end.exp() * S + v.mT @ (k * (end - total).exp())
    return torch.cat(outputs, 1)


# mlstm ---------------------------------------------------------------------------------------------------------


def mlstm_tensors(s):
    return [
        parameters(s.hidden, s.input, "W_q", "W_k", "W_v", "W_o"),
        vectors(s.hidden, "b_o"),
        parameters(1, s.input, "W_i", "W_f"),
        vectors(1, "b_i", "b_f"),
        Tensor((s.batch, s.hidden, s.hidden), ["C"]),
        Tensor((s.batch, s.hidden), ["n"]),
        Tensor((s.batch, 1), ["m"]),
    ]


def mlstm_front(x, w, b_o, w_gates, b_gates):
    q, k, v, o = linear(x, w).chunk(4, -1)
    i, f = linear(x, w_gates, b_gates).chunk(2, -1)
    return q, k * k.shape[-1] ** -0.5, v, torch.sigmoid(o + b_o), i, logsigmoid(f)


def mlstm(x, w, b_o, w_gates, b_gates, C, n, m):
    q, k, v, o, i, f = mlstm_front(x, w, b_o, w_gates, b_gates)
    outputs = []
    for q, k, v, i, f in zip(q, k, v, i, f):
        kept = f + m
        m = torch.maximum(kept, i)
        i, f = torch.exp(i - m), torch.exp(kept - m)
        C = torch.addcmul(f.unsqueeze(2) * C, (i * v).unsqueeze(2), k.unsqueeze(1))
        n = f * n + i * k
        size = torch.maximum((n * q).sum(1, keepdim=True).abs(), torch.exp(-m)) + EPSILON
        outputs.append(matrix_times(C, q) / size)
    return o * torch.stack(outputs)


def mlstm_chunks(x, w, b_o, w_gates, b_gates, C, n, m):
    """Beck et al. 2024, arXiv:2405.04517, appendix A.3: within a chunk a matrix of decays from step to step."""
    outputs = []
    q, k, v, o, i, f = mlstm_front(x, w, b_o, w_gates, b_gates)
    for q, k, v, i, f in chunks(q, k, v, i, f):
        total = f.cumsum(1)
        ahead = torch.full((q.shape[1], q.shape[1]), -torch.inf).triu(1)
        weights, of_start = total + (i - total).mT + ahead, total + m.unsqueeze(1)
        size = torch.maximum(weights.amax(2, keepdim=True), of_start)
        weights, of_start = torch.exp(weights - size) * (q @ k.mT), torch.exp(of_start - size)
        read = weights @ v + of_start * (q @ C.mT)
        norm = weights.sum(2, keepdim=True) + of_start * (q @ n.unsqueeze(2))
        outputs.append(read / (torch.maximum(norm.abs(), torch.exp(-size)) + EPSILON))
        added = torch.exp(total[:, -1:] - total + i - size[:, -1:]) * k
        C = of_start[:, -1:] * C + v.mT @ added
        n = of_start[:, -1] * n + added.sum(1)
        m = size[:, -1]
    return o * torch.cat(outputs, 1)


# mamba ---------------------------------------------------------------------------------------------------------


def mamba_tensors(s):
    return [
        parameters(s.hidden, s.input, "W_u", "W_z"),
        Tensor((36, s.hidden), ["W_r", "W_b", "W_c"], [range(4), range(16), range(16)]),
        parameters(s.hidden, 4, "W_d"),
        vectors(s.hidden, "b_d"),
        parameters(s.hidden, 16, "log_a"),
        Tensor((1, s.hidden), ["D"]),
        Tensor((s.batch, s.hidden, 16), ["S"]),
    ]


def mamba(x, w, w_rbc, w_d, b_d, log_a, D, S):
    u, z = linear(x, w).chunk(2, -1)
    u = silu(u)
    r, B, C = linear(u, w_rbc).split([4, 16, 16], -1)
    delta = softplus(linear(r, w_d, b_d))
    A = -log_a.exp() * torch.arange(1.0, 17.0)
    outputs = []
    for step, added, b, c in zip(delta, delta * u, B, C):
        S = torch.addcmul(torch.exp(step.unsqueeze(2) * A) * S, added.unsqueeze(2), b.unsqueeze(1))
        outputs.append(matrix_times(S, c))
    return (torch.stack(outputs) + D * u) * silu(z)


# vectors as states ---------------------------------------------------------------------------------------------


def ln_lstm_tensors(s):
    h = s.hidden
    # Gates that have a sigmoid lie beside each other: i, f, o, g.
    gains = [range(2 * h), range(3 * h, 4 * h), range(2 * h, 3 * h)]
    return [
        parameters(h, s.input, "W_i", "W_f", "W_o", "W_g"),
        parameters(h, h, "U_i", "U_f", "U_o", "U_g"),
        vectors(h, "b_i", "b_f", "b_o", "b_g"),
        Tensor((4 * h,), ["gain_x"] * 3, gains),
        Tensor((4 * h,), ["gain_h"] * 3, gains),
        vectors(h, "gain_c"),
        vectors(h, "shift_c"),
        Tensor((s.batch, h), ["h"]),
        Tensor((s.batch, h), ["c"]),
    ]


def ln_lstm(x, w, u, b, gain_x, gain_h, gain_c, shift_c, h, c):
    n, outputs = h.shape[1], []
    for of_x in layer_norm(linear(x, w), (4 * n,), gain_x, b):
        gates = of_x + layer_norm(linear(h, u), (4 * n,), gain_h)
        ifo, g = gates.split([3 * n, n], 1)
        i, f, o = torch.sigmoid(ifo).chunk(3, 1)
        c = f * c + i * torch.tanh(g)
        h = o * torch.tanh(layer_norm(c, (n,), gain_c, shift_c))
        outputs.append(h)
    return torch.stack(outputs)


def indrnn_tensors(s):
    return [
        parameters(s.hidden, s.input, "W_h"),
        vectors(s.hidden, "b_h"),
        vectors(s.hidden, "u_h"),
        Tensor((s.batch, s.hidden), ["h"]),
    ]


def indrnn(x, w, b, u, h):
    outputs = []
    for of_x in linear(x, w, b):
        h = torch.relu(torch.addcmul(of_x, u, h))
        outputs.append(h)
    return torch.stack(outputs)


def min_gru_tensors(s):
    return [
        parameters(s.hidden, s.input, "W_z", "W_c"),
        vectors(s.hidden, "b_z", "b_c"),
        Tensor((s.batch, s.hidden), ["h"]),
    ]


def min_gru(x, w, b, h):
    # Sums in the logarithm (logcumsumexp) took 8 times as long, cumulative sums of ten steps 1.6 times.
    z, c = linear(x, w, b).chunk(2, -1)
    outputs = []
    for z, c in zip(torch.sigmoid(z), c):
        h = torch.lerp(h, c, z)
        outputs.append(h)
    return torch.stack(outputs)


def of(own, steps, by_chunks=None):
    forms = {"torch_python": Cell(own, steps)}
    if by_chunks:
        forms["torch_chunks"] = Cell(own, by_chunks, batch_first=True)
    return forms


CELLS = {
    "delta_net": of(delta_net_tensors, delta_net, delta_net_chunks),
    "gla": of(gla_tensors, gla, gla_chunks),
    "mlstm": of(mlstm_tensors, mlstm, mlstm_chunks),
    "mamba": of(mamba_tensors, mamba),
    "ln_lstm": of(ln_lstm_tensors, ln_lstm),
    "indrnn": of(indrnn_tensors, indrnn),
    "min_gru": of(min_gru_tensors, min_gru),
}
