"""The protocol buffers of training data (`Example`, `SequenceExample`), and of control flow.

No library brings them but TensorFlow itself, so they are described here: fields, numbers and types
as TensorFlow's files have them. They live in a pool of their own and never meet TensorFlow's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pantarhei.core.messages import library_module

_PACKAGE = "tensorflow"

# Message: its fields in the order of their numbers. A type is a scalar of protocol buffers or a
# message; `repeated` and `map` precede it; fields with "kind" exclude one another.
FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "BytesList": (("value", "repeated bytes"),),
    "FloatList": (("value", "repeated float"),),
    "Int64List": (("value", "repeated int64"),),
    "Feature": (
        ("bytes_list", "kind BytesList"),
        ("float_list", "kind FloatList"),
        ("int64_list", "kind Int64List"),
    ),
    "Features": (("feature", "map Feature"),),
    "FeatureList": (("feature", "repeated Feature"),),
    "FeatureLists": (("feature_list", "map FeatureList"),),
    "Example": (("features", "Features"),),
    "SequenceExample": (("context", "Features"), ("feature_lists", "FeatureLists")),
    # The contexts of conditions and loops, as collections of a graph contain them.
    "ValuesDef": (("values", "repeated string"), ("external_values", "map string")),
    "ControlFlowContextDef": (
        ("cond_ctxt", "kind CondContextDef"),
        ("while_ctxt", "kind WhileContextDef"),
    ),
    "CondContextDef": (
        ("context_name", "string"),
        ("pred_name", "string"),
        ("pivot_name", "string"),
        ("branch", "int32"),
        ("values_def", "ValuesDef"),
        ("nested_contexts", "repeated ControlFlowContextDef"),
    ),
    "WhileContextDef": (
        ("context_name", "string"),
        ("parallel_iterations", "int32"),
        ("back_prop", "bool"),
        ("swap_memory", "bool"),
        ("pivot_name", "string"),
        ("pivot_for_pred_name", "string"),
        ("pivot_for_body_name", "string"),
        ("loop_exit_names", "repeated string"),
        ("values_def", "ValuesDef"),
        ("loop_enter_names", "repeated string"),
        ("maximum_iterations_name", "string"),
        ("nested_contexts", "repeated ControlFlowContextDef"),
    ),
}


@cache
def example_class(name: str) -> Any:
    """The class of the message `name`, one of `FIELDS`.

    Raises:
      ImportError: the library of protocol buffers is not installed.

    Example:
      >>> from pantarhei.core.example_messages import example_class
      >>> example_class("Int64List")(value=[1, 2]).SerializeToString()
      b'\\n\\x02\\x01\\x02'
    """
    factory = library_module("google.protobuf.message_factory", f"tf.train.{name}", "protobuf")
    return factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


@cache
def _pool() -> Any:
    module = "google.protobuf."
    descriptions = library_module(module + "descriptor_pb2", "tf.train.Example", "protobuf")
    pools = library_module(module + "descriptor_pool", "tf.train.Example", "protobuf")
    file = descriptions.FileDescriptorProto(name="example.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields, start=1):
            _add_field(message, field, number, kind)
    pool = pools.DescriptorPool()
    pool.Add(file)
    return pool


def _add_field(message: Any, name: str, number: int, kind: str) -> None:
    field = message.field.add(name=name, number=number)
    *modifiers, base = kind.split()
    many = bool({"repeated", "map"} & set(modifiers))
    field.label = field.LABEL_REPEATED if many else field.LABEL_OPTIONAL
    if "kind" in modifiers:
        if not message.oneof_decl:
            message.oneof_decl.add(name="kind")
        field.oneof_index = 0
    if "map" in modifiers:
        # A map is a list of messages with a key and a value.
        entry = message.nested_type.add(name=f"{name.title().replace('_', '')}Entry")
        entry.options.map_entry = True
        _add_field(entry, "key", 1, "string")
        _add_field(entry, "value", 2, base)
        base = f"{message.name}.{entry.name}"
    if base[0].isupper():
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{_PACKAGE}.{base}"
    else:
        field.type = getattr(field, f"TYPE_{base.upper()}")
