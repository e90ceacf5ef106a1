"""The operations here have the inputs, outputs and attributes that TensorFlow 1.15's have.

That is what lets graphs go from one to the other at all. `tests/golden/graphs/definitions.gz` holds
all definitions of 1.15.
"""

from __future__ import annotations

import gzip
from typing import Any

import pytest

import pantarhei as tf
from pantarhei.core.messages import message_class
from pantarhei.files.graphs.op_definitions import op_list
from pantarhei.graph.definitions.definition import REGISTRY
from tests.support.paths import GOLDEN

GRAPHS = GOLDEN / "graphs"

# Operations that TensorFlow does not have. A graph with one of them cannot be run there.
OWN = {
    "ExtractImagePatchesGrad",  # TensorFlow multiplies by a sparse matrix
    "NumpyNode",  # a Python function, which no file could hold
}

# Colours of images that are not a number are written into the summary, not into the signature.
WITHOUT_DEFAULT = {("ImageSummary", "bad_color")}

QUANTIZED = {"qint8", "quint8", "qint16", "quint16", "qint32"}


def recorded() -> dict[str, Any]:
    content = gzip.decompress((GRAPHS / "definitions.gz").read_bytes())
    return {op.name: op for op in message_class("OpList").FromString(content).op}


THEIRS = recorded()


def ours(op_type: str) -> Any:
    graph_def = tf.GraphDef()
    graph_def.node.add(name="it", op=op_type)
    return op_list(graph_def).op[0]


def arguments(args: Any) -> list[Any]:
    return [
        (arg.name, arg.type % 100, arg.type_attr, arg.number_attr, arg.type_list_attr, arg.is_ref)
        for arg in args
    ]


def types(attribute: Any) -> set[str]:
    return {tf.as_dtype(number).name for number in attribute.allowed_values.list.type}


# Other tests may have registered operations of their own.
KNOWN = {key for key in REGISTRY if type(REGISTRY[key]).__module__.startswith("pantarhei.")}


@pytest.mark.parametrize("op_type", sorted(KNOWN - OWN))
def test_definition(op_type: str) -> None:
    mine, theirs = ours(op_type), THEIRS[op_type]
    assert arguments(mine.input_arg) == arguments(theirs.input_arg)
    assert arguments(mine.output_arg) == arguments(theirs.output_arg)
    attributes = {each.name: each for each in theirs.attr}
    assert {each.name for each in mine.attr} == set(attributes)
    for each in mine.attr:
        other = attributes[each.name]
        assert each.type == other.type
        if (op_type, each.name) not in WITHOUT_DEFAULT:
            assert each.HasField("default_value") == other.HasField("default_value"), each.name
            assert each.default_value == other.default_value, each.name
        if types(each):
            assert types(each) >= types(other) - QUANTIZED
            assert types(other)


def test_own_operations_are_told_apart() -> None:
    assert KNOWN >= OWN
    assert not OWN & set(THEIRS)
    assert len(KNOWN) > 370
