"""Updates of rows of a variable: `ScatterAdd` and its kin.

Every kind exists for variables by reference and for resource variables; a row of the table at the
end of the definitions makes both. Repeated positions add up; where they are set, the last one wins.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pantarhei.core.shapes import TensorShape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.definitions.opdef import OpDef, apply, register
from pantarhei.graph.definitions.shape_rules import merged, shown
from pantarhei.graph.operation import Operation
from pantarhei.ops.state.reference import is_reference
from pantarhei.ops.state.resource import held_shape
from pantarhei.program.ir import ProgramError, Value


class ScatterUpdates(OpDef, abstract=True):
    """An update of a variable at positions: `combine` is how new and old are put together."""

    pure = False
    writes = True
    differentiable = False
    by_reference: ClassVar[bool] = True

    def __init__(self, type: str, combine: str, dtypes: str) -> None:
        self.type = type
        self.combine = combine
        self.signature = self._signature(dtypes)  # type: ignore[misc]

    def _signature(self, dtypes: str) -> str:
        locking = "True" if self.combine == "set" else "False"
        return (
            "ref: Ref(T), indices: Tindices, updates: T -> output_ref: Ref(T) "
            f"| T: {dtypes} | Tindices: index | use_locking: bool = {locking}"
        )

    def infer(self, op: Operation) -> list[TensorShape]:
        params = op.inputs[0].shape if self.by_reference else held_shape(op.inputs[0])
        self.check(op, params, op.inputs[1].shape, op.inputs[2].shape)
        return [params] if self.by_reference else []

    def check(
        self, op: Operation, params: TensorShape, indices: TensorShape, updates: TensorShape
    ) -> None:
        """Raises ValueError in TensorFlow's words if the static shapes do not fit."""
        if updates.ndims != 0 and params.ndims is not None:
            merged(op, updates, indices.concatenate(params[1:]))

    def lower(self, b: Any, op: Operation, ref: Any, indices: Value, updates: Value) -> Any:
        old = b.read(ref)
        positions, updates = self.placed(b, old, indices, updates)
        b.write(ref, b.scatter(old, positions, updates, combine=self.combine))
        return ref if self.by_reference else None

    def placed(self, b: Any, old: Value, indices: Value, updates: Value) -> tuple[Value, Value]:
        """Positions with an axis for their parts, and updates of full shape."""
        expected = (*indices.shape, *old.shape[1:])
        if updates.shape not in (expected, ()):
            raise ProgramError(
                "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], "
                f"got updates.shape {shown(updates.shape)}, indices.shape {shown(indices.shape)}, "
                f"params.shape {shown(old.shape)}"
            )
        message = f"indices{{where}} = {{wrong}} is not in [0, {old.shape[0]})"
        checked = b.check_range(indices, limit=old.shape[0], message=message)
        positions = b.reshape(checked, shape=(*indices.shape, 1))
        return positions, b.broadcast_to(updates, shape=expected)


class ResourceScatterUpdates(ScatterUpdates, abstract=True):
    """An update of a resource variable at positions."""

    by_reference = False

    def _signature(self, dtypes: str) -> str:
        return (
            "resource: resource, indices: Tindices, updates: dtype -> "
            f"| dtype: {dtypes} | Tindices: index"
        )


_ORDERED = "{float16, bfloat16, float32, float64, int32, int64}"
for _kind, _combine, _dtypes in (
    ("Update", "set", "type"),
    ("Add", "add", "numeric"),
    ("Sub", "subtract", "numeric"),
    ("Mul", "multiply", "numeric"),
    ("Div", "divide", "numeric"),
    ("Min", "minimum", _ORDERED),
    ("Max", "maximum", _ORDERED),
):
    register(ScatterUpdates(f"Scatter{_kind}", _combine, _dtypes))
    _resource_dtypes = "numeric" if _dtypes == _ORDERED else _dtypes
    register(ResourceScatterUpdates(f"ResourceScatter{_kind}", _combine, _resource_dtypes))


def scattered(
    kind: str, ref: Any, indices: Any, updates: Any, use_locking: bool, name: str | None
) -> Any:
    """Makes `Scatter<kind>` for a variable of either kind; what stands for it afterwards."""
    if is_reference(ref):
        return apply(f"Scatter{kind}", ref, indices, updates, use_locking=use_locking, name=name)
    updates = convert_to_tensor(updates, ref.dtype)
    return ref._lazy_read(apply(f"ResourceScatter{kind}", ref.handle, indices, updates, name=name))


def scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Gives rows of a variable new values.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: new rows, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_update(v, [1], [[9.0]])).tolist()
      [[1.0], [9.0]]
    """
    return scattered("Update", ref, indices, updates, use_locking, name)


def scatter_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Adds to rows of a variable.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: what to add, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_add(v, [1], [[9.0]])).tolist()
      [[1.0], [11.0]]
    """
    return scattered("Add", ref, indices, updates, use_locking, name)


def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Subtracts from rows of a variable.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: what to subtract, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_sub(v, [1], [[9.0]])).tolist()
      [[1.0], [-7.0]]
    """
    return scattered("Sub", ref, indices, updates, use_locking, name)


def scatter_mul(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Multiplies rows of a variable.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: factors, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_mul(v, [1], [[9.0]])).tolist()
      [[1.0], [18.0]]
    """
    return scattered("Mul", ref, indices, updates, use_locking, name)


def scatter_div(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Divides rows of a variable.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: divisors, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_div(v, [1], [[4.0]])).tolist()
      [[1.0], [0.5]]
    """
    return scattered("Div", ref, indices, updates, use_locking, name)


def scatter_max(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Keeps the larger of a variable's rows and updates.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: what to compare with, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_max(v, [1], [[9.0]])).tolist()
      [[1.0], [9.0]]
    """
    return scattered("Max", ref, indices, updates, use_locking, name)


def scatter_min(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Keeps the smaller of a variable's rows and updates.

    Args:
      ref: a variable.
      indices: numbers of rows, of any shape.
      updates: what to compare with, of shape `indices.shape + ref.shape[1:]`, or a scalar.
      use_locking: kept with the operation; here every update is whole.
      name: name of the operation.

    Returns:
      What stands for the variable after the update.

    Raises:
      ValueError: the shapes do not fit. InvalidArgumentError: in a run where a row does not exist.

    Example:
      >>> import pantarhei as tf
      >>> v = tf.Variable([[1.0], [2.0]])
      >>> session = tf.Session()
      >>> session.run(v.initializer)
      >>> session.run(tf.scatter_min(v, [1], [[9.0]])).tolist()
      [[1.0], [2.0]]
    """
    return scattered("Min", ref, indices, updates, use_locking, name)
