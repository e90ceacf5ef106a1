"""What is written is read back the same: tensors of any kind, and the graphs of all op cases."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pantarhei as tf
from pantarhei.core.messages import message_class
from pantarhei.files.graphs.graph_def import write_tensor
from pantarhei.files.graphs.tensors import read_tensor
from pantarhei.program.ir import Array
from tests.cases import CASES
from tests.cases.row import Case
from tests.support.case_graph import build_case, floating

KINDS = [
    each.as_numpy_dtype
    for each in (tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.bool, tf.complex64)
] + [
    each.as_numpy_dtype
    for each in (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64)
]


def bits(array: Array) -> bytes:
    return np.ascontiguousarray(array).tobytes()


@given(st.data())
def test_tensors(data: Any) -> None:
    dtype = np.dtype(data.draw(st.sampled_from([*KINDS, tf.complex128.as_numpy_dtype])))
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    size = int(np.prod(shape)) * dtype.itemsize
    raw = data.draw(st.binary(min_size=size, max_size=size))
    array = np.frombuffer(raw, dtype).reshape(shape)
    if dtype.kind == "b":
        array = np.frombuffer(raw, np.uint8).reshape(shape) > 127
    message = message_class("TensorProto")()
    write_tensor(message, array)
    again = read_tensor(message.FromString(message.SerializeToString()))
    assert (again.dtype, again.shape) == (array.dtype, array.shape)
    if array.size > 1 and array.dtype.kind != "c":
        assert bits(again) == bits(array)
    else:  # numbers written one by one may lose which NaN they are
        wide = (
            np.float64 if array.dtype.kind == "V" else array.dtype
        )  # NumPy knows no NaN of theirs
        np.testing.assert_array_equal(again.astype(wide), array.astype(wide))


@given(st.lists(st.binary(max_size=5), max_size=4))
def test_strings(texts: list[bytes]) -> None:
    array = np.empty(len(texts), object)
    array[:] = texts
    message = message_class("TensorProto")()
    write_tensor(message, array)
    assert read_tensor(message).tolist() == texts


def test_strings_packed_together() -> None:
    message = message_class("TensorProto")(dtype=7, tensor_content=b"\x02\x00\x03abxyz")
    message.tensor_shape.dim.add().size = 3
    assert read_tensor(message).tolist() == [b"ab", b"", b"xyz"]
    message.tensor_content = b"\x02\x00\x04abxyz"
    with pytest.raises(ValueError, match="not as long as their lengths say"):
        read_tensor(message)


@pytest.mark.parametrize(
    ("values", "expected"), [([], [0, 0, 0]), ([5], [5, 5, 5]), ([1, 2], [1, 2, 2])]
)
def test_last_element_is_repeated(values: list[int], expected: list[int]) -> None:
    message = message_class("TensorProto")(dtype=3, int_val=values)
    message.tensor_shape.dim.add().size = 3
    assert read_tensor(message).tolist() == expected


def test_a_large_claim_takes_no_memory() -> None:
    message = message_class("TensorProto")(dtype=1, float_val=[1.0])
    for _ in range(2):
        message.tensor_shape.dim.add().size = 2**30
    assert read_tensor(message).shape == (2**30, 2**30)
    message.float_val.append(2.0)
    with pytest.raises(ValueError, match="has only 2 elements in the file"):
        read_tensor(message)


def test_a_spread_constant_is_written_small() -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, shape=[2**20, 2**20])
    assert graph.as_graph_def().ByteSize() < 200


PORTABLE = [case for case in CASES if not case.raises]


@pytest.mark.parametrize("case", PORTABLE, ids=lambda case: case.name)
def test_graphs_of_cases(case: Case) -> None:
    """With their gradients: every attribute, shape, name and edge survives."""
    built = build_case(tf, case, case.dtypes[0], case.variants[-1])
    inputs, outputs = floating(built.inputs), floating(built.outputs)
    if inputs and outputs and case.order:
        with built.graph.as_default():
            tf.gradients(outputs, inputs)
    written = built.graph.as_graph_def(add_shapes=True)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(written, name="")
    again = graph.as_graph_def(add_shapes=True)
    assert {node.name: node for node in again.node} == {node.name: node for node in written.node}
