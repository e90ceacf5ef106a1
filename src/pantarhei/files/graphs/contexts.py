"""Contexts of conditions and loops in a `MetaGraphDef`: what was read can be differentiated.

A context is written with the names of its tensors, and those inside it with it. Runs need none of
it: switches, merges and enters determine it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pantarhei.core.example_messages import example_class
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scope_prefixes import within_scope, without_scope
from pantarhei.ops.control_flow.contexts import ENTERS, CondContext, ControlFlowContext
from pantarhei.ops.control_flow.while_context import WhileContext


def cond_to_proto(context: CondContext, export_scope: str | None = None) -> Any:
    """A branch as a `CondContextDef`; None if it is not in the scope that is exported."""
    if export_scope and not context.name.startswith(export_scope):
        return None
    return example_class("CondContextDef")(
        context_name=without_scope(context.name, export_scope),
        pred_name=without_scope(context.pred.name, export_scope),
        pivot_name=without_scope(context.pivot.name, export_scope),
        branch=context.branch,
        values_def=_values_to_proto(context, export_scope),
        nested_contexts=_nested_to_proto(context, export_scope),
    )


def while_to_proto(context: WhileContext, export_scope: str | None = None) -> Any:
    """A loop as a `WhileContextDef`; None if it is not in the scope that is exported."""
    if export_scope and not context.name.startswith(export_scope):
        return None
    most = context.maximum_iterations
    return example_class("WhileContextDef")(
        context_name=without_scope(context.name, export_scope),
        parallel_iterations=context.parallel_iterations,
        maximum_iterations_name="" if most is None else without_scope(most.name, export_scope),
        back_prop=context.back_prop,
        swap_memory=context.swap_memory,
        pivot_for_pred_name=without_scope(context.pivot_for_pred.name, export_scope),
        pivot_for_body_name=without_scope(context.pivot_for_body.name, export_scope),
        pivot_name=without_scope(context.pivot.name, export_scope),
        loop_exit_names=_names(context.exits, export_scope),
        loop_enter_names=_names(context.enters, export_scope),
        values_def=_values_to_proto(context, export_scope),
        nested_contexts=_nested_to_proto(context, export_scope),
    )


def _names(tensors: Iterable[Tensor], scope: str | None) -> list[str]:
    return [without_scope(tensor.name, scope) for tensor in tensors]


def _values_to_proto(context: ControlFlowContext, scope: str | None) -> Any:
    return example_class("ValuesDef")(
        values=sorted(_names(context.values, scope)),
        external_values={
            without_scope(outside.name, scope): without_scope(inside.name, scope)
            for outside, inside in context.external.items()
        },
    )


def _nested_to_proto(context: ControlFlowContext, scope: str | None) -> list[Any]:
    kind = example_class("ControlFlowContextDef")
    result = []
    for nested in context.nested:
        if isinstance(nested, WhileContext):
            result.append(kind(while_ctxt=while_to_proto(nested, scope)))
        elif isinstance(nested, CondContext):
            result.append(kind(cond_ctxt=cond_to_proto(nested, scope)))
    return result


def cond_from_proto(message: Any, import_scope: str | None = None) -> CondContext:
    """The branch that a `CondContextDef` describes, among the operations of the default graph.

    Raises:
      KeyError: it names what is not there.
    """
    graph = get_default_graph()
    context = CondContext(
        _tensor(graph, message.pred_name, import_scope),
        _tensor(graph, message.pivot_name, import_scope),
        message.branch,
        name=within_scope(message.context_name, import_scope or ""),
    )
    _values_from_proto(context, message, import_scope)
    return context


def while_from_proto(message: Any, import_scope: str | None = None) -> WhileContext:
    """The loop that a `WhileContextDef` describes, among the operations of the default graph.

    Raises:
      KeyError: it names what is not there. ValueError: it is damaged.
    """
    graph = get_default_graph()
    most = message.maximum_iterations_name
    context = WhileContext(
        graph,
        _tensor(graph, most, import_scope) if most else None,
        message.parallel_iterations,
        message.back_prop,
        message.swap_memory,
        final_name=within_scope(message.context_name, import_scope or ""),
    )
    context.pivot_for_pred = _tensor(graph, message.pivot_for_pred_name, import_scope)
    context.pivot_for_body = _tensor(graph, message.pivot_for_body_name, import_scope)
    context.pivot = _tensor(graph, message.pivot_name, import_scope)
    context.exits = [_tensor(graph, name, import_scope) for name in message.loop_exit_names]
    context.enters = [_tensor(graph, name, import_scope) for name in message.loop_enter_names]
    _values_from_proto(context, message, import_scope)
    if import_scope:
        for tensor in context.values:
            if tensor.op.type in ENTERS and tensor.op._get_control_flow_context() is context:
                tensor.op._set_attr("frame_name", context.name)
    return context


def _tensor(graph: Graph, name: str, scope: str | None) -> Tensor:
    found: Tensor = graph.as_graph_element(within_scope(name, scope or ""), allow_operation=False)
    return found


def _values_from_proto(context: ControlFlowContext, message: Any, scope: str | None) -> None:
    """The context's values; its operations are put into it, those of inner ones into theirs."""
    graph, values = context.graph, message.values_def
    outside = set(values.external_values)
    for name in values.values:
        tensor = _tensor(graph, name, scope)
        context.values.add(tensor)
        if name not in outside:
            tensor.op._set_control_flow_context(context)
    for name, inside in values.external_values.items():
        context.external[_tensor(graph, name, scope)] = _tensor(graph, inside, scope)
    with context.entered():
        for nested in message.nested_contexts:
            if nested.HasField("while_ctxt"):
                while_from_proto(nested.while_ctxt, scope)
            else:
                cond_from_proto(nested.cond_ctxt, scope)


__all__ = ["cond_from_proto", "cond_to_proto", "while_from_proto", "while_to_proto"]
