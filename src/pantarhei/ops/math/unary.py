"""Functions of one tensor, element by element: signs, powers, exponentials and their inverses.

`Unary` is the family of all such operations: a row says type, dtypes, lowering and gradient. The
rows here come first, then their public functions. Trigonometric functions, special functions and
rounding have modules of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, first_input_shape, register
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.program.builder import Builder
from pantarhei.program.ir import Value

Gradient = Callable[[Operation, Tensor], Any]

FLOATING = "{bfloat16, float16, float32, float64}"
INEXACT = "{bfloat16, float16, float32, float64, complex64, complex128}"
SIGNED = "{bfloat16, float16, float32, float64, int32, int64, complex64, complex128}"


class Unary(OpDef, abstract=True):
    """An elementwise function of one tensor, in a row: type, dtypes, lowering, gradient."""

    def __init__(
        self,
        type: str,
        dtypes: str,
        lower: Callable[[Builder, Value], Value],
        gradient: Gradient | None = None,
        output: str = "T",
    ) -> None:
        self.type = type
        self.signature = f"x: T -> y: {output} | T: {dtypes}"  # type: ignore[misc]
        self.differentiable = gradient is not None  # type: ignore[misc]
        self._lower = lower
        self._gradient = gradient

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return None if self._gradient is None else self._gradient(op, g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return self._lower(b, x)


def reciprocal_value(b: Builder, x: Value) -> Any:
    """1 / x as a program value; whole numbers are divided as such."""
    return b.divide(b.cast(b.constant(1), dtype=x.dtype), x)


def conj_of_output(op: Operation) -> Tensor:
    """The output, conjugated: what gradients of complex functions are made of."""
    return conj(op.outputs[0])


def conj_of_input(op: Operation) -> Tensor:
    """The input, conjugated: what gradients of complex functions are made of."""
    return conj(op.inputs[0])


def _through(op_type: str) -> Gradient:
    """The gradient that an operation computes from the output and what comes in."""
    return lambda op, g: apply(op_type, op.outputs[0], g)


def _sigmoid_gradient(op: Operation, g: Tensor) -> Any:
    y = conj_of_output(op)
    return g * y * (1.0 - y)


for _row in (
    Unary("Neg", SIGNED, lambda b, x: b.negative(x), lambda op, g: negative(g)),
    Unary(
        "Abs",
        "{bfloat16, float16, float32, float64, int8, int16, int32, int64}",
        lambda b, x: b.absolute(x),
        lambda op, g: g * sign(op.inputs[0]),
    ),
    Unary("Sign", SIGNED, lambda b, x: b.sign(x), lambda op, g: apply("ZerosLike", op.inputs[0])),
    Unary("Reciprocal", SIGNED, reciprocal_value, _through("ReciprocalGrad")),
    Unary("Inv", SIGNED, reciprocal_value, _through("ReciprocalGrad")),
    Unary(
        "Square",
        SIGNED,
        lambda b, x: b.multiply(x, x),
        lambda op, g: g * (conj_of_input(op) * 2.0),
    ),
    Unary(
        "Sqrt",
        INEXACT,
        lambda b, x: b.sqrt(x),
        _through("SqrtGrad"),
    ),
    Unary("Rsqrt", INEXACT, lambda b, x: reciprocal_value(b, b.sqrt(x)), _through("RsqrtGrad")),
    Unary("Exp", INEXACT, lambda b, x: b.exp(x), lambda op, g: g * conj_of_output(op)),
    Unary("Expm1", INEXACT, lambda b, x: b.expm1(x), lambda op, g: g * exp(conj_of_input(op))),
    Unary(
        "Log",
        INEXACT,
        lambda b, x: b.log(x),
        lambda op, g: g * reciprocal(conj_of_input(op)),
    ),
    Unary(
        "Log1p",
        INEXACT,
        lambda b, x: b.log1p(x),
        lambda op, g: g * reciprocal(1.0 + conj_of_input(op)),
    ),
    Unary("Sigmoid", INEXACT, lambda b, x: b.sigmoid(x), _sigmoid_gradient),
    Unary(
        "Tanh",
        INEXACT,
        lambda b, x: b.tanh(x),
        lambda op, g: g * (1.0 - square(conj_of_output(op))),
    ),
):
    register(_row)


class ComplexAbs(OpDef):
    """The length of complex numbers."""

    signature = (
        "x: T -> y: Tout | T: {complex64, complex128} = complex64 "
        "| Tout: {float32, float64} = float32"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        x, y = op.inputs[0], op.outputs[0]
        zeros = apply("ZerosLike", g)
        dtype = x.dtype.base_dtype
        upper = apply("Complex", g, zeros, Tout=dtype) * x
        return apply("DivNoNan", upper, apply("Complex", y, zeros, Tout=dtype))

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return b.absolute(x)


class Conj(OpDef):
    """Complex conjugates."""

    signature = "input: T -> output: T | T: {complex64, complex128, variant} = complex64"

    def infer(self, op: Operation) -> list[TensorShape]:
        return first_input_shape(op)

    def grad(self, op: Operation, g: Tensor) -> Any:
        return conj(g)

    def lower(self, b: Builder, op: Operation, x: Value) -> Any:
        return b.conj(x)


def negative(x: Any, name: str | None = None) -> Tensor:
    """-x, element by element.

    Args:
      x: floating, complex, int32 or int64 tensor.
      name: name of the operation; `Neg` by default.

    Raises:
      TypeError: if x is of another dtype.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.negative([1, -2]))
      array([-1,  2], dtype=int32)
    """
    tensor: Tensor = apply("Neg", x, name=name)
    return tensor


def abs(x: Any, name: str | None = None) -> Tensor:
    """|x|, element by element; for complex numbers their length, of dtype float32 or float64.

    Args:
      x: floating, complex or signed integer tensor.
      name: name of the operation; `Abs` by default.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.abs([-1.5, 2.0]))
      array([1.5, 2. ], dtype=float32)
      >>> float(tf.Session().run(tf.abs(3 + 4j)))
      5.0
    """
    with name_scope(name, "Abs", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        tensor: Tensor
        if x.dtype.is_complex:
            tensor = apply("ComplexAbs", x, Tout=x.dtype.real_dtype, name=scope)
        else:
            tensor = apply("Abs", x, name=scope)
        return tensor


def sign(x: Any, name: str | None = None) -> Tensor:
    """-1, 0 or 1 by the sign of x; for complex numbers x / |x|, and 0 for 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sign([-2.5, 0.0, 7.0]))
      array([-1.,  0.,  1.], dtype=float32)
    """
    tensor: Tensor = apply("Sign", x, name=name)
    return tensor


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """1 / x, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.reciprocal([4.0, 0.5]))
      array([0.25, 2.  ], dtype=float32)
    """
    tensor: Tensor = apply("Reciprocal", x, name=name)
    return tensor


def square(x: Any, name: str | None = None) -> Tensor:
    """x * x, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.square([-2.0, 3.0]))
      array([4., 9.], dtype=float32)
    """
    tensor: Tensor = apply("Square", x, name=name)
    return tensor


def sqrt(x: Any, name: str | None = None) -> Tensor:
    """Square root, element by element; NaN for negative numbers.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sqrt([4.0, 9.0]))
      array([2., 3.], dtype=float32)
    """
    tensor: Tensor = apply("Sqrt", x, name=name)
    return tensor


def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """1 / sqrt(x), element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.rsqrt([4.0, 0.25]))
      array([0.5, 2. ], dtype=float32)
    """
    tensor: Tensor = apply("Rsqrt", x, name=name)
    return tensor


def exp(x: Any, name: str | None = None) -> Tensor:
    """e to the power x, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.exp([0.0, 1.0])).round(3)
      array([1.   , 2.718], dtype=float32)
    """
    tensor: Tensor = apply("Exp", x, name=name)
    return tensor


def expm1(x: Any, name: str | None = None) -> Tensor:
    """exp(x) - 1, accurate for x near 0 too.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.math.expm1([0.0, 1e-8]))
      array([0.e+00, 1.e-08], dtype=float32)
    """
    tensor: Tensor = apply("Expm1", x, name=name)
    return tensor


def log(x: Any, name: str | None = None) -> Tensor:
    """Natural logarithm, element by element; -inf for 0, NaN for negative numbers.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.log([1.0, 2.0])).round(3)
      array([0.   , 0.693], dtype=float32)
    """
    tensor: Tensor = apply("Log", x, name=name)
    return tensor


def log1p(x: Any, name: str | None = None) -> Tensor:
    """log(1 + x), accurate for x near 0 too.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.log1p([0.0, 1e-8]))
      array([0.e+00, 1.e-08], dtype=float32)
    """
    tensor: Tensor = apply("Log1p", x, name=name)
    return tensor


def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """1 / (1 + exp(-x)), without overflow.

    Args:
      x: floating or complex tensor.
      name: name of the operation; `Sigmoid` by default.

    Raises:
      TypeError: if x is of another dtype.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.sigmoid([-1000.0, 0.0, 1000.0]))
      array([0. , 0.5, 1. ], dtype=float32)
    """
    tensor: Tensor = apply("Sigmoid", x, name=name)
    return tensor


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """log(sigmoid(x)), computed as -softplus(-x) so that it stays finite far from 0.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.log_sigmoid([-100.0, 100.0])).round(3)
      array([-100.,   -0.], dtype=float32)
    """
    with name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return negative(apply("Softplus", negative(x)), name=scope)


def tanh(x: Any, name: str | None = None) -> Tensor:
    """Hyperbolic tangent, element by element.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.tanh([-20.0, 0.0, 20.0]))
      array([-1.,  0.,  1.], dtype=float32)
    """
    tensor: Tensor = apply("Tanh", x, name=name)
    return tensor


def conj(x: Any, name: str | None = None) -> Tensor:
    """Complex conjugate; real tensors are returned as they are.

    Raises:
      TypeError: if x is not numeric.

    Example:
      >>> import pantarhei as tf
      >>> tf.Session().run(tf.conj([1 + 2j])).tolist()
      [(1-2j)]
    """
    if isinstance(x, Tensor) and (x.dtype.is_floating or x.dtype.is_integer):
        return x
    with name_scope(name, "Conj", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex or x.dtype.base_dtype.name == "variant":
            tensor: Tensor = apply("Conj", x, name=scope)
            return tensor
        if x.dtype.is_floating or x.dtype.is_integer:
            return convert_to_tensor(x)
        raise TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}")
