"""Complex numbers: made of two real tensors, and taken apart into parts or angle.

The length is `abs`, the conjugate `conj`, both in unary.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape, register
from pantarhei.graph.definitions.shape_rules import broadcast
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.filling import zeros_like
from pantarhei.ops.math.broadcast_gradients import unbroadcast_both
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value

_COMPLEX = "{complex64, complex128} = complex64"
_REAL = "{float32, float64} = float32"


class Complex(OpDef):
    """Complex numbers of two real tensors."""

    signature = f"real: T, imag: T -> out: Tout | T: {_REAL} | Tout: {_COMPLEX}"

    def infer(self, op: Operation) -> list[TensorShape]:
        return broadcast(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return unbroadcast_both(op, real(g), imag(g))

    def lower(self, b: Builder, op: Operation, x: Value, y: Value) -> Any:
        return b.complex(x, y)


class Part(OpDef, abstract=True):
    """A real number of each complex number, in a row: type, lowering, gradient."""

    signature = f"input: T -> output: Tout | T: {_COMPLEX} | Tout: {_REAL}"

    def __init__(
        self,
        type: str,
        lower: Callable[[Builder, Value], Value],
        gradient: Callable[[Operation, Tensor], Any],
    ) -> None:
        self.type = type
        self._lower = lower
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return self._gradient(op, g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return self._lower(b, x)


def _real_gradient(op: Operation, g: Tensor) -> Any:
    return complex(g, zeros_like(g))


def _imag_gradient(op: Operation, g: Tensor) -> Any:
    return complex(zeros_like(g), g)


def _angle_gradient(op: Operation, g: Tensor) -> Any:
    x = op.inputs[0]
    return -complex(g, zeros_like(g)) / complex(imag(x), real(x))


for _row in (
    Part("Real", lambda b, x: b.real(x), _real_gradient),
    Part("Imag", lambda b, x: b.imag(x), _imag_gradient),
    Part("Angle", lambda b, x: b.arctan2(b.imag(x), b.real(x)), _angle_gradient),
):
    register(_row)


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """Complex numbers with the given real and imaginary parts.

    Args:
      real: float32 or float64 tensor.
      imag: tensor of the same dtype.
      name: name of the operation; `Complex` by default.

    Returns:
      A tensor of dtype complex64 or complex128.

    Raises:
      TypeError: if the dtypes are others or differ.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.complex([1.0, 2.0], [3.0, -4.0]))
      array([1.+3.j, 2.-4.j], dtype=complex64)
    """
    real = convert_to_tensor(real, name="real")
    imag = convert_to_tensor(imag, name="imag")
    with name_scope(name, "Complex", [real, imag]) as scope:
        results = {dtypes.float64: dtypes.complex128, dtypes.float32: dtypes.complex64}
        dtype = real.dtype.base_dtype
        if dtype != imag.dtype.base_dtype or dtype not in results:
            raise TypeError(
                f"real and imag have incorrect types: {real.dtype.name} {imag.dtype.name}"
            )
        tensor: Tensor = apply("Complex", real, imag, Tout=results[dtype], name=scope)
        return tensor


def _part(op_type: str, input: Any, name: str | None) -> Tensor | None:
    """The part, or None for a tensor that is not complex."""
    if not input.dtype.is_complex:
        return None
    tensor: Tensor = apply(op_type, input, Tout=input.dtype.real_dtype, name=name)
    return tensor


def real(input: Any, name: str | None = None) -> Tensor:
    """Real parts; a real tensor is returned as it is.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.real([3 + 4j]))
      array([3.])
    """
    with name_scope(name, "Real", [input]) as scope:
        tensor = convert_to_tensor(input, name="input")
        part = _part("Real", tensor, scope)
        return tensor if part is None else part


def imag(input: Any, name: str | None = None) -> Tensor:
    """Imaginary parts; zeros for a real tensor.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.imag([3 + 4j]))
      array([4.])
    """
    with name_scope(name, "Imag", [input]) as scope:
        tensor = convert_to_tensor(input, name="input")
        part = _part("Imag", tensor, scope)
        return zeros_like(tensor) if part is None else part


def angle(input: Any, name: str | None = None) -> Tensor:
    """Angles in radians from -pi to pi; zeros for a real tensor.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.angle([3 + 4j])).round(3)
      array([0.927])
    """
    with name_scope(name, "Angle", [input]) as scope:
        tensor = convert_to_tensor(input, name="input")
        part = _part("Angle", tensor, scope)
        return zeros_like(tensor) if part is None else part
