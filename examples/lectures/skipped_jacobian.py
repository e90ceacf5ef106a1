"""Slides "Matrix by matrix derivative", "What's bad about it" and "Setup and Forward Pass".

The derivative of a matrix C = AB by the matrix A is a tensor of four dimensions, mostly zeros.
For X of 64 x 4096 and W of 4096 x 4096 it would take 256 GiB. The backward pass never forms it:
dL/dA = dL/dC B^T needs the incoming gradient and B, and no more memory than they do.
"""

import resource
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

import pantarhei as tf

N, D, M = 64, 4096, 4096


class Result(NamedTuple):
    """The small case in both ways, and the large case with what it took."""

    tensor: np.ndarray
    through_tensor: np.ndarray
    through_product: np.ndarray
    tensor_bytes: int
    dX_error: float
    dW_error: float
    peak_bytes: int


def peak_memory() -> int:
    """The most memory this process has ever held, in bytes."""
    status = Path("/proc/self/status")  # Linux; elsewhere `resource` tells, with what a parent held
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kibibytes, but for macOS


def small_case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The slides' 2 x 2 matrices: the whole tensor dC/dA, then dL/dA with and without it."""
    tf.reset_default_graph()
    A = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    B = tf.constant([[5.0, 6.0], [7.0, 8.0]])
    incoming = tf.constant([[0.1, 0.2], [0.3, 0.4]])  # dL/dC: alpha, beta, gamma, eta
    C = A @ B
    tensor = tf.stack([tf.stack([tf.gradients(C[i, j], A)[0] for j in range(2)]) for i in range(2)])
    (direct,) = tf.gradients(C, A, grad_ys=incoming)
    with tf.Session() as session:
        four_d, alpha_to_eta, through_product = session.run([tensor, incoming, direct])
    return four_d, np.einsum("ij,ijkl->kl", alpha_to_eta, four_d), through_product


def large_case() -> tuple[float, float]:
    """Differentiates the layer; the largest errors of some rows of dX and dW."""
    random = np.random.RandomState(0)
    x_value = random.randn(N, D).astype(np.float32)
    w_value = np.full((D, M), 0.01, np.float32)
    w_value[np.arange(D), np.arange(D)] = random.randn(D)

    tf.reset_default_graph()
    X = tf.placeholder(tf.float32, (N, D))
    W = tf.placeholder(tf.float32, (D, M))
    Y = X @ W
    loss = 0.5 * tf.reduce_mean(Y**2)
    dY, dX, dW = tf.gradients(loss, [Y, X, W])
    with tf.Session() as session:
        dy, dx, dw = session.run([dY, dX, dW], {X: x_value, W: w_value})
    dx_error = np.abs(dx - dy @ w_value.T).max() / np.abs(dx).max()
    dw_error = np.abs(dw[:64] - x_value.T[:64] @ dy).max() / np.abs(dw).max()
    return float(dx_error), float(dw_error)


def main() -> Result:
    """Prints the zeros of the small tensor and the memory of the large case."""
    tensor, through_tensor, through_product = small_case()
    print("dC/dA for 2 x 2 matrices, one matrix for each element of C:", tensor, sep="\n")
    print("dL/dA through the tensor:", through_tensor.tolist())
    print("dL/dA = dL/dC B^T:       ", through_product.tolist())
    tensor_bytes = N * M * N * D * 4
    errors = large_case()
    peak = peak_memory()
    print(f"N = {N}, D = {D}, M = {M}: dY/dX would take {tensor_bytes / 2**30:.0f} GiB")
    print(f"dX and dW took the whole process {peak / 2**20:.0f} MiB")
    return Result(tensor, through_tensor, through_product, tensor_bytes, *errors, peak)


if __name__ == "__main__":
    main()
