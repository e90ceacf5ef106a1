"""`tf.import_graph_def`: the nodes of a `GraphDef` become operations of the default graph.

All or nothing: where one node cannot be imported the graph is left as it was. Names, order and
errors are those of TensorFlow 1.15. Nothing here reads files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.core.shapes import TensorShape
from pantarhei.files.graphs.attributes import described, producer_defaults, read_attributes
from pantarhei.files.graphs.nodes import (
    Endpoint,
    GraphDefNode,
    in_order,
    is_back_edge,
    parse_endpoint,
    read_nodes,
)
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.creation_site import CreationSite
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.definitions.definition import REGISTRY, OpDef, argument_dtypes, output_dtypes
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Operation, Tensor
from pantarhei.graph.scopes import name_scope

# Up to this version of the format a placeholder of shape () could be of any shape.
_UNKNOWN_SCALARS = 21


@dataclass(frozen=True, slots=True)
class ImportSite(CreationSite):
    """The line that imported an operation, and the node that it was in the file."""

    node: str = ""
    origin: str = ""

    def __str__(self) -> str:
        of = f" of {self.origin}" if self.origin else ""
        return f"{super(ImportSite, self).__str__()} (imported: node '{self.node}'{of})"


def import_graph_def(
    graph_def: Any,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Adds the operations of a `GraphDef` to the default graph.

    Args:
      graph_def: a `tf.GraphDef`.
      input_map: for names of tensors in the file ("x:0", or "x") what is taken in their place.
      return_elements: names of operations ("x") and tensors ("x:0") of the file to be returned.
      name: prefix of the imported names, "import" by default; "" for none.
      op_dict: no longer looked at.
      producer_op_list: an `OpList` of the writer: attributes that are not known here are ignored
        where they have the default that it names.

    Returns:
      A list of what `return_elements` names; None if it is None.

    Raises:
      TypeError: an argument is of the wrong kind. ValueError: names are not in the file, the file
      is damaged, shapes do not fit. NotFoundError: types of operations are not known; all are
      named.

    Example:
      >>> import pantarhei as tf
      >>> with tf.Graph().as_default() as g:
      ...     x = tf.placeholder(tf.float32, (), name="x")
      ...     y = tf.square(x, name="y")
      >>> tf.reset_default_graph()
      >>> y, = tf.import_graph_def(g.as_graph_def(), {"x": 3.0}, ["y:0"])
      >>> print(y.name, tf.Session().run(y))
      import/y:0 9.0
    """
    graph_def = checked_graph_def(graph_def)
    return imported(graph_def, input_map, return_elements, name, producer_op_list)


def checked_graph_def(graph_def: Any) -> Any:
    """A `GraphDef`, whichever library's class it is of.

    Raises:
      TypeError: it is none.
    """
    kind = message_class("GraphDef")
    if isinstance(graph_def, kind):
        return graph_def
    descriptor = getattr(graph_def, "DESCRIPTOR", None)
    if descriptor is None or descriptor.name != "GraphDef":
        raise TypeError("graph_def must be a GraphDef proto.")
    return kind.FromString(graph_def.SerializeToString())


def imported(
    graph_def: Any,
    input_map: Mapping[str, Any] | None,
    return_elements: Sequence[str] | None,
    name: str | None,
    producer_op_list: Any = None,
    origin: str = "",
) -> list[Any] | None:
    """See `import_graph_def`; `origin` is the file, for errors."""
    replacements = _checked_map(input_map)
    if return_elements is not None:
        if not all(isinstance(each, (str, bytes)) for each in return_elements):
            raise TypeError("return_elements must be a list of strings.")
        return_elements = [_text(each) for each in return_elements]
    graph = get_default_graph()
    with name_scope(name, "import", replacements.values()) as scope:
        if not all(isinstance(each, Tensor) for each in replacements.values()):
            if name == "":
                raise ValueError(
                    "tf.import_graph_def() requires a non-empty `name` if `input_map` contains "
                    "non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values "
                    "before calling tf.import_graph_def()."
                )
            with name_scope("_inputs"):
                replacements = {
                    key: convert_to_tensor(value) for key, value in replacements.items()
                }
    sources = {parse_endpoint(key): value for key, value in replacements.items()}
    run = _Import(graph, graph_def, sources, scope, producer_op_list, origin)
    wanted = None if return_elements is None else [_wanted(each) for each in return_elements]
    run.make()
    try:
        run.check_sources()
        found = None if wanted is None else [run.element(*each) for each in wanted]
    except ValueError:
        run.undo()
        raise
    run.settle()
    return found


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _checked_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, dict) or not all(
        isinstance(each, (str, bytes)) for each in input_map
    ):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    return {_text(key): value for key, value in input_map.items()}


def _wanted(name: str) -> tuple[str, Endpoint]:
    """A requested element: its name, and the output it means (-1: the operation)."""
    return name, parse_endpoint(name) if ":" in name else Endpoint(name, -1)


class _Import:
    """One import: what has been made so far, by name in the file."""

    def __init__(
        self,
        graph: Graph,
        graph_def: Any,
        sources: dict[Endpoint, Tensor],
        scope: str,
        producer_op_list: Any,
        origin: str,
    ) -> None:
        self.graph = graph
        self.sources = sources
        self.scope = scope
        self.origin = origin
        self.producer = graph_def.versions.producer
        self.nodes = read_nodes(graph_def)
        self.removable = producer_defaults(producer_op_list)
        self.order = in_order(self.nodes, set(sources))
        self.names = self._unique_names()
        self.made: dict[str, Operation] = {}
        self.used: set[Endpoint] = set()
        # Inputs of merges that close the rings of loops, by name in the file.
        self.rings: dict[str, list[int]] = {}

    def _unique_names(self) -> dict[str, str]:
        """Names in the graph by names in the file: prefixed, and numbered where they are taken."""
        taken = set(self.graph._by_name)
        for name in list(taken):
            while "/" in name:
                name = name.rpartition("/")[0]
                taken.add(name)
        wanted = {f"{self.scope}{name}" for name in self.nodes}
        result = {}
        for name in self.nodes:
            full = unique = f"{self.scope}{name}"
            count = 0
            while unique in taken or (count and unique in wanted):
                count += 1
                unique = f"{full}_{count}"
            wanted.add(unique)
            result[name] = unique
        return result

    def make(self) -> None:
        """Makes all operations, or none."""
        self.graph._check_not_finalized()
        with self.graph._lock:
            try:
                for node in self.order:
                    self._make(node)
                for node in self.order:
                    self._close_rings(node)
                for node in self.order:
                    self._place(node)
            except BaseException:
                self.undo()
                raise

    def _make(self, node: GraphDefNode) -> None:
        definition = REGISTRY[node.message.op]
        full = self.names[node.name]
        try:
            removable = self.removable.get(node.message.op, {})
            attributes = read_attributes(definition, node.message, removable)
            types = output_dtypes(definition, attributes)
            _check_kinds(attributes)
        except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise ValueError(f"{error}; NodeDef: {{{{node {full}}}}}{self._of()}") from error
        if "_class" in attributes:
            attributes["_class"] = self._colocations(node, attributes["_class"])
        shapes = attributes.pop("_output_shapes", None)
        if definition.type == "Placeholder" and self.producer <= _UNKNOWN_SCALARS:
            attributes["shape"] = (
                attributes["shape"] if attributes["shape"].ndims else TensorShape(None)
            )
        inputs = self._inputs(node)
        self._check_inputs(definition, attributes, inputs, full)
        with self._device(node):
            op = self.graph.add_operation(definition, inputs, types, attributes, f"{full}/")
        self.made[node.name] = op
        op._add_control_inputs([self._control(each) for each in node.controls])
        for controls in self.graph._control_stack:
            controls.seen.discard(op)  # each of them waits by itself, as in TensorFlow
        if op._site is not None:
            site = op._site
            op._site = ImportSite(site.filename, site.line, site.function, node.name, self.origin)
        if shapes is not None:
            self._merge_shapes(op, shapes)

    def _of(self) -> str:
        return f" of {self.origin}" if self.origin else ""

    def _device(self, node: GraphDefNode) -> Any:
        if not node.message.device or "_class" in node.message.attr:
            return nullcontext()
        return self.graph.device(node.message.device)

    def _inputs(self, node: GraphDefNode) -> list[Tensor]:
        """The inputs of a node; in the place of one that is still to come, one that is there."""
        coming = [
            index
            for index, each in enumerate(node.inputs)
            if each not in self.sources
            and each.node not in self.made
            and is_back_edge(self.nodes, node, each)
        ]
        inputs = [
            None if index in coming else self._input(node, each)
            for index, each in enumerate(node.inputs)
        ]
        there = [each for each in inputs if each is not None]
        if not there and coming:
            raise ValueError(f"Node '{node.name}': nothing enters the loop of this merge")
        self.rings[node.name] = coming
        return [there[0] if each is None else each for each in inputs]

    def _close_rings(self, node: GraphDefNode) -> None:
        """Gives a merge of a loop what was not there when it was made."""
        op = self.made[node.name]
        for index in self.rings.get(node.name, ()):
            tensor = self._input(node, node.inputs[index])
            if tensor.dtype != op.inputs[index].dtype:
                raise ValueError(
                    f"Input {index} of node {op.name} was passed "
                    f"{_tensorflow_name(tensor.dtype.name)} from {tensor.name} incompatible with "
                    f"expected {_tensorflow_name(op.inputs[index].dtype.name)}."
                )
            op._update_input(index, tensor)

    def _input(self, node: GraphDefNode, endpoint: Endpoint) -> Tensor:
        if endpoint in self.sources:
            self.used.add(endpoint)
            return self.sources[endpoint]
        outputs = self.made[endpoint.node].outputs
        if endpoint.number >= len(outputs):
            raise ValueError(
                f"Node '{node.name}': Connecting to invalid output {endpoint.number} of source "
                f"node {endpoint.node} which has {len(outputs)} outputs."
            )
        return outputs[endpoint.number]

    def _control(self, endpoint: Endpoint) -> Operation:
        if endpoint in self.sources:
            self.used.add(endpoint)
            return self.sources[endpoint].op
        return self.made[endpoint.node]

    def _check_inputs(
        self, definition: OpDef, attributes: dict[str, Any], inputs: Sequence[Tensor], full: str
    ) -> None:
        expected = []
        for argument in definition.parsed.inputs:
            types = argument_dtypes(argument, attributes)
            expected += [each._as_ref for each in types] if argument.is_ref else types
        if len(expected) != len(inputs):
            names = ", ".join(_tensorflow_name(each.name) for each in expected)
            raise ValueError(
                f"NodeDef expected inputs '{names}' do not match {len(inputs)} inputs specified; "
                f"{described(definition)}; NodeDef: {{{{node {full}}}}}"
            )
        for index, (dtype, tensor) in enumerate(zip(expected, inputs, strict=True)):
            fits = tensor.dtype == dtype or (
                not dtype._is_ref_dtype and tensor.dtype.base_dtype == dtype
            )
            if not fits:
                passed, wanted = (_tensorflow_name(each.name) for each in (tensor.dtype, dtype))
                raise ValueError(
                    f"Input {index} of node {full} was passed {passed} from {tensor.name} "
                    f"incompatible with expected {wanted}."
                )

    def _colocations(self, node: GraphDefNode, groups: Any) -> list[bytes]:
        result = []
        for group in groups:
            if not group.startswith(b"loc:@"):
                result.append(group)
                continue
            other = group[5:].decode("utf-8", "replace")
            if other not in self.names:
                raise ValueError(
                    f"Node '{node.name}' expects to be colocated with unknown node '{other}'"
                )
            result.append(f"loc:@{self.names[other]}".encode())
        return result

    def _place(self, node: GraphDefNode) -> None:
        """An operation that is to be with others gets the first device that one of them has."""
        op = self.made[node.name]
        for group in op.attributes.get("_class", ()):
            other = self.graph._by_name.get(group[5:].decode("utf-8", "replace"))
            if other is not None and other is not op and other.device:
                op._set_device(other.device)
                return

    def _merge_shapes(self, op: Operation, shapes: Any) -> None:
        """The outputs' shapes in the file are merged with the inferred ones."""
        for tensor, shape in zip(op.outputs, shapes, strict=False):
            if not tensor.shape.is_compatible_with(shape):
                raise ValueError(
                    f"Node '{op.name}' has an _output_shapes attribute inconsistent with the "
                    f"GraphDef for output #{tensor.value_index}: {shape} in the file, "
                    f"{tensor.shape} inferred"
                )
            tensor.set_shape(shape)

    def undo(self) -> None:
        """Takes back what was made."""
        made = set(self.made.values())
        self.graph._operations = [op for op in self.graph._operations if op not in made]
        for op in made:
            del self.graph._by_name[op.name]
            self.graph._forget(op)
        self.made.clear()

    def settle(self) -> None:
        """Keeps later operations from taking the imported names, and from waiting once more."""
        for op in self.made.values():
            self.graph._names_in_use.setdefault(op.name.lower(), 1)
        for controls in self.graph._control_stack:
            controls.seen.update(self.made.values())

    def check_sources(self) -> None:
        """Raises ValueError if `input_map` names what is not in the file."""
        unknown = [
            str(each)
            for each in self.sources
            if each not in self.used
            and (each.node not in self.made or each.number >= len(self.made[each.node].outputs))
        ]
        if unknown:
            raise ValueError(
                f"Attempted to map inputs that were not found in graph_def: [{', '.join(unknown)}]"
            )

    def element(self, name: str, endpoint: Endpoint) -> Any:
        """An imported operation or tensor; for a tensor that was replaced what replaced it."""
        if endpoint in self.sources and endpoint.number >= 0:
            return self.sources[endpoint]
        if endpoint.node not in self.made:
            what = "node" if endpoint.number < 0 else "tensor"
            raise ValueError(f"Requested return {what} '{name}' not found in graph def")
        op = self.made[endpoint.node]
        if endpoint.number < 0:
            return op
        if endpoint.number >= len(op.outputs):
            raise ValueError(
                f"Invalid return output {endpoint.number} of node '{endpoint.node}', which has "
                f"{len(op.outputs)} output(s)"
            )
        return op.outputs[endpoint.number]


def _check_kinds(attributes: dict[str, Any]) -> None:
    """Raises ValueError if an attribute that is looked at here, and is in no signature, is odd."""
    for name, kind in (("_class", bytes), ("_output_shapes", TensorShape)):
        values = attributes.get(name, [])
        if not isinstance(values, list) or not all(isinstance(each, kind) for each in values):
            raise ValueError(f"AttrValue of attr '{name}' is of the wrong type")


def _tensorflow_name(name: str) -> str:
    base, _, ref = name.partition("_")
    base = {"float32": "float", "float64": "double", "float16": "half"}.get(base, base)
    return f"{base}_ref" if ref else base


__all__ = ["ImportSite", "checked_graph_def", "import_graph_def", "imported"]
