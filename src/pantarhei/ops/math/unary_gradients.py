"""Gradients of roots, reciprocals and sigmoids, as operations of their own.

Where no gradient comes in none goes out, even where the derivative is infinite or not a number:
so `tf.where` can keep a root away from negative numbers.
"""

from __future__ import annotations

from typing import Any

from pantarhei.graph.definitions.opdef import apply, register
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.ops.math.binary import Binary, zero_where
from pantarhei.ops.math.unary import INEXACT, conj, square
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value


def _scaled(b: Builder, factor: float, x: Value) -> Any:
    return b.multiply(b.cast(b.constant(factor), dtype=x.dtype), x)


def _reciprocal(b: Builder, y: Value, dy: Value) -> Any:
    y = b.conj(y)
    return zero_where(b, dy, b.negative(b.multiply(dy, b.multiply(y, y))))


def _square_root(b: Builder, y: Value, dy: Value) -> Any:
    return zero_where(b, dy, b.divide(_scaled(b, 0.5, dy), b.conj(y)))


def _inverse_root(b: Builder, y: Value, dy: Value) -> Any:
    y = b.conj(y)
    cube = b.multiply(b.multiply(y, y), y)
    return zero_where(b, dy, b.multiply(_scaled(b, -0.5, dy), cube))


def _reciprocal_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    y, dy = conj(op.inputs[0]), op.inputs[1]
    return conj(g) * -2.0 * dy * y, apply("ReciprocalGrad", y, g)


def _square_root_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    scaled = g / op.inputs[0]
    return -conj(scaled) * op.outputs[0], 0.5 * scaled


def _inverse_root_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    y, dy = conj(op.inputs[0]), op.inputs[1]
    return -1.5 * conj(g) * dy * square(y), apply("RsqrtGrad", y, g)


def _sigmoid(b: Builder, y: Value, dy: Value) -> Any:
    y = b.conj(y)
    return b.multiply(dy, b.multiply(y, b.subtract(b.cast(b.constant(1.0), dtype=y.dtype), y)))


def _tanh(b: Builder, y: Value, dy: Value) -> Any:
    y = b.conj(y)
    return b.multiply(dy, b.subtract(b.cast(b.constant(1.0), dtype=y.dtype), b.multiply(y, y)))


def _sigmoid_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    y, dy = conj(op.inputs[0]), conj(op.inputs[1])
    through = g * dy
    return through - 2.0 * through * y, apply("SigmoidGrad", y, g)


def _tanh_gradient(op: Operation, g: Tensor) -> tuple[Any, Any]:
    y, dy = conj(op.inputs[0]), conj(op.inputs[1])
    return g * -2.0 * dy * y, apply("TanhGrad", y, g)


for _row in (
    Binary("ReciprocalGrad", INEXACT, _reciprocal, _reciprocal_gradient, names=("y", "dy")),
    Binary("InvGrad", INEXACT, _reciprocal, _reciprocal_gradient, names=("y", "dy")),
    Binary("SigmoidGrad", INEXACT, _sigmoid, _sigmoid_gradient, names=("y", "dy")),
    Binary("TanhGrad", INEXACT, _tanh, _tanh_gradient, names=("y", "dy")),
    Binary("SqrtGrad", INEXACT, _square_root, _square_root_gradient, names=("y", "dy")),
    Binary("RsqrtGrad", INEXACT, _inverse_root, _inverse_root_gradient, names=("y", "dy")),
):
    register(_row)
