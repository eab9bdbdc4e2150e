"""Cells inside PyTorch, against its own layers and its own checks of gradients."""

import copy
import ctypes
import io
import multiprocessing
import os
import pickle
import threading
import unittest

try:
    import torch
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
except ImportError as missing:
    raise unittest.SkipTest("python3-torch is not there: scripts/setup --python") from missing

import carousel
import carousel.torch as ct

# Our cell, PyTorch's layer, and the names of ours for the layer's blocks of weights in order.
PAIRS = [("lstm", nn.LSTM, "ifgo"), ("gru_reset_after", nn.GRU, "rzn"), ("rnn_tanh", nn.RNN, "h")]


def blocks(native, cell, names):
    """(ours, theirs) parameter pairs: ours, and the slices of theirs whose sum it is."""
    size = native.hidden_size
    for layer in range(native.num_layers):
        for suffix in [f"_l{layer}"] + [f"_l{layer}_reverse"] * native.bidirectional:
            for k, name in enumerate(names):
                rows = slice(k * size, (k + 1) * size)
                yield f"W_{name}{suffix}", [("weight_ih" + suffix, rows)]
                yield f"U_{name}{suffix}", [("weight_hh" + suffix, rows)]
                if cell == "gru_reset_after" and name == "n":
                    yield f"b_n{suffix}", [("bias_ih" + suffix, rows)]
                    yield f"d_n{suffix}", [("bias_hh" + suffix, rows)]
                else:
                    yield f"b_{name}{suffix}", [("bias_ih" + suffix, rows), ("bias_hh" + suffix, rows)]


def twins(cell, native_class, names, dtype, **options):
    """PyTorch's layer and ours with the same weights."""
    native = native_class(5, 7, num_layers=2, bidirectional=True, **options).to(dtype)
    ours = ct.RNN(cell, 5, 7, num_layers=2, bidirectional=True, **options).to(dtype)
    with torch.no_grad():
        for own, theirs in blocks(native, cell, names):
            getattr(ours, own).copy_(sum(getattr(native, n)[rows] for n, rows in theirs))
    return native, ours


def as_list(state):
    return [state] if isinstance(state, torch.Tensor) else list(state)


def as_given(states):
    return states[0] if len(states) == 1 else tuple(states)


class AgainstPyTorch(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def close(self, got, expected, tolerance):
        scale = max(1.0, expected.abs().max().item())
        self.assertLess((got - expected).abs().max().item(), tolerance * scale)

    def compare(self, native, ours, names, cell, run, tolerance):
        """run(layer, *inputs) -> list of tensors; compares them and all gradients."""
        results = []
        for layer in (native, ours):
            torch.manual_seed(2)
            layer.zero_grad()
            leaves, values = run(layer)
            loss = sum((v * torch.randn(v.shape, dtype=v.dtype)).sum() for v in values)
            loss.backward()
            results.append((values, [leaf.grad for leaf in leaves]))
        for kind in (0, 1):
            for expected, got in zip(results[0][kind], results[1][kind], strict=True):
                self.close(got, expected, tolerance)
        for own, theirs in blocks(native, cell, names):
            name, rows = theirs[0]  # both biases have the same gradient
            self.close(getattr(ours, own).grad, getattr(native, name).grad[rows], tolerance)

    def test_outputs_states_and_gradients_are_those_of_its_layers(self):
        for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-11)):
            for cell, native_class, names in PAIRS:
                for batch_first in (False, True):
                    native, ours = twins(cell, native_class, names, dtype, batch_first=batch_first)

                    def run(layer):
                        x = torch.randn(6, 10, 5, dtype=dtype, requires_grad=True)
                        first = [torch.randn(4, 6 if batch_first else 10, 7, dtype=dtype, requires_grad=True)
                                 for _ in range(2 if cell == "lstm" else 1)]
                        y, state = layer(x, as_given(first))
                        return [x, *first], [y, *as_list(state)]

                    with self.subTest(cell=cell, dtype=dtype, batch_first=batch_first):
                        self.compare(native, ours, names, cell, run, tolerance)

    def test_packed_sequences_are_answered_by_packed_ones(self):
        lengths = torch.tensor([3, 6, 1, 6, 4])
        for sorted_lengths in (False, True):
            of = lengths.sort(descending=True).values if sorted_lengths else lengths
            for cell, native_class, names in PAIRS:
                native, ours = twins(cell, native_class, names, torch.float64)

                def run(layer):
                    x = torch.randn(6, 5, 5, dtype=torch.float64, requires_grad=True)
                    packed = pack_padded_sequence(x, of, enforce_sorted=sorted_lengths)
                    first = [torch.randn(4, 5, 7, dtype=torch.float64) for _ in range(2 if cell == "lstm" else 1)]
                    y, state = layer(packed, as_given(first))
                    self.assertEqual(y.batch_sizes.tolist(), packed.batch_sizes.tolist())
                    padded, again = pad_packed_sequence(y)
                    self.assertEqual(again.tolist(), of.tolist())
                    return [x], [y.data, padded, *as_list(state)]

                with self.subTest(cell=cell, sorted=sorted_lengths):
                    self.compare(native, ours, names, cell, run, 1e-11)

    def test_a_sequence_without_a_batch(self):
        native, ours = twins("lstm", nn.LSTM, "ifgo", torch.float64)

        def run(layer):
            x = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
            y, state = layer(x)
            return [x], [y, *state]

        self.compare(native, ours, "ifgo", "lstm", run, 1e-11)

    def test_one_step(self):
        native = nn.LSTMCell(5, 7).double()
        ours = ct.RNNCell("lstm", 5, 7).double()
        with torch.no_grad():
            for k, name in enumerate("ifgo"):
                rows = slice(7 * k, 7 * k + 7)
                getattr(ours, f"W_{name}").copy_(native.weight_ih[rows])
                getattr(ours, f"U_{name}").copy_(native.weight_hh[rows])
                getattr(ours, f"b_{name}").copy_(native.bias_ih[rows] + native.bias_hh[rows])
        x = torch.randn(3, 5, dtype=torch.float64)
        state = (torch.randn(3, 7, dtype=torch.float64), torch.randn(3, 7, dtype=torch.float64))
        expected = native(x, state)
        y, got = ours(x, state)
        self.close(y, expected[0], 1e-13)
        self.close(got[1], expected[1], 1e-13)


class ToAndFro(unittest.TestCase):
    CELLS = [("lstm", nn.LSTM, {}), ("gru_reset_after", nn.GRU, {}), ("rnn_tanh", nn.RNN, {}),
             ("rnn_relu", nn.RNN, {"nonlinearity": "relu"})]  # fmt: skip

    def setUp(self):
        torch.manual_seed(1)

    def test_weights_come_in_and_go_out(self):
        x = torch.randn(6, 3, 5)
        for cell, native_class, options in self.CELLS:
            for bias in (True, False):
                with self.subTest(cell=cell, options=options, bias=bias):
                    native = native_class(5, 7, 2, bidirectional=True, bias=bias, **options)
                    ours = ct.RNN(cell, 5, 7, 2, bidirectional=True).from_native(native)
                    self.assertLess((ours(x)[0] - native(x)[0]).abs().max().item(), 1e-6)
                    again = ours.to_native()
                    self.assertIsInstance(again, native_class)
                    self.assertLess((again(x)[0] - native(x)[0]).abs().max().item(), 1e-6)
                    # The same bits: of theirs, and of ours after both ways.
                    for name, value in native.named_parameters():
                        self.assertTrue(torch.equal(getattr(again, name), value), name)
                    back = ct.RNN(cell, 5, 7, 2, bidirectional=True).from_native(again)
                    for name, value in ours.named_parameters():
                        self.assertTrue(torch.equal(getattr(back, name), value), name)

    def test_two_biases_come_back_while_their_sum_holds(self):
        native = nn.LSTM(5, 7).double()
        for ours in (ct.RNN("lstm", 5, 7), ct.RNN("lstm", 5, 7).double()):
            ours = pickle.loads(pickle.dumps(copy.deepcopy(ours.from_native(native))))
            again = ours.to_native()
            for name, value in native.named_parameters():
                self.assertTrue(torch.equal(getattr(again, name), value.to(ours.W_i_l0.dtype)), name)
            with torch.no_grad():
                ours.b_i_l0[0] += 1.0
            moved = ours.to_native()
            self.assertEqual(moved.bias_ih_l0[0], ours.b_i_l0[0])
            self.assertEqual(moved.bias_hh_l0[0], 0.0)
            self.assertTrue(torch.equal(moved.bias_hh_l0[1:], again.bias_hh_l0[1:]))
            ours.reset_parameters(3)
            fresh = ours.to_native()
            self.assertTrue(torch.equal(fresh.bias_ih_l0[:7], ours.b_i_l0))
            self.assertEqual(fresh.bias_hh_l0.abs().max(), 0.0)

    def test_the_users_own_copy_of_equations_counts(self):
        text = """cell mine
            param V_a, V_b, V_c, V_d : [hidden, input]
            param R_a, R_b, R_c, R_d : [hidden, hidden]
            param k_a, k_b, k_c, k_d : [hidden]
            m = sigmoid(k_a + V_a @ x + R_a @ h[t-1]) * m[t-1] + sigmoid(V_b @ x + R_b @ h[t-1] + k_b) * tanh(V_c @ x + R_c @ h[t-1] + k_c)
            h = sigmoid(V_d @ x + R_d @ h[t-1] + k_d) * tanh(m)
            output h
            """
        native = nn.LSTM(5, 7)
        x = torch.randn(6, 3, 5)
        ours = ct.RNN(text, 5, 7).from_native(native)
        self.assertLess((ours(x)[0] - native(x)[0]).abs().max().item(), 1e-6)
        self.assertIsInstance(ours.to_native(), nn.LSTM)

    def test_says_what_does_not_fit(self):
        cases = [
            ("is not what LSTM computes", lambda: ct.RNN("lstm_peephole", 5, 7).from_native(nn.LSTM(5, 7))),
            ("got (5, 8, 1, False), expected (5, 7, 1, False)", lambda: ct.RNN("lstm", 5, 7).from_native(nn.LSTM(5, 8))),
            ("expected an nn.LSTM", lambda: ct.RNN("lstm", 5, 7).from_native(nn.Linear(5, 7))),
            ("weight_hr", lambda: ct.RNN("lstm", 5, 7).from_native(nn.LSTM(5, 7, proj_size=3))),
            ("is none that a layer of PyTorch computes", lambda: ct.RNN("lstm_peephole", 5, 7).to_native()),
        ]
        for expected, work in cases:
            with self.subTest(expected=expected), self.assertRaises(carousel.InputError) as caught:
                work()
            self.assertIn(expected, str(caught.exception))


class Gradients(unittest.TestCase):
    # Of different groups: gates, layer norm, matrices for each sequence, elementwise recurrences,
    # complex numbers, several states, a first state that is learned, attention over a window.
    CELLS = ["lstm_peephole", "gru_reset_before", "ln_lstm", "delta_net", "indrnn", "lru", "mamba",
             "min_gru", "nested_lstm", "mogrifier_lstm", "slstm", "mut1"]  # fmt: skip

    def setUp(self):
        torch.manual_seed(1)

    def check(self, name, check, **options):
        rnn = ct.RNN(name, 4, 4).double()
        parameters = dict(rnn.named_parameters())
        names = list(parameters)
        x = torch.randn(3, 2, 4, dtype=torch.float64, requires_grad=True)
        # Away from the corners of functions such as abs.
        values = [(p.detach() + 0.1 * torch.rand_like(p)).requires_grad_() for p in parameters.values()]

        def call(x, *values):
            return torch.nn.utils.stateless.functional_call(rnn, dict(zip(names, values)), x)[0]

        self.assertTrue(check(call, (x, *values), **options), name)

    def test_first_ones_against_differences(self):
        for name in self.CELLS:
            with self.subTest(cell=name):
                self.check(name, torch.autograd.gradcheck)

    def test_second_ones_against_differences(self):
        for name in self.CELLS:
            with self.subTest(cell=name):
                self.check(name, torch.autograd.gradgradcheck, atol=1e-4)

    def test_states_of_all_layers_and_lengths(self):
        rnn = ct.RNN("lstm", 3, 4, num_layers=2, bidirectional=True).double()
        x = torch.randn(3, 2, 3, dtype=torch.float64, requires_grad=True)
        states = [torch.randn(4, 2, 4, dtype=torch.float64, requires_grad=True) for _ in range(2)]

        def call(x, h, c):
            y, (h, c) = rnn(x, (h, c), lengths=[2, 3])
            return y, h, c

        self.assertTrue(torch.autograd.gradcheck(call, (x, *states)))
        self.assertTrue(torch.autograd.gradgradcheck(call, (x, *states), atol=1e-4))

    def test_a_gradient_penalty_trains(self):
        rnn = ct.RNN("gru_reset_after", 3, 4)
        x = torch.randn(5, 2, 3, requires_grad=True)
        y, _ = rnn(x)
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        slope.square().sum().backward()
        self.assertGreater(rnn.U_n_l0.grad.abs().sum().item(), 0.0)

    def test_the_way_back_can_be_gone_twice(self):
        rnn = ct.RNN("lstm", 3, 4)
        y, _ = rnn(torch.randn(5, 2, 3))
        once = torch.autograd.grad(y.sum(), rnn.U_i_l0, retain_graph=True)[0]
        other, _ = rnn(torch.randn(5, 2, 3))
        twice = torch.autograd.grad(y.sum(), rnn.U_i_l0)[0]
        self.assertTrue(torch.equal(once, twice))

    def test_a_change_in_place_is_an_error(self):
        rnn = ct.RNN("lstm", 3, 4)
        x = torch.randn(5, 2, 3)
        y, _ = rnn(x)
        with torch.no_grad():
            rnn.U_i_l0.add_(1.0)
        with self.assertRaisesRegex(RuntimeError, "modified by an inplace operation"):
            y.sum().backward()

    def test_only_what_needs_a_gradient_gets_one(self):
        rnn = ct.RNN("lstm", 3, 4)
        rnn.U_i_l0.requires_grad_(False)
        x = torch.randn(5, 2, 3)
        rnn(x)[0].sum().backward()
        self.assertIsNone(rnn.U_i_l0.grad)
        self.assertIsNotNone(rnn.W_i_l0.grad)
        with torch.no_grad():
            self.assertFalse(rnn(x)[0].requires_grad)


class AsAModule(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)

    def test_learns_with_its_optimisers(self):
        rnn, readout = ct.RNN("gru_reset_before", 2, 16, num_layers=2, dropout=0.1), nn.Linear(16, 1)
        both = nn.ModuleList([rnn, readout])
        optimiser = torch.optim.Adam(both.parameters(), lr=0.01)
        losses = []
        for _ in range(150):
            x = torch.randn(8, 16, 2)
            y, _ = rnn(x)
            loss = (readout(y) - x[:, :, :1].cumsum(0).tanh()).square().mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(both.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], 0.4 * losses[0])

    def test_copies_saves_and_loads(self):
        rnn = ct.RNN("lstm_peephole", 3, 4, num_layers=2, bidirectional=True, seed=5)
        x = torch.randn(5, 2, 3)
        expected = rnn(x)[0]
        self.assertTrue(torch.equal(copy.deepcopy(rnn)(x)[0], expected))
        file = io.BytesIO()
        torch.save(rnn, file)
        file.seek(0)
        self.assertTrue(torch.equal(torch.load(file)(x)[0], expected))
        other = ct.RNN("lstm_peephole", 3, 4, num_layers=2, bidirectional=True, seed=6)
        self.assertFalse(torch.equal(other(x)[0], expected))
        other.load_state_dict(rnn.state_dict())
        self.assertTrue(torch.equal(other(x)[0], expected))
        self.assertIn("W_i_l1_reverse", rnn.state_dict())

    def test_first_values_are_those_of_a_study(self):
        rnn = ct.RNN("lstm", 3, 4, seed=7)
        drawn = carousel.Cell("lstm", 3, 4).init(7)
        self.assertTrue(torch.equal(rnn.U_f_l0, torch.from_numpy(drawn["U_f"])))
        torch.manual_seed(3)
        one = ct.RNN("lstm", 3, 4).U_f_l0
        torch.manual_seed(3)
        self.assertTrue(torch.equal(ct.RNN("lstm", 3, 4).U_f_l0, one))

    def test_records_values_of_steps(self):
        rnn = ct.RNN("gru_reset_after", 3, 4, num_layers=2)
        x = torch.randn(5, 2, 3)
        y, state, seen = rnn(x, probes=["z", "h"])
        self.assertEqual(sorted(seen), ["h_l0", "h_l1", "z_l0", "z_l1"])
        self.assertTrue(torch.equal(seen["h_l1"], y))
        z = torch.sigmoid(x[0] @ rnn.W_z_l0.T + rnn.b_z_l0)
        self.assertLess((seen["z_l0"][0] - z).abs().max().item(), 1e-6)

    def test_gives_a_cell_what_it_asks_for_in_training_alone(self):
        noisy = "cell noisy\nparam W : [hidden, input]\nnoise e : [hidden] normal\nh = W @ x + e + h[t-1]\noutput h\n"
        rnn = ct.RNN(noisy, 3, 4)
        x = torch.randn(5, 2, 3)
        self.assertFalse(torch.equal(rnn(x)[0], rnn(x)[0]))
        rnn.eval()
        self.assertTrue(torch.equal(rnn(x)[0], rnn(x)[0]))

    def test_says_what_is_wrong(self):
        rnn = ct.RNN("lstm", 3, 4)
        x = torch.randn(5, 2, 3)
        cases = [
            ("expected 3 elements", lambda: rnn(torch.randn(5, 2, 4))),
            ("both the same", lambda: rnn(x.double())),
            ("expected h, c", lambda: rnn(x, torch.zeros(1, 2, 4))),
            ("expected 1 or more", lambda: ct.RNN("lstm", 3, 4, num_layers=0)),
            ("no input mask", lambda: rnn(x, further={"mask": x})),
            ("lengths", lambda: rnn(x, lengths=[1, 2, 3])),
            ("at least one step", lambda: rnn(torch.randn(5, 0, 3))),
            ("at least one step", lambda: rnn(torch.randn(0, 2, 3))),
            ("float32 or float64", lambda: rnn(x.half())),
        ]
        for expected, work in cases:
            with self.subTest(expected=expected), self.assertRaises(carousel.InputError) as caught:
                work()
            self.assertIn(expected, str(caught.exception))


class InAProcess(unittest.TestCase):
    def memory(self):
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_calls_leak_nothing(self):
        rnn = ct.RNN("lstm", 8, 16)
        x = torch.randn(10, 16, 8, requires_grad=True)

        def calls(count):
            for _ in range(count):
                y, state = rnn(x)
                y.sum().backward()
                y, state = rnn(x)  # and one that is dropped

        threads = torch.get_num_threads()
        for count, of in ((500, 2), (10000, 1)):
            torch.set_num_threads(of)
            calls(200)
            before = self.memory()
            calls(count)
            self.assertLess(self.memory() - before, 4 << 20)
        torch.set_num_threads(threads)

    def test_dropped_modules_hold_no_memory(self):
        def use(count):
            for _ in range(count):
                rnn = ct.RNN("lstm", 64, 64)
                y, _ = rnn(torch.randn(50, 32, 64))
                y.sum().backward()

        use(5)
        before = self.memory()
        use(40)
        self.assertLess(self.memory() - before, 24 << 20)  # one takes about 8 MiB

    def test_two_threads_at_once(self):
        rnn = ct.RNN("lstm", 8, 16)
        xs = [torch.randn(20, 24, 8) for _ in range(2)]
        expected = [torch.autograd.grad(rnn(x)[0].sum(), rnn.U_i_l0)[0] for x in xs]
        wrong = []

        def work(k):
            for _ in range(200):
                got = torch.autograd.grad(rnn(xs[k])[0].sum(), rnn.U_i_l0)[0]
                if not torch.equal(got, expected[k]):
                    wrong.append(k)

        workers = [threading.Thread(target=work, args=(k,)) for k in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(wrong, [])

    def test_an_error_in_the_middle_leaves_all_as_it_was(self):
        rnn = ct.RNN("lstm", 8, 16)
        x = torch.randn(20, 24, 8)
        expected = rnn(x)[0]
        threads = torch.get_num_threads()
        for _ in range(20):
            with self.assertRaises(carousel.InputError):
                rnn(x, lengths=[1000] * 24)
        self.assertTrue(torch.equal(rnn(x)[0], expected))
        self.assertEqual(torch.get_num_threads(), threads)

    def test_torch_keeps_its_threads(self):
        rnn, x = ct.RNN("lstm", 8, 16), torch.randn(20, 24, 8)
        before = torch.get_num_threads()
        try:
            for threads in (1, 2, 3):
                torch.set_num_threads(threads)
                rnn(x)[0].sum().backward()
                self.assertEqual(torch.get_num_threads(), threads)
        finally:
            torch.set_num_threads(before)

    def test_openblas_keeps_its_threads(self):
        openblas = ctypes.CDLL("libopenblas.so.0")
        rnn, x = ct.RNN("lstm", 8, 16), torch.randn(20, 24, 8)
        before = openblas.openblas_get_num_threads()
        for threads in (2, 1):
            openblas.openblas_set_num_threads(threads)
            rnn(x)[0].sum().backward()
            self.assertEqual(openblas.openblas_get_num_threads(), threads)
        openblas.openblas_set_num_threads(before)

    def test_a_forked_process(self):
        rnn, x = ct.RNN("lstm", 8, 16), torch.randn(20, 24, 8)
        threads = torch.get_num_threads()
        torch.set_num_threads(2)
        expected = rnn(x)[0]  # the parent has threads by now

        def work():
            y, _ = rnn(x)
            y.sum().backward()
            os._exit(0 if torch.equal(y, expected) else 1)

        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join(timeout=60)
        ended = child.exitcode
        child.kill()
        torch.set_num_threads(threads)
        self.assertEqual(ended, 0)

    def test_workers_of_a_data_loader(self):
        rnn = ct.RNN("lstm", 8, 16)
        rnn(torch.randn(20, 24, 8))  # the parent has threads by now

        class Encoded(torch.utils.data.Dataset):
            def __len__(self):
                return 8

            def __getitem__(self, k):
                with torch.no_grad():
                    return rnn(torch.full((20, 24, 8), float(k)))[0]

        loader = torch.utils.data.DataLoader(Encoded(), num_workers=2, timeout=60)
        with torch.no_grad():
            for k, y in enumerate(loader):
                self.assertTrue(torch.equal(y[0], rnn(torch.full((20, 24, 8), float(k)))[0]))


if __name__ == "__main__":
    unittest.main()
