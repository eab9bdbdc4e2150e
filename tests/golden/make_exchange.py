"""Writes the folder exchange beside this file: weights as PyTorch and Keras store them.

CASE.pt and CASE_float.pt: the state_dict of a module of pytorch.h5, in float64 as its group of that
name holds it, and in float32. What the module gives stands in pytorch.h5.

checkpoint.pt: what a training loop saves: two state_dicts, that of an optimiser after a step, and
numbers. Among the tensors are other precisions, a transposed view, and two views of one storage;
each is arange(n) / 8 - 1 in its shape.

model.keras and old.h5: the same layers of Keras in the layouts of Keras 3 (whose file of weights is in
the archive; keras/src/saving/saving_lib.py) and of the format before (keras/src/legacy/saving). Keras
itself is not needed: names and shapes are written from these sources.

keras_values.h5: x and what each layer gives, by loops over Keras' own arrays with the equations of
keras/src/layers/rnn.
"""

import io
import pathlib
import zipfile

import h5py
import numpy
import torch

HERE = pathlib.Path(__file__).parent
FOLDER = HERE / "exchange"
CASES = ["lstm_2_bi_packed", "gru_2_bi_packed", "rnn_2_bi_packed", "relu_1_uni_full", "lstmp_2_bi_packed"]


def write_modules():
    with h5py.File(HERE / "pytorch.h5") as golden:
        for case in CASES:
            state = {
                name: torch.from_numpy(golden[case][name][:])
                for name in golden[case]
                if name.startswith(("weight_ih", "weight_hh", "weight_hr", "bias_"))
            }
            torch.save(state, FOLDER / f"{case}.pt")
            torch.save({k: v.float() for k, v in state.items()}, FOLDER / f"{case}_float.pt")


def counted(*shape):
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape) / 8 - 1


def write_checkpoint():
    model = torch.nn.Sequential()
    model.add_module("linear", torch.nn.Linear(3, 2))
    with torch.no_grad():
        model.linear.weight.copy_(counted(2, 3))
        model.linear.bias.copy_(counted(2))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.0)
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    both = counted(4, 3)
    others = {
        "half": counted(2, 3).half(),
        "bfloat16": counted(2, 3).bfloat16(),
        "double": counted(2, 3).double(),
        "long": torch.tensor(7),
        "transposed": counted(2, 3).t(),
        "first": both[:2],
        "second": both[2:],
        "column": both[:, 1],
    }
    checkpoint = {"epoch": 3, "loss": 0.25, "name": "a", "done": True, "model": model.state_dict(),
                  "others": others, "optimiser": optimiser.state_dict(), "parameter": model.linear.bias}
    torch.save(checkpoint, FOLDER / "checkpoint.pt")


def sigmoid(a):
    return 1 / (1 + numpy.exp(-a))


def lstm_step(x, states, kernel, recurrent_kernel, bias):
    h, c = states
    i, f, g, o = numpy.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
    h = sigmoid(o) * numpy.tanh(c)
    return h, (h, c)


def gru_step(x, states, kernel, recurrent_kernel, bias):
    (h,) = states
    units = h.shape[-1]
    reset_after = bias.ndim == 2
    x_z, x_r, x_h = numpy.split(x @ kernel + (bias[0] if reset_after else bias), 3, axis=-1)
    if reset_after:
        inner = h @ recurrent_kernel + bias[1]
        z, r = sigmoid(x_z + inner[:, :units]), sigmoid(x_r + inner[:, units : 2 * units])
        hh = numpy.tanh(x_h + r * inner[:, 2 * units :])
    else:
        inner = h @ recurrent_kernel[:, : 2 * units]
        z, r = sigmoid(x_z + inner[:, :units]), sigmoid(x_r + inner[:, units:])
        hh = numpy.tanh(x_h + (r * h) @ recurrent_kernel[:, 2 * units :])
    h = z * h + (1 - z) * hh
    return h, (h,)


def simple_step(x, states, kernel, recurrent_kernel, bias):
    h = numpy.tanh(x @ kernel + bias + states[0] @ recurrent_kernel)
    return h, (h,)


def outputs(step, states, x, weights):
    y, state = [], tuple(numpy.zeros((x.shape[1], UNITS)) for _ in range(states))
    for x_t in x:
        h, state = step(x_t, state, *weights)
        y.append(h)
    return numpy.stack(y)


INPUT, UNITS, STEPS, BATCH = 3, 4, 5, 2
GATES = {"lstm": 4, "gru": 3, "gru_1": 3, "simple_rnn": 1}
STEP = {"lstm": (lstm_step, 2), "gru": (gru_step, 1), "gru_1": (gru_step, 1), "simple_rnn": (simple_step, 1)}


def draw_weights(random, layer, inputs):
    n = GATES[layer] * UNITS
    bias = (2, n) if layer == "gru" else (n,)
    return [random.standard_normal(shape) * 0.7 for shape in ((inputs, n), (UNITS, n), bias)]


def write_keras():
    random = numpy.random.default_rng(1)
    x = random.standard_normal((STEPS, BATCH, INPUT))
    layers = {layer: draw_weights(random, layer, INPUT) for layer in GATES}
    layers["lstm_1"] = draw_weights(random, "lstm", UNITS)  # reads what lstm gives
    both = {side: draw_weights(random, "lstm", INPUT) for side in ("forward", "backward")}

    with h5py.File(FOLDER / "keras_values.h5", "w") as file:
        file["x"] = x
        for layer in GATES:
            file[layer] = outputs(*STEP[layer], x, layers[layer])
        file["lstm_1"] = outputs(*STEP["lstm"], file["lstm"][:], layers["lstm_1"])
        forward = outputs(*STEP["lstm"], x, both["forward"])
        backward = outputs(*STEP["lstm"], x[::-1], both["backward"])[::-1]
        file["bidirectional"] = numpy.concatenate([forward, backward], axis=-1)

    def write_new(file):
        def put(path, arrays):
            group = file.create_group(path + "/vars")
            for k, array in enumerate(arrays):
                group.create_dataset(str(k), data=array, track_times=False)

        for layer, arrays in layers.items():
            put(f"layers/{layer}/cell", arrays)
            put(f"layers/{layer}/cell/seed_generator", [numpy.array([1, 0], "uint32")])
            put(f"layers/{layer}", [])
        for side, arrays in both.items():
            put(f"layers/bidirectional/{side}_layer/cell", arrays)
        put("optimizer", [numpy.array(7, "int64"), numpy.array(0.001, "float32")])

    inside = io.BytesIO()
    with h5py.File(inside, "w") as file:
        write_new(file)
    with zipfile.ZipFile(FOLDER / "model.keras", "w") as archive:
        for name, text in (("metadata.json", b"{}"), ("config.json", b"{}"), ("model.weights.h5", inside.getvalue())):
            archive.writestr(zipfile.ZipInfo(name), text)

    with h5py.File(FOLDER / "old.h5", "w") as file:
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in [*layers, "bidirectional"]]
        names = ("kernel:0", "recurrent_kernel:0", "bias:0")

        def put_old(layer, paths, arrays):
            group = root.require_group(layer)
            for path, array in zip(paths, arrays):
                group.create_dataset(path, data=array, track_times=False)

        for layer, arrays in layers.items():
            cell = "_".join([layer.rstrip("_1"), "cell"] + (["1"] if layer.endswith("_1") else []))
            put_old(layer, [f"{layer}/{cell}/{name}" for name in names], arrays)
        for side, arrays in both.items():
            put_old("bidirectional", [f"bidirectional/{side}_lstm/lstm_cell/{name}" for name in names], arrays)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    torch.manual_seed(1)
    write_modules()
    write_checkpoint()
    write_keras()
