"""Python functions as operations: `tf.py_func`, and nodes with a forward and a backward
function.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.core import dtypes
from pantarhei.core.dtypes import DType
from pantarhei.core.shapes import TensorShape
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.program.ir import Array, ProgramError, Value

# Functions by the token that stands for them in the graph, as TensorFlow keeps them: graphs can be
# written to files, functions cannot.
_FUNCTIONS: dict[str, Callable[..., Any]] = {}
_TOKENS = itertools.count()

# How an exception of the user's function is reported.
_KINDS = (
    ((TypeError, ValueError), "InvalidArgumentError"),
    ((StopIteration,), "OutOfRangeError"),
    ((MemoryError,), "ResourceExhaustedError"),
    ((NotImplementedError,), "UnimplementedError"),
)


class PyFuncFamily(OpDef, abstract=True):
    """Calls a Python function with arrays."""

    signature = (
        "input: list(Tin) -> output: list(Tout) | token: string | Tin: list(type) "
        "| Tout: list(type)"
    )
    pure = False

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        function = _FUNCTIONS[op.attributes["token"]]
        outputs: list[Value] = b.host(_checked(function, op.attributes["Tout"]), inputs, None)
        return outputs


class PyFunc(PyFuncFamily):
    """A function that may do something besides computing its result."""

    differentiable = False


class PyFuncStateless(PyFuncFamily):
    """A function whose result depends on its arguments alone."""

    differentiable = False


def _checked(
    function: Callable[..., Any], types: Sequence[DType]
) -> Callable[..., Sequence[Array]]:
    """The function with its result as arrays of the declared dtypes, and its errors as ours."""
    label = getattr(function, "__name__", str(function))

    def call(*arrays: Array) -> list[Array]:
        try:
            result = function(*(each[()] if each.ndim == 0 else each.copy() for each in arrays))
        except Exception as error:
            kinds = [kind for classes, kind in _KINDS if isinstance(error, classes)]
            message = f"{type(error).__name__}: {error}"
            raise ProgramError(message, (kinds or ["UnknownError"])[0]) from error
        if result is None:
            result = []
        results = list(result) if isinstance(result, (list, tuple)) else [result]
        if len(results) != len(types):
            raise ProgramError(
                f"{label} returns {len(results)} values, but expects to see {len(types)} values."
            )
        return [
            _as_promised(value, dtype, index, label)
            for index, (value, dtype) in enumerate(zip(results, types, strict=True))
        ]

    return call


def _as_promised(value: Any, dtype: DType, index: int, label: str) -> Array:
    array = np.asarray(value)
    if dtype == dtypes.string:
        encoded = np.empty(array.shape, object)
        for position in np.ndindex(array.shape):
            each: Any = array[position]
            encoded[position] = each.encode() if isinstance(each, str) else bytes(each)
        return encoded
    # Python numbers have no dtype of their own; arrays do, and it has to be the declared one.
    if not isinstance(value, (np.ndarray, np.generic)):
        array = array.astype(dtype.numpy)
    if array.dtype != dtype.numpy:
        raise ProgramError(
            f"{index}-th value returned by {label} is {_tensorflow_name(array.dtype)}, but expects "
            f"{_tensorflow_name(dtype.numpy)}"
        )
    return array


def _tensorflow_name(dtype: np.dtype[Any]) -> str:
    return {"float64": "double", "float32": "float", "float16": "half"}.get(dtype.name, dtype.name)


def py_func(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """Calls a Python function on arrays when the graph runs. No gradient flows through it.

    Args:
      func: takes a NumPy array for each input, returns an array or a list of arrays.
      inp: tensors.
      Tout: dtype of the result, or a list of dtypes for several.
      stateful: whether calling it twice with the same arguments may differ.
      name: name of the operation.

    Returns:
      A tensor, or a list of tensors for a list of dtypes; their shapes are not known. The operation
      itself where the list is empty.

    Raises:
      ValueError: `func` cannot be called.
      tf.errors.OpError: when it runs and the function raises, or gives another dtype.

    Example:
      >>> import numpy as np, pantarhei as tf
      >>> y = tf.py_func(np.sinh, [tf.constant(0.0)], tf.float32)
      >>> print(tf.Session().run(y))
      0.0
    """
    if not callable(func):
        raise ValueError(f"Expected func to be callable, got func of type {type(func)}")
    several = isinstance(Tout, (list, tuple))
    types = list(Tout) if several else [Tout]
    token = f"pyfunc_{next(_TOKENS)}"
    _FUNCTIONS[token] = func
    outputs = apply(
        "PyFunc" if stateful else "PyFuncStateless",
        inp,
        token=token,
        Tout=types,
        name=name,
    )
    return outputs if several or not types else outputs[0]


class NumpyNode(OpDef):
    """A user's own node: a forward function on arrays, and a backward function for its gradient."""

    signature = "inputs: N * T -> output: T | token: string | N: int | T: type"
    pure = False

    def infer(self, op: Operation) -> list[TensorShape]:
        return [TensorShape(None)]

    def grad(self, op: Operation, g: Tensor) -> list[Tensor]:
        _, backward = _NODES[op.attributes["token"]]
        count = len(op.inputs)

        def gradients(*arrays: Array) -> list[Array]:
            *inputs, incoming = arrays
            result = backward(*inputs, incoming)
            results = list(result) if isinstance(result, (list, tuple)) else [result]
            return [
                np.asarray(each, array.dtype) for each, array in zip(results, inputs, strict=True)
            ]

        types = [tensor.dtype.base_dtype for tensor in op.inputs]
        tensors = py_func(gradients, [*op.inputs, g], types, name="backward")
        for tensor, source in zip(tensors, op.inputs, strict=True):
            tensor.set_shape(source.shape)
        assert len(tensors) == count
        return list(tensors)

    def lower(self, b: Any, op: Operation, *inputs: Value) -> list[Value]:
        forward, _ = _NODES[op.attributes["token"]]

        def call(*arrays: Array) -> list[Array]:
            return [np.asarray(forward(*arrays), arrays[0].dtype)]

        outputs: list[Value] = b.host(_checked(call, [op.outputs[0].dtype]), inputs, None)
        return outputs


_NODES: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}


def numpy_node(
    backward_pass: Callable[..., Any],
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """Decorator: makes a node of the graph from a forward and a backward function on arrays.

    The forward function takes the inputs' arrays and returns the output's. The backward function
    takes the same arrays and the incoming gradient (that of the loss with respect to the output),
    and returns the gradient of the loss with respect to the input, or a tuple of them for several
    inputs.

    Args:
      backward_pass: `(inputs, incoming_gradient)` to gradient.

    Returns:
      A decorator; what it makes of `forward_pass` is called with tensors of one dtype, gives a
      tensor of that dtype, and can be differentiated once.

    Example:
      >>> import numpy as np, pantarhei as tf
      >>> def backward_pass(inputs, incoming_gradient):
      ...     sigmoid = 1 / (1 + np.exp(-inputs))
      ...     return sigmoid * (1 - sigmoid) * incoming_gradient
      >>> @tf.numpy_node(backward_pass)
      ... def sigmoid(inputs):
      ...     return 1 / (1 + np.exp(-inputs))
      >>> x = tf.constant([0.0])
      >>> tf.Session().run(tf.gradients(sigmoid(x), x))
      [array([0.25], dtype=float32)]
    """

    def decorator(forward_pass: Callable[..., Any]) -> Callable[..., Tensor]:
        token = f"node_{next(_TOKENS)}"
        _NODES[token] = (forward_pass, backward_pass)
        label = forward_pass.__name__.strip("_<>") or "NumpyNode"

        def node(*inputs: Any, name: str | None = None) -> Tensor:
            tensor: Tensor = apply("NumpyNode", list(inputs), token=token, name=name or label)
            return tensor

        node.__name__ = forward_pass.__name__
        node.__doc__ = forward_pass.__doc__
        return node

    return decorator
