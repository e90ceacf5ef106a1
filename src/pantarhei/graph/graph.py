"""The graph: an append-only collection of operations, and the contexts in which they are made.

It gives names (TensorFlow's, to the letter), keeps collections, name scopes, control dependencies,
devices, colocation, seeds and gradient overrides. It is independent of the kinds of operations and
runs nothing.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from pantarhei.core.dtypes import DType
from pantarhei.graph import devices, elements
from pantarhei.graph.collections import Collections
from pantarhei.graph.controls import ControlDependencies, edges_for
from pantarhei.graph.definitions.definition import OpDef
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.stacks import GRAPHS

_OP_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\-/]*\Z")
_SCOPE_NAME = re.compile(r"[A-Za-z0-9_.\-/]*\Z")


class Graph(Collections):
    """A computation, described: operations and the tensors between them.

    >>> import pantarhei as tf
    >>> g = tf.Graph()
    >>> with g.as_default():
    ...     c = tf.constant(30.0)
    >>> c.graph is g
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names_in_use: dict[str, int] = {}
        self._id_counter = 0
        self._thread_local = threading.local()
        self._seed: int | None = None
        self._finalized = False
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Operation] = set()
        self._gradient_overrides: dict[str, str] = {}
        self._name_stack = ""
        self._container = ""

    # --- operations ---------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """The operations in the order in which they were made."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name.

        Raises:
          TypeError: if `name` is no string. KeyError: if there is none.
        """
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        op: Operation = self.as_graph_element(name, allow_tensor=False, allow_operation=True)
        return op

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor of that name, `operation:number`.

        Raises:
          TypeError: if `name` is no string. KeyError: if there is none.
        """
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        tensor: Tensor = self.as_graph_element(name, allow_tensor=True, allow_operation=False)
        return tensor

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Any:
        """The operation or tensor that `obj` (one of them, a variable, a name) stands for in this
        graph.

        Raises:
          TypeError: if `obj` is of another kind. ValueError: if it is of another graph, or its name
            has the wrong form. KeyError: if the name is not in the graph.
        """
        return elements.find(self, obj, allow_tensor, allow_operation)

    def add_operation(
        self,
        definition: OpDef,
        inputs: Sequence[Tensor],
        output_types: Sequence[DType],
        attributes: dict[str, Any],
        name: str,
    ) -> Operation:
        """Appends an operation. Public functions end here; its shapes are inferred at once.

        A `name` that ends in "/" is final; another gets the current scope before it and, if it is
        taken, a number behind it.

        Raises:
          RuntimeError: if the graph is finalized. ValueError: if the shapes do not fit.
        """
        self._check_not_finalized()
        if not isinstance(name, str):
            raise elements.not_a_name(name)
        with self._lock:
            final = name[:-1] if name.endswith("/") else self.unique_name(name)
            if not _OP_NAME.match(final):
                raise ValueError(f"'{final}' is not a valid node name")
            if final in self._by_name:
                raise ValueError(f"Duplicate node name in graph: '{final}'")
            input_ops = {tensor.op for tensor in inputs}
            # The shape rule may raise, and then the graph must be as before.
            op = Operation(
                self,
                definition,
                final,
                inputs,
                attributes,
                output_types,
                edges_for(self._control_stack, input_ops),
            )
            try:
                self._shape_outputs(op)
            except BaseException:
                self._forget(op)
                raise
            self._operations.append(op)
            self._by_name[final] = op
            self._apply_contexts(op)
        return op

    def _shape_outputs(self, op: Operation) -> None:
        for tensor, shape in zip(op.outputs, op.definition.infer(op), strict=True):
            tensor._shape = shape

    def _forget(self, op: Operation) -> None:
        for tensor in op.inputs:
            tensor._consumers.remove(op)
        for other in op.control_inputs:
            other._control_outputs.remove(op)

    def _apply_contexts(self, op: Operation) -> None:
        """Control flow, devices, colocation and gradient overrides leave their mark on a new op."""
        for name, value in self._attribute_scope.items():
            if name not in op.attributes:
                op.attributes[name] = value(op) if callable(value) else value
        if self._container and op.attributes.get("container") == "":
            op.attributes["container"] = self._container
        override = self._gradient_overrides.get(op.type)
        if override is not None:
            op.attributes["_gradient_op_type"] = override.encode()
        context = self._get_control_flow_context()
        if context is not None:
            op._set_control_flow_context(context)
            context.AddOp(op)
        for controls in self._control_stack:
            controls.seen.add(op)
        devices.place(op, self._device_stack, self._colocation_stack)

    @property
    def _original(self) -> Operation | None:
        return getattr(self._thread_local, "original", None)

    @contextmanager
    def original_op(self, op: Operation) -> Iterator[None]:
        """Context in which new operations are there because of `op`: its gradients, for errors."""
        outer = self._original
        self._thread_local.original = op
        try:
            yield
        finally:
            self._thread_local.original = outer

    def _next_id(self) -> int:
        self._check_not_finalized()
        self._id_counter += 1
        return self._id_counter

    @property
    def _last_id(self) -> int:
        """How many operations were made: where default op seeds come from."""
        return self._id_counter

    @property
    def version(self) -> int:
        """A number that grows with every operation."""
        return self._id_counter

    def finalize(self) -> None:
        """Makes the graph read-only."""
        self._finalized = True

    @property
    def finalized(self) -> bool:
        """Whether the graph is read-only."""
        return self._finalized

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    @property
    def seed(self) -> int | None:
        """The graph-level seed, set by `tf.set_random_seed`."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    @property
    def building_function(self) -> bool:
        """Whether this graph is the body of a function; never, here."""
        return False

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Makes feeding `tensor` an error."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether `tensor` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        """Makes fetching `op` an error."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether a tensor or operation may be fetched."""
        return getattr(tensor_or_op, "op", tensor_or_op) not in self._unfetchable

    # --- names --------------------------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` in the current scope, with a number behind it if it is taken (case is ignored)."""
        full = f"{self._name_stack}/{name}" if self._name_stack else name
        key = full.lower()
        uses = self._names_in_use.get(key, 0)
        if mark_as_used:
            self._names_in_use[key] = uses + 1
        if uses == 0:
            return full
        while f"{key}_{uses}" in self._names_in_use:
            uses += 1
        if mark_as_used:
            self._names_in_use[f"{key}_{uses}"] = 1
        return f"{full}_{uses}"

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Puts `name/` before the names of operations made inside; yields the scope's full name.

        A name that ends in "/" enters exactly that scope; None or "" goes back to the top.

        Raises:
          ValueError: if `name` is no valid scope name.
        """
        if name and not isinstance(name, str):
            raise elements.not_a_name(name)
        if name and not (_SCOPE_NAME if self._name_stack else _OP_NAME).match(name):
            raise ValueError(f"'{name}' is not a valid scope name")
        outer = self._name_stack
        if not name:
            self._name_stack = ""
        elif name.endswith("/"):
            self._name_stack = name[:-1]
        else:
            self._name_stack = self.unique_name(name)
        try:
            yield f"{self._name_stack}/" if self._name_stack else ""
        finally:
            self._name_stack = outer

    def get_name_scope(self) -> str:
        """The current name scope, without the slash at the end."""
        return self._name_stack

    # --- contexts -----------------------------------------------------------------------------

    def as_default(self) -> AbstractContextManager[Graph]:
        """Context in which new operations go into this graph."""
        return GRAPHS.pushed(self)

    def control_dependencies(self, control_inputs: Sequence[Any] | None) -> ControlDependencies:
        """Context in which new operations run after `control_inputs` (None: after nothing).

        Raises:
          TypeError: if one of them is neither an operation nor a tensor.
        """
        if control_inputs is None:
            return ControlDependencies(self, None)
        # What an outer context waits for already is not waited for twice.
        waiting = {op for each in self._control_stack for op in each.control_inputs}
        ops: list[Operation] = []
        for each in control_inputs:
            each = self.as_graph_element(elements.controlling(each))
            op = each.op if isinstance(each, Tensor) else each
            if op not in waiting:
                waiting.add(op)
                ops.append(op)
        return ControlDependencies(self, ops)

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Context in which new operations request a device; None requests nothing."""
        self._device_stack.append(devices.Request(device_name_or_function))
        try:
            yield
        finally:
            self._device_stack.pop()

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Context in which new operations are placed where `op` is; None clears."""
        self_op = None if op is None else elements.operation_of(op)
        if op is None and not ignore_existing:
            raise ValueError(
                "Trying to reset colocation (op is None) but ignore_existing is not True"
            )
        outer, outer_devices = self._colocation_stack, self._device_stack
        self._thread_local.colocations = [] if ignore_existing else list(outer)
        if self_op is not None:
            self._thread_local.colocations.append(self_op)
        self._thread_local.devices = []
        try:
            yield
        finally:
            self._thread_local.colocations = outer
            self._thread_local.devices = outer_devices

    @contextmanager
    def gradient_override_map(self, op_type_map: Mapping[str, str]) -> Iterator[None]:
        """Context in which new operations of a type get the gradient registered for another name.

        Raises:
          TypeError: if `op_type_map` is no dict of strings.
        """
        if not isinstance(op_type_map, dict) or not all(
            isinstance(each, str) for pair in op_type_map.items() for each in pair
        ):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        outer = self._gradient_overrides
        self._gradient_overrides = {**outer, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = outer

    @contextmanager
    def attribute_scope(self, attributes: Mapping[str, Any]) -> Iterator[None]:
        """Context in which new operations get these attributes; callables are given the
        operation."""
        outer = self._attribute_scope
        merged = {**outer, **attributes}
        self._thread_local.attributes = {k: v for k, v in merged.items() if v is not None}
        try:
            yield
        finally:
            self._thread_local.attributes = outer

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Context in which stateful operations keep their state under `container_name`."""
        outer, self._container = self._container, container_name
        try:
            yield container_name
        finally:
            self._container = outer

    def _get_control_flow_context(self) -> Any:
        return getattr(self._thread_local, "control_flow_context", None)

    def _set_control_flow_context(self, context: Any) -> None:
        self._thread_local.control_flow_context = context

    @property
    def _control_stack(self) -> list[ControlDependencies]:
        stack: list[ControlDependencies] = self._thread_local.__dict__.setdefault("controls", [])
        return stack

    @_control_stack.setter
    def _control_stack(self, stack: list[ControlDependencies]) -> None:
        self._thread_local.controls = stack

    @property
    def _device_stack(self) -> list[devices.Request]:
        stack: list[devices.Request] = self._thread_local.__dict__.setdefault("devices", [])
        return stack

    @property
    def _colocation_stack(self) -> list[Operation]:
        stack: list[Operation] = self._thread_local.__dict__.setdefault("colocations", [])
        return stack

    @property
    def _attribute_scope(self) -> dict[str, Any]:
        scope: dict[str, Any] = self._thread_local.__dict__.setdefault("attributes", {})
        return scope

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """The graph as a `GraphDef` protocol buffer (the messages come with `tensorboard`).

        Raises:
          ImportError: if tensorboard is not installed.
        """
        return elements.HOOKS["graph_def"](self, from_version, add_shapes)
