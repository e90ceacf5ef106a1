"""PyTorch: eager, or with the forward and backward pass through `torch.compile` (first argument).

Fused Adam, class indices for cross-entropy, channels-last images and `nn.LSTM`, as guides advise.
"""

from __future__ import annotations

import math
import os
import sys
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from bench.peers.protocol import serve

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}


def tensor(array):
    """A copy as a tensor."""
    return torch.from_numpy(array.copy())


class Dense(nn.Module):
    """Layers one after the other."""

    def __init__(self, net, values):
        super().__init__()
        depth = len(net["sizes"]) - 1
        self.names = [net["activation"]] * (depth - 1) + [net["last"]]
        self.layers = nn.ModuleList(
            linear(values[f"w{number}"], values[f"b{number}"]) for number in range(depth)
        )

    def forward(self, x):
        """The outputs."""
        for layer, name in zip(self.layers, self.names):
            x = layer(x)
            if name != "linear":
                x = ACTIVATIONS[name](x)
        return x


class LeNet(nn.Module):
    """Convolution and pooling twice, then two dense layers. Images are NHWC, inside too."""

    def __init__(self, net, values):
        super().__init__()
        self.convolutions = nn.ModuleList(
            convolution(values[w], values[b]) for w, b in (("w0", "b0"), ("w1", "b1"))
        )
        # Features are flattened by channel first here.
        w = values["w2"].reshape(7, 7, 64, 1024).transpose(2, 0, 1, 3).reshape(-1, 1024)
        self.hidden = linear(w, values["b2"])
        self.last = linear(values["w3"], values["b3"])

    def forward(self, x):
        """The logits."""
        x = x.permute(0, 3, 1, 2)
        for layer in self.convolutions:
            x = functional.max_pool2d(functional.relu(layer(x)), 2)
        return self.last(functional.relu(self.hidden(torch.flatten(x, 1))))


class Lstm(nn.Module):
    """`nn.LSTM` and a dense layer on its last output."""

    def __init__(self, net, values):
        super().__init__()
        inputs, units = net["inputs"], net["units"]
        self.lstm = nn.LSTM(inputs, units, batch_first=True)
        # Gates are ordered i, f, j, o here, and the bias of 1 that `f` has is part of its values.
        w = in_order(values["w0"], units)
        b = in_order(values["b0"], units).copy()
        b[units : 2 * units] += 1
        with torch.no_grad():
            self.lstm.weight_ih_l0.copy_(tensor(w[:inputs].T))
            self.lstm.weight_hh_l0.copy_(tensor(w[inputs:].T))
            self.lstm.bias_ih_l0.copy_(tensor(b))
            self.lstm.bias_hh_l0.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)  # one bias, as everywhere else
        self.last = linear(values["w1"], values["b1"])

    def forward(self, x):
        """The logits."""
        return self.last(self.lstm(x)[0][:, -1])


def in_order(array, units):
    """Columns of the gates i, j, f, o as i, f, j, o."""
    i, j, f, o = (array[..., number * units : (number + 1) * units] for number in range(4))
    return torch.cat([torch.from_numpy(each) for each in (i, f, j, o)], -1).numpy()


def linear(w, b):
    """A dense layer with values."""
    layer = nn.Linear(*w.shape)
    with torch.no_grad():
        layer.weight.copy_(tensor(w.T))
        layer.bias.copy_(tensor(b))
    return layer


def convolution(w, b):
    """A 5x5 convolution with values."""
    layer = nn.Conv2d(w.shape[2], w.shape[3], 5, padding=2)
    with torch.no_grad():
        layer.weight.copy_(tensor(w.transpose(3, 2, 0, 1)))
        layer.bias.copy_(tensor(b))
    return layer.to(memory_format=torch.channels_last)


def build(net, parameters):
    """A step of the model, the loss and the optimizer."""
    model: Any = {"dense": Dense, "lenet": LeNet, "lstm": Lstm}[net["kind"]](net, parameters)
    classes = net["loss"] == "softmax"
    loss_of = functional.cross_entropy if classes else functional.mse_loss
    trained = [each for each in model.parameters() if each.requires_grad]
    adam, count = net["optimizer"] == "adam", 0
    if adam:
        optimizer = torch.optim.Adam(trained, lr=net["rate"], fused=True)
    else:
        optimizer = torch.optim.SGD(trained, lr=net["rate"], fused=True)

    def forward(x, y):
        return loss_of(model(x), y)

    if sys.argv[1:] == ["compiled"]:
        forward = torch.compile(forward)

    def step(batch):
        nonlocal count
        loss = forward(
            torch.from_numpy(batch["x"]), torch.from_numpy(batch["labels" if classes else "y"])
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if adam:
            # Here epsilon is added after the root is corrected: corrected likewise, steps are the
            # same as everywhere else.
            count += 1
            optimizer.param_groups[0]["eps"] = 1e-8 / math.sqrt(1 - 0.999**count)
        optimizer.step()
        return loss.item()

    return step


if __name__ == "__main__":
    torch.set_num_threads(os.cpu_count())
    serve(build, torch.__version__)
