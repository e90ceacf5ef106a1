"""Finding what an object stands for in a graph: operations and tensors by name, by variable, by
value.

Objects of higher floors (variables, tables) take part through two methods: `_as_graph_element()`
gives the tensor or operation they stand for, `_as_tensor(dtype, name, as_ref)` a tensor to compute
with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pantarhei.core import errors
from pantarhei.graph.operation import HOOKS, Operation, Tensor

if TYPE_CHECKING:
    from pantarhei.graph.graph import Graph


def graph_element(obj: Any) -> Operation | Tensor | None:
    """The operation or tensor that `obj` is or stands for; None if it stands for none."""
    if isinstance(obj, (Operation, Tensor)):
        return obj
    convert = getattr(obj, "_as_graph_element", None)
    return convert() if convert is not None else None


def operation_of(obj: Any) -> Operation:
    """The operation of an operation, tensor, variable or sparse value.

    Of a resource variable it is the one that holds it, not a read.

    Raises:
      TypeError: if `obj` has none.
    """
    if hasattr(obj, "handle") and isinstance(obj.op, Operation):
        return obj.op
    found = graph_element(obj)
    if isinstance(found, Operation):
        return found
    op = found.op if found is not None else getattr(obj, "op", None)
    if not isinstance(op, Operation):
        raise TypeError(f"Can not convert a {type(obj).__name__} into an Operation.")
    return op


def controlling(obj: Any) -> Any:
    """What an item of `control_dependencies` stands for.

    IndexedSlices stand for their operation, resource variables for the one that holds them: they
    are not read.
    """
    by_operation = graph_element(obj) is None or hasattr(obj, "handle")
    if by_operation and isinstance(getattr(obj, "op", None), Operation):
        return obj.op
    return obj


def find(graph: Graph, obj: Any, allow_tensor: bool, allow_operation: bool) -> Any:
    """See `Graph.as_graph_element`."""
    if allow_tensor and allow_operation:
        wanted = "Tensor or Operation"
    elif allow_tensor:
        wanted = "Tensor"
    elif allow_operation:
        wanted = "Operation"
    else:
        raise ValueError("allow_tensor and allow_operation can't both be False.")
    element = graph_element(obj)
    obj = obj if element is None else element
    if isinstance(obj, Tensor) and allow_tensor:
        _check_graph(graph, obj, "Tensor")
        return obj
    if isinstance(obj, Operation) and allow_operation:
        _check_graph(graph, obj, "Operation")
        return obj
    if isinstance(obj, bytes):
        obj = obj.decode()
    if not isinstance(obj, str):
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")
    if ":" in obj and allow_tensor:
        return _tensor(graph, obj)
    if ":" not in obj and allow_operation:
        return _operation(graph, obj)
    return _wrong_form(graph, obj, allow_tensor)


def not_a_name(name: Any) -> TypeError:
    """The error for what should be a name and is no string."""
    return TypeError(
        errors.described(
            f"expected string or bytes-like object, got {name!r} of type '{type(name).__name__}'",
            cause="it was given as the name of an operation or of a scope; most often another "
            "argument stands in its place",
            cure="give arguments by name: f(x, axis=0, name='total')",
        )
    )


def _check_graph(graph: Graph, obj: Operation | Tensor, what: str) -> None:
    if obj.graph is not graph:
        raise ValueError(
            errors.described(
                f"{what} {obj if what == 'Tensor' else repr(obj)} is not an element of this graph.",
                obj if isinstance(obj, Operation) else obj.op,
                cause=f"it belongs to {obj.graph}, this graph is {graph}",
                cure="run it in a session of its own graph: tf.Session(graph=...)",
            )
        )


def _tensor(graph: Graph, name: str) -> Tensor:
    op_name, _, number = name.partition(":")
    if not number.isdigit() or not op_name:
        raise ValueError(
            f"The name {name!r} looks a like a Tensor name, but is not a valid one. "
            'Tensor names must be of the form "<op_name>:<output_index>".'
        )
    op = graph._by_name.get(op_name)
    if op is None:
        raise KeyError(
            f"The name {name!r} refers to a Tensor which does not exist. The operation, "
            f"{op_name!r}, does not exist in the graph."
        )
    if int(number) >= len(op.outputs):
        raise KeyError(
            f"The name {name!r} refers to a Tensor which does not exist. The operation, "
            f"{op_name!r}, exists but only has {len(op.outputs)} outputs."
        )
    return op.outputs[int(number)]


def _operation(graph: Graph, name: str) -> Operation:
    op = graph._by_name.get(name)
    if op is None:
        raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
    return op


def _wrong_form(graph: Graph, name: str, allow_tensor: bool) -> Any:
    if allow_tensor:
        if name in graph._by_name:
            raise ValueError(
                f"The name {name!r} refers to an Operation, not a Tensor. Tensor names must be of "
                'the form "<op_name>:<output_index>".'
            )
        raise ValueError(
            f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. Tensor names "
            'must be of the form "<op_name>:<output_index>".'
        )
    raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a Operation.")


__all__ = ["HOOKS", "controlling", "find", "graph_element", "not_a_name", "operation_of"]
