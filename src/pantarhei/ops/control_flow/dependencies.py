"""Order without data: groups, ties and identities that wait for other operations."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from pantarhei.core import nest
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.elements import controlling, graph_element
from pantarhei.graph.indexed_slices import IndexedSlices
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope
from pantarhei.ops.array.identity import identity, no_op


def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation that is done when all inputs are.

    Args:
      *inputs: operations, tensors, variables, or nested structures of them.
      name: name of the operation; `group_deps` by default.

    Raises:
      TypeError: an input is none of these.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> tf.group(tf.constant(1.0), tf.no_op())
      <tf.Operation 'group_deps' type=NoOp>
    """
    flat = nest.flatten(builtins.list(inputs))
    with name_scope(name, "group_deps", flat) as scope:
        if not flat:
            return no_op(name=scope)
        by_device: dict[str, builtins.list[Operation]] = {}
        for each in flat:
            op = _operation(each)
            by_device.setdefault(op.device, []).append(op)
        graph = get_default_graph()
        if len(by_device) == 1:
            ((device, ops),) = by_device.items()
            return _waiting(ops, device, scope)
        gates = [_waiting(by_device[device], device, None) for device in sorted(by_device)]
        with graph.control_dependencies(gates):
            return no_op(name=scope)


def _operation(value: Any) -> Operation:
    value = controlling(value)
    element = graph_element(value)
    if element is None:
        element = getattr(value, "op", None)
    if element is None:
        raise TypeError(
            f"Expected tf.group() expected Tensor objects not {value!r} with type {type(value)!r}"
        )
    return element if isinstance(element, Operation) else element.op


def _waiting(ops: Sequence[Operation], device: str, name: str | None) -> Operation:
    graph = get_default_graph()
    with graph.control_dependencies(ops):
        if not device:
            return no_op(name=name)
        with graph.device(device):
            return no_op(name=name)


def with_dependencies(dependencies: Sequence[Any], output: Any, name: str | None = None) -> Any:
    """`output` (a tensor or IndexedSlices), available only when `dependencies` are done."""
    with name_scope(name, "control_dependency", [*dependencies, output]) as scope:
        graph = get_default_graph()
        with graph.colocate_with(output), graph.control_dependencies(dependencies):
            if isinstance(output, IndexedSlices):
                shape = output.dense_shape
                return IndexedSlices(
                    identity(output.values, name=scope),
                    identity(output.indices, name="indices"),
                    None if shape is None else identity(shape, name="dense_shape"),
                )
            return identity(convert_to_tensor(output), name=scope)


def tuple(
    tensors: Sequence[Any], name: str | None = None, control_inputs: Sequence[Any] | None = None
) -> builtins.list[Any]:
    """The same tensors, none of which is available before all of them are computed.

    Args:
      tensors: tensors, IndexedSlices, operations or None.
      name: name of the scope; `tuple` by default.
      control_inputs: further operations or tensors to wait for.

    Raises:
      ValueError: there is nothing to wait for. TypeError: a control input is of another kind.

    Example:
      >>> import pantarhei as tf
      >>> a, b = tf.tuple([tf.constant(1.0), tf.constant(2.0)])
      >>> len(a.op.control_inputs)
      1
    """
    with name_scope(name, "tuple", [each for each in tensors if each is not None]):
        ready = [
            each
            if each is None or isinstance(each, (Operation, IndexedSlices))
            else convert_to_tensor(each)
            for each in tensors
        ]
        gating = [_operation(each) for each in ready if each is not None]
        for each in control_inputs or ():
            element = graph_element(each)
            if element is None:
                raise TypeError(f"Control input must be Operation or Tensor: {each}")
            gating.append(_operation(element))
        gating = sorted(set(gating), key=lambda op: op._id)
        if not gating:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*gating)
        return [_tied(each, gate) for each in ready]


def _tied(value: Tensor | IndexedSlices | Operation | None, gate: Operation) -> Any:
    if value is None:
        return None
    if isinstance(value, Operation):
        with get_default_graph().control_dependencies([gate]):
            return group(value)
    return with_dependencies([gate], value)
