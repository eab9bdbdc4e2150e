"""Cells over NumPy arrays, against plain loops and differences."""

import copy
import pickle
import unittest

import numpy as np

import carousel

LEAKY = """cell leaky "A leaky unit with one gate"
hyper leak = 0.1
param W_z, W_c : [hidden, input]
param U_z, U_c : [hidden, hidden]  init orthogonal
param b_z, b_c : [hidden]
z = sigmoid(W_z @ x + U_z @ h[t-1] + b_z)
c = tanh(W_c @ x + U_c @ h[t-1] + b_c)
h = (1 - leak * z) * h[t-1] + leak * z * c
output h
"""


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def leaky_by_hand(x, w, h, leak, lengths=None):
    outputs, gates = np.zeros(x.shape[:2] + h.shape[1:], x.dtype), []
    for t in range(len(x)):
        z = sigmoid(x[t] @ w["W_z"].T + h @ w["U_z"].T + w["b_z"])
        c = np.tanh(x[t] @ w["W_c"].T + h @ w["U_c"].T + w["b_c"])
        new = (1 - leak * z) * h + leak * z * c
        runs = np.ones(len(h), bool) if lengths is None else t < np.asarray(lengths)
        h = np.where(runs[:, None], new, h)
        outputs[t] = np.where(runs[:, None], new, 0)
        gates.append(z)
    return outputs, h, np.array(gates)


class CellTest(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(1)
        self.cell = carousel.Cell(LEAKY, input=3, hidden=5, hyper={"leak": 0.3})

    def weights(self, cell, dtype=np.float64):
        return {n: self.random.normal(size=s).astype(dtype) * 0.5 for n, s in cell.parameters.items()}

    def test_gives_what_a_plain_loop_gives(self):
        weights = self.weights(self.cell)
        for batch in (1, 4, 21):  # one shard, and several
            x = self.random.normal(size=(7, batch, 3))
            first = self.random.normal(size=(batch, 5))
            lengths = self.random.integers(1, 8, batch)
            run = self.cell.scan(x, weights, [first], lengths=lengths, probes=["z"])
            y, (h,) = run
            expected, last, z = leaky_by_hand(x, weights, first, 0.3, lengths)
            np.testing.assert_allclose(y, expected, atol=1e-14)
            np.testing.assert_allclose(h, last, atol=1e-14)
            np.testing.assert_allclose(run.probes["z"][0], z[0], atol=1e-14)

    def test_runs_from_the_end_of_each_sequence(self):
        weights = self.weights(self.cell)
        x, lengths = self.random.normal(size=(6, 2, 3)), [6, 4]
        y, _ = self.cell.scan(x, weights, lengths=lengths, reverse=True)
        for b, n in enumerate(lengths):
            turned, _, _ = leaky_by_hand(x[:n, b : b + 1][::-1], weights, np.zeros((1, 5)), 0.3)
            np.testing.assert_allclose(y[:n, b], turned[::-1, 0], atol=1e-14)

    def test_gradients_are_those_of_differences(self):
        weights = self.weights(self.cell)
        x = self.random.normal(size=(4, 9, 3))
        first = self.random.normal(size=(9, 5))
        dy, dh = self.random.normal(size=(4, 9, 5)), self.random.normal(size=(9, 5))

        def loss(x, weights, first):
            y, (h,) = self.cell.scan(x, weights, [first])
            return np.sum(y * dy) + np.sum(h * dh)

        run = self.cell.scan(x, weights, [first], gradients=True)
        gradients = run.gradients(dy, [dh])
        step = 1e-6
        moved = {n: self.random.normal(size=w.shape) for n, w in weights.items()}
        shifted = lambda s: {n: w + s * moved[n] for n, w in weights.items()}
        by_weights = sum(np.sum(gradients.parameters[n] * moved[n]) for n in weights)
        cases = [
            (by_weights, lambda s: loss(x, shifted(s), first)),
            (np.sum(gradients.x), lambda s: loss(x + s, weights, first)),
            (np.sum(gradients.state[0]), lambda s: loss(x, weights, first + s)),
        ]
        for got, at in cases:
            self.assertAlmostEqual(got, (at(step) - at(-step)) / (2 * step), delta=1e-7 * abs(got) + 1e-7)

    def test_has_the_same_bits_on_any_number_of_threads(self):
        weights = self.weights(self.cell, np.float32)
        x = self.random.normal(size=(5, 40, 3)).astype(np.float32)
        dy = np.ones((5, 40, 5), np.float32)
        before, results = carousel.get_num_threads(), []
        for threads in (1, 2, 4):
            carousel.set_num_threads(threads)
            run = self.cell.scan(x, weights, gradients=True)
            results.append((run.outputs, run.gradients(dy).parameters["U_z"]))
        carousel.set_num_threads(before)
        for y, g in results[1:]:
            self.assertEqual(y.tobytes(), results[0][0].tobytes())
            self.assertEqual(g.tobytes(), results[0][1].tobytes())

    def test_says_what_it_is(self):
        self.assertEqual(self.cell.parameters["W_z"], (5, 3))
        self.assertEqual(self.cell.states, {"h": (5,)})
        self.assertIn("z", self.cell.values)
        self.assertIn("sigmoid", self.cell.equations())
        self.assertIn("aligned", self.cell.latex())
        self.assertIn("z=1", self.cell.ablations())
        without = self.cell.variant("z=1")
        self.assertNotIn("W_z", without.parameters)
        self.assertIn("lstm", [entry.name for entry in carousel.cells()])

    def test_first_values_follow_the_seed(self):
        one, same, other = self.cell.init(3), self.cell.init(3), self.cell.init(4)
        np.testing.assert_array_equal(one["W_z"], same["W_z"])
        self.assertFalse(np.array_equal(one["W_z"], other["W_z"]))
        np.testing.assert_allclose(one["U_z"] @ one["U_z"].T, np.eye(5), atol=1e-6)

    def test_pickles_and_copies(self):
        again = pickle.loads(pickle.dumps(self.cell))
        self.assertEqual(again.equations(), self.cell.equations())
        self.assertEqual(copy.deepcopy(self.cell).parameters, self.cell.parameters)

    def test_says_what_is_wrong(self):
        weights = self.weights(self.cell)
        x = np.zeros((2, 3, 3))
        cases = [
            ("did you mean 'lstm'", lambda: carousel.Cell("lstn", 3, 5)),
            ("cell:2:9", lambda: carousel.Cell("cell a\nh = tanh(x\noutput h\n", 3, 3)),
            ("expected a size from 1", lambda: carousel.Cell("lstm", 0, 5)),
            ("missing W_z", lambda: self.cell.scan(x, {})),
            ("W_z", lambda: self.cell.scan(x, {**weights, "W_z": np.zeros((5, 4))})),
            ("expected float64", lambda: self.cell.scan(x, {**weights, "b_z": np.zeros(5, np.float32)})),
            ("expected float32 or float64", lambda: self.cell.scan(x.astype(int), weights)),
            ("no input mask", lambda: self.cell.scan(x, weights, further={"mask": x})),
            ("[2, 3, 4]", lambda: self.cell.scan(np.zeros((2, 3, 4)), weights)),
            ("this is not a shared library", lambda: carousel.load_plugin(__file__)),
            ("not kept", lambda: self.cell.scan(x, weights).gradients(x)),
            ("'zz'", lambda: self.cell.scan(x, weights, probes=["zz"])),
        ]
        for expected, work in cases:
            with self.assertRaises(carousel.InputError) as caught:
                work()
            self.assertIn(expected, str(caught.exception))
            self.assertIsInstance(caught.exception, ValueError)


if __name__ == "__main__":
    unittest.main()
