"""Writes golden/networks/*.json: the loss and the gradient of tiny networks, in float64, by Keras's own layers on PyTorch.

Run:  python -m venv .venv && .venv/bin/pip install keras==3.15.0 torch numpy && .venv/bin/python write_golden.py

Each file holds a network, its parameters, a micro-batch, the loss and the gradient of every tensor: all that
libs/compute/src/golden.spec.ts compares with. Parameters are float32 values, so both sides start from the same numbers.
"""

import itertools
import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy
import torch

FOLDER = pathlib.Path(__file__).parent / "golden" / "networks"
VOCABULARY, WINDOWS, LENGTH, EMBEDDING = 7, 3, 6, 5
UNITS = {"sigmoid": (5, 4), "hard-sigmoid": (4, 6, 5)}


def hard_sigmoid(x):
    """Keras 2.1.5's. Keras 3 has another function of this name, with slope 1/6."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def random_values(generator, shape, scale):
    return torch.tensor((generator.standard_normal(shape) * scale).astype(numpy.float32).astype(numpy.float64))


def build(generator, input_kind, activation):
    """Tensors in the layout's order, and the layers that they belong to."""
    tensors = {}
    width = {"scaled": 1, "one-hot": VOCABULARY, "embedding": EMBEDDING}[input_kind]
    if input_kind == "embedding":
        tensors["embedding/embeddings"] = random_values(generator, (VOCABULARY, EMBEDDING), 0.5)
    layers = []
    for number, units in enumerate(UNITS[activation], start=1):
        gate = "sigmoid" if activation == "sigmoid" else hard_sigmoid
        layer = keras.layers.LSTM(units, recurrent_activation=gate, return_sequences=True, dtype="float64")
        layer.build((WINDOWS, LENGTH, width))
        # Wide enough that hard sigmoids reach both ends.
        for name, variable in zip(("kernel", "recurrent_kernel", "bias"), layer.weights):
            tensors[f"lstm_{number}/{name}"] = random_values(generator, tuple(variable.shape), 0.8)
        layers.append(layer)
        width = units
    tensors["dense/kernel"] = random_values(generator, (width, VOCABULARY), 0.8)
    tensors["dense/bias"] = random_values(generator, (VOCABULARY,), 0.8)
    return tensors, layers


def loss_of(tensors, layers, symbols, input_kind, loss_kind):
    """The sum over windows of the mean over positions of the cross-entropy, in nats."""
    entering = symbols[:, :-1]
    if input_kind == "scaled":
        x = (entering.to(torch.float64) / VOCABULARY).unsqueeze(-1)
    elif input_kind == "one-hot":
        x = torch.nn.functional.one_hot(entering, VOCABULARY).to(torch.float64)
    else:
        x = tensors["embedding/embeddings"][entering]
    for number, layer in enumerate(layers, start=1):
        values = [tensors[f"lstm_{number}/{name}"] for name in ("kernel", "recurrent_kernel", "bias")]
        x, _ = layer.stateless_call(values, [v.value for v in layer.non_trainable_variables], x)
    labels = symbols[:, 1:]
    if loss_kind == "last":
        x, labels = x[:, -1:], labels[:, -1:]
    logits = x @ tensors["dense/kernel"] + tensors["dense/bias"]
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.reshape(labels.shape).mean(dim=1).sum()


def write(seed, input_kind, loss_kind, activation):
    generator = numpy.random.default_rng(seed)
    tensors, layers = build(generator, input_kind, activation)
    for tensor in tensors.values():
        tensor.requires_grad_()
    symbols = torch.tensor(generator.integers(0, VOCABULARY, (WINDOWS, LENGTH + 1)))
    loss = loss_of(tensors, layers, symbols, input_kind, loss_kind)
    gradients = torch.autograd.grad(loss, list(tensors.values()))
    network = {
        "input": input_kind,
        "layers": [{"units": units, "dropout": 0} for units in UNITS[activation]],
        "loss": loss_kind,
        "recurrentActivation": activation,
        "vocabularySize": VOCABULARY,
    }
    if input_kind == "embedding":
        network["embeddingSize"] = EMBEDDING
    golden = {
        "network": network,
        "windowLength": LENGTH,
        "windows": WINDOWS,
        "symbols": symbols.flatten().tolist(),
        "lossSum": loss.item(),
        "tensors": [
            {
                "name": name,
                "values": tensor.detach().flatten().tolist(),
                "gradient": [float(f"{value:.12g}") for value in gradient.flatten().tolist()],
            }
            for (name, tensor), gradient in zip(tensors.items(), gradients)
        ],
    }
    path = FOLDER / f"{activation}-{input_kind}-{loss_kind}.json"
    path.write_text(json.dumps(golden) + "\n")
    print(f"{path.name}: loss {loss.item():.6f}")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    cases = itertools.product(("scaled", "one-hot", "embedding"), ("last", "every"), ("sigmoid", "hard-sigmoid"))
    for seed, (input_kind, loss_kind, activation) in enumerate(cases):
        write(seed, input_kind, loss_kind, activation)
