"""The step in NumPy as one writes it by hand: gradients from paper, in place wherever it can be."""

from __future__ import annotations

import numpy as np

from bench.peers.protocol import serve


def sigmoid(h):
    """Of every element, in place."""
    np.negative(h, out=h)
    np.exp(h, out=h)
    h += 1
    return np.divide(1, h, out=h)


def relu_slope(g, h):
    """Gradient of what a relu gave `h` for, from that of `h`; in place, as those that follow."""
    g *= h > 0
    return g


def tanh_slope(g, h):
    """The same for tanh; `h` is not needed any more."""
    h *= h
    np.subtract(1, h, out=h)
    g *= h
    return g


def sigmoid_slope(g, h):
    """The same for sigmoid."""
    g *= h
    np.subtract(1, h, out=h)
    g *= h
    return g


FORWARD = {
    "relu": lambda h: np.maximum(h, 0, out=h),
    "tanh": lambda h: np.tanh(h, out=h),
    "sigmoid": sigmoid,
    "linear": lambda h: h,
}
BACKWARD = {
    "relu": relu_slope,
    "tanh": tanh_slope,
    "sigmoid": sigmoid_slope,
    "linear": lambda g, h: g,
}


def softmax_loss(logits, y):
    """Mean cross-entropy and its gradient, which takes the place of the logits."""
    logits -= logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    sums = powers.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(sums[:, 0]) - np.einsum("ij,ij->i", y, logits))
    powers /= sums
    powers -= y
    powers *= np.float32(1 / len(y))
    return loss, powers


def square_loss(outputs, y):
    """Mean square error and its gradient."""
    error = outputs - y
    flat = error.ravel()
    loss = flat @ flat / error.size
    error *= np.float32(2 / error.size)
    return loss, error


def sgd(net, parameters):
    """An update by gradient descent, in place."""
    rate = np.float32(net["rate"])

    def update(name, gradient):
        gradient *= rate
        parameters[name] -= gradient

    return update


def adam(net, parameters):
    """An update by Adam, in place, without an array that is not there before."""
    means, squares, scratches = (
        {name: np.zeros_like(value) for name, value in parameters.items()} for _ in range(3)
    )
    counts = dict.fromkeys(parameters, 0)

    def update(name, gradient):
        counts[name] += 1
        count = counts[name]
        rate = np.float32(net["rate"] * (1 - 0.999**count) ** 0.5 / (1 - 0.9**count))
        mean, square, scratch = means[name], squares[name], scratches[name]
        np.subtract(gradient, mean, out=scratch)
        scratch *= np.float32(0.1)
        mean += scratch
        np.multiply(gradient, gradient, out=scratch)
        scratch -= square
        scratch *= np.float32(0.001)
        square += scratch
        np.sqrt(square, out=scratch)
        scratch += np.float32(1e-8)
        np.divide(mean, scratch, out=scratch)
        scratch *= rate
        parameters[name] -= scratch

    return update


def build(net, parameters):
    """The step of a dense net."""
    if net["kind"] != "dense":
        raise LookupError("written by hand for dense nets only")
    depth = len(net["sizes"]) - 1
    names = [net["activation"]] * (depth - 1) + [net["last"]]
    loss_of = softmax_loss if net["loss"] == "softmax" else square_loss
    update = (adam if net["optimizer"] == "adam" else sgd)(net, parameters)

    def step(batch):
        layers = [batch["x"]]
        for number, name in enumerate(names):
            h = layers[-1] @ parameters[f"w{number}"]
            h += parameters[f"b{number}"]
            layers.append(FORWARD[name](h))
        loss, slope = loss_of(layers[-1], batch["y"])
        for number in range(depth - 1, -1, -1):
            slope = BACKWARD[names[number]](slope, layers[number + 1])
            w, b = f"w{number}", f"b{number}"
            gradients = layers[number].T @ slope, slope.sum(axis=0)
            if number:
                slope = slope @ parameters[w].T
            update(w, gradients[0])
            update(b, gradients[1])
        return float(loss)

    return step


if __name__ == "__main__":
    serve(build, np.__version__)
