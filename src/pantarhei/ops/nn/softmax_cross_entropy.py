"""Cross entropies of softmax, of distributions and of class numbers, by fused operations.

The fused operations give the gradient with the loss, so that it is computed without cancellation.
Shapes are checked while the graph is described, as far as they are known then.
"""

from __future__ import annotations

import math
from typing import Any

from pantarhei.core import dtypes
from pantarhei.core.shapes import TensorShape, as_shape, broadcast_conflict
from pantarhei.graph.constant import constant_value
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply
from pantarhei.graph.definitions.shape_rules import broadcast, merged_extents, shown, with_rank
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import control_dependencies, name_scope
from pantarhei.ops.array.casting import cast
from pantarhei.ops.array.filling import range, zeros_like
from pantarhei.ops.array.identity import prevent_gradient, stop_gradient
from pantarhei.ops.array.indexing import slice
from pantarhei.ops.array.joining import concat
from pantarhei.ops.array.shapes import expand_dims, rank, reshape, shape, squeeze
from pantarhei.ops.array.transposing import transpose
from pantarhei.ops.debug.assertions import assert_equal
from pantarhei.ops.linalg.matrices import matmul
from pantarhei.ops.math.binary import subtract
from pantarhei.ops.nn.activations import FLOATING
from pantarhei.ops.nn.losses import check_named
from pantarhei.ops.nn.softmax import given_axis, log_softmax, normalised_exponentials, softmax
from pantarhei.program.builder import Builder
from pantarhei.program.ir import ProgramError, Value


def _times_rows(vector: Tensor, matrix: Tensor) -> Tensor:
    return expand_dims(vector, -1) * matrix


def _is_zero(g: Tensor) -> bool:
    if g.op.type == "ZerosLike":
        return True
    value = constant_value(g)
    return value is not None and not value.any()


class SoftmaxCrossEntropyWithLogits(OpDef):
    """Cross entropy of each row of logits with a distribution, and its gradient to the logits."""

    signature = f"features: T, labels: T -> loss: T, backprop: T | T: {FLOATING}"

    def infer(self, op: Operation) -> list[TensorShape]:
        for index in (0, 1):
            with_rank(op, index, 2)
        both = broadcast(op)[0].with_rank(2)
        return [both[:1], both]

    def grad(self, op: Operation, g_loss: Tensor | None, g_backprop: Tensor | None) -> Any:
        logits, backprop = op.inputs[0], op.outputs[1]
        if g_loss is None:
            g_loss = zeros_like(op.outputs[0])
        g = _times_rows(g_loss, backprop)
        if g_backprop is not None and not _is_zero(g_backprop):
            p = softmax(logits)
            product = matmul(expand_dims(g_backprop, 1), expand_dims(p, 2))
            g += (g_backprop - squeeze(product, axis=[1])) * p
        return g, _times_rows(g_loss, -log_softmax(logits))

    def lower(self, b: Builder, op: Operation, x: Value, labels: Value) -> tuple[Value, Value]:
        if broadcast_conflict(x.shape, labels.shape):
            raise ProgramError(
                "logits and labels must be broadcastable: "
                f"logits_size={shown(x.shape)} labels_size={shown(labels.shape)}"
            )
        shifted, raised, total = normalised_exponentials(b, x)
        labels = b.cast(labels, dtype=shifted.dtype)
        loss = b.sum(b.multiply(labels, b.subtract(b.log(total), shifted)), axes=(1,))
        backprop = b.subtract(b.divide(raised, total), labels)
        return b.cast(loss, dtype=x.dtype), b.cast(backprop, dtype=x.dtype)


class SparseSoftmaxCrossEntropyWithLogits(OpDef):
    """Cross entropy of each row of logits with one class, and its gradient to the logits."""

    signature = (
        "features: T, labels: Tlabels -> loss: T, backprop: T "
        f"| T: {FLOATING} | Tlabels: index = int64"
    )

    def infer(self, op: Operation) -> list[TensorShape]:
        features, labels = with_rank(op, 0, 2), with_rank(op, 1, 1)
        rows, classes = features.as_list()
        rows = merged_extents(op, rows, labels.as_list()[0])
        return [as_shape([rows]), as_shape([rows, classes])]

    def grad(self, op: Operation, g_loss: Tensor, g_backprop: Tensor | None) -> Any:
        backprop = prevent_gradient(
            op.outputs[1],
            message="There is no second derivative of sparse_softmax_cross_entropy_with_logits, "
            "because the fused operation gives the first one as a number",
        )
        return _times_rows(g_loss, backprop), None

    def lower(self, b: Builder, op: Operation, x: Value, labels: Value) -> tuple[Value, Value]:
        rows, classes = x.shape
        if labels.shape != (rows,):
            raise ProgramError(
                "logits and labels must have the same first dimension, "
                f"got logits shape {shown(x.shape)} and labels shape {shown(labels.shape)}"
            )
        labels = b.check_range(
            labels,
            limit=classes,
            message=f"Received a label value of {{wrong}} which is outside the valid range of "
            f"[0, {classes}).  Label values: {{all}}",
        )
        shifted, raised, total = normalised_exponentials(b, x)
        numbers = b.iota(size=classes, dtype=labels.dtype)
        chosen = b.equal(b.reshape(labels, shape=(rows, 1)), numbers)
        picked = b.sum(b.where(chosen, shifted, b.constant(0, shifted.dtype)), axes=(1,))
        loss = b.subtract(b.reshape(b.log(total), shape=(rows,)), picked)
        backprop = b.subtract(b.divide(raised, total), b.cast(chosen, dtype=shifted.dtype))
        return b.cast(loss, dtype=x.dtype), b.cast(backprop, dtype=x.dtype)


def _moved_last(x: Tensor, axis: int, dimensions: Tensor) -> Tensor:
    return transpose(x, concat([range(axis), range(axis + 1, dimensions), [axis]], 0))


def _as_matrix(x: Tensor) -> Tensor:
    """All axes but the last joined into one."""
    dimensions = rank(x)
    last = slice(shape(x), [subtract(dimensions, 1)], [1])
    matrix = reshape(x, concat([[-1], last], 0))
    extents = None if x.shape.ndims is None else x.shape.as_list()
    if extents is not None and None not in extents[:-1]:
        rows = math.prod(each for each in extents[:-1] if each is not None)
        matrix.set_shape([rows, extents[-1]])
    return matrix


def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Tensor:
    """Cross entropy between distributions and the softmax of logits; gradients reach both.

    Args:
      labels: distributions along `axis`: numbers from 0 to 1 that sum to 1, shaped as `logits`.
      logits: floating scores, not yet normalised.
      axis: along which the classes lie; the last one by default.
      name: name of the operations.
      dim: the older name of `axis`.

    Returns:
      The losses, of the shape of `logits` without `axis`. Half precision is computed in float32.

    Raises:
      ValueError: shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.0, 1]], logits=[[2.0, 2]])
      >>> tf.Session().run(loss)
      array([0.6931472], dtype=float32)
    """
    axis = given_axis(axis, dim)
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        narrow = logits.dtype in (dtypes.float16, dtypes.bfloat16)
        precise = cast(logits, dtypes.float32) if narrow else logits
        labels = cast(labels, precise.dtype)
        dimensions = rank(precise)
        if axis != -1:
            precise = _moved_last(precise, axis, dimensions)
            labels = _moved_last(labels, axis, dimensions)
        sizes = shape(precise)
        precise, labels = _as_matrix(precise), _as_matrix(labels)
        loss, _ = apply("SoftmaxCrossEntropyWithLogits", precise, labels, name=scope)
        loss = reshape(loss, slice(sizes, [0], [subtract(dimensions, 1)]))
        if logits.shape.ndims is not None:
            extents = logits.shape.as_list()
            del extents[axis]
            loss.set_shape(extents)
        result: Tensor = cast(loss, logits.dtype) if narrow else loss
        return result


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: Any = -1,
    name: str | None = None,
    axis: Any = None,
) -> Tensor:
    """Cross entropy between distributions and the softmax of logits; no gradient reaches `labels`.

    Args:
      _sentinel: not to be given: labels and logits are given by name.
      labels: distributions: numbers from 0 to 1 that sum to 1. Of the shape of `logits`.
      logits: floating scores, not yet normalised.
      dim: the axis of the classes.
      name: name of the operations.
      axis: the newer name of `dim`.

    Returns:
      The losses, of the shape of `logits` without the axis of the classes.

    Raises:
      ValueError: positional arguments, one of them missing, or shapes that do not fit.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.nn.softmax_cross_entropy_with_logits(labels=[[0.0, 1.0]], logits=[[2.0, 2.0]])
      >>> tf.Session().run(loss)
      array([0.6931472], dtype=float32)
    """
    dim = dim if axis is None else axis
    check_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        labels = stop_gradient(labels, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, axis=dim, name=scope)


def _check_sparse(labels: TensorShape, logits: TensorShape) -> None:
    if logits.ndims == 0:
        raise ValueError(f"Logits cannot be scalars - received shape {logits}.")
    if None not in (logits.ndims, labels.ndims) and labels.ndims != (logits.ndims or 0) - 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {labels.ndims}) should equal rank of logits "
            f"minus 1 (received {logits.ndims})."
        )
    if _fully_known(labels, logits) and labels != logits[:-1]:
        raise ValueError(
            f"Shape mismatch: The shape of labels (received {labels}) should equal the shape of "
            f"logits except for the last dimension (received {logits})."
        )


def _fully_known(labels: TensorShape, logits: TensorShape) -> bool:
    return labels.is_fully_defined() and logits.ndims is not None and logits[:-1].is_fully_defined()


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Cross entropy between the softmax of logits and one true class for each.

    Args:
      _sentinel: not to be given: labels and logits are given by name.
      labels: int32 or int64 class numbers, of the shape of `logits` without the last axis.
      logits: floating scores, not yet normalised, with the classes along the last axis.
      name: name of the operations.

    Returns:
      The losses, of the shape of `labels`. They can be differentiated once.

    Raises:
      ValueError: positional arguments, one of them missing, or shapes that do not fit.
      InvalidArgumentError: a label outside [0, number of classes) when the session runs.

    Example:
      >>> import pantarhei as tf
      >>> loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[2.0, 2.0]])
      >>> tf.Session().run(loss)
      array([0.6931472], dtype=float32)
    """
    check_named("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    fused = "SparseSoftmaxCrossEntropyWithLogits"
    with name_scope(name, fused, [labels, logits]):
        labels = convert_to_tensor(labels)
        logits = convert_to_tensor(logits)
        narrow = logits.dtype == dtypes.float16
        precise = cast(logits, dtypes.float32) if narrow else logits
        static, sizes = labels.shape, shape(labels)
        _check_sparse(static, logits.shape)
        if logits.shape.ndims == 2:
            loss, _ = apply(fused, precise, labels, name=name)
        else:
            checks = []
            if not _fully_known(static, logits.shape):
                checks.append(assert_equal(shape(labels), shape(logits)[:-1]))
            with control_dependencies(checks):
                classes = shape(logits)[rank(logits) - 1]
                precise = reshape(precise, [-1, classes])
                loss, _ = apply(fused, precise, reshape(labels, [-1]), name=name)
                loss = reshape(loss, sizes)
                loss.set_shape(static)
                return cast(loss, dtypes.float16) if narrow else loss
        result: Tensor = cast(loss, dtypes.float16) if narrow else loss
        return result
