"""Types of operations that only older files use, and those inside TensorFlow's gradient graphs.

No public function makes them: each is imported as a node.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from google.protobuf import text_format

from tests.scenarios._tools import cases, evaluate, value

_FLOATS = np.linspace(-1.5, 2.0, 24).astype(np.float32)


def _apply(
    tf: Any, op_type: str, inputs: Any, attributes: str = "", outputs: int = 1, producer: int = 134
) -> Any:
    """The outputs of a node of a type on constants."""
    # What is computed from constants alone would be computed before the session runs.
    tensors = [tf.placeholder_with_default(tf.constant(x), np.shape(x)) for x in inputs]
    node = f'node {{ name: "it" op: "{op_type}" '
    node += " ".join(f'input: "x{index}"' for index in range(len(tensors)))
    for attribute in attributes.split(";"):
        if attribute:
            name, _, held = attribute.partition("=")
            node += f' attr {{ key: "{name.strip()}" value {{ {held} }} }}'
    graph_def = text_format.Merge(node + " }", tf.GraphDef())
    graph_def.versions.producer = producer
    for index, tensor in enumerate(tensors):
        holder = graph_def.node.add(name=f"x{index}", op="Placeholder")
        holder.attr["dtype"].type = tensor.dtype.as_datatype_enum
    mapping = {f"x{index}": tensor for index, tensor in enumerate(tensors)}
    names = [f"it:{index}" for index in range(outputs)]
    return tensors, tf.import_graph_def(graph_def, mapping, names)


_T = "T=type: DT_FLOAT"
_IMAGE = _FLOATS.reshape(2, 2, 2, 3)
_BATCH = f"{_T};epsilon=f: 0.01;is_training=b: "
_ROWS: Any = {
    "SigmoidGrad": ([_FLOATS[:4], _FLOATS[4:8]], _T),
    "TanhGrad": ([_FLOATS[:4], _FLOATS[4:8]], _T),
    "InvGrad": ([_FLOATS[:4], _FLOATS[4:8]], _T),
    "Mod": ([_FLOATS[:4], _FLOATS[20:]], _T),
    "BiasAddV1": ([_IMAGE, _FLOATS[:3]], _T),
    "BatchMatMul": ([_IMAGE, _IMAGE], _T + ";adj_y=b: true"),
    "Gather": (
        [_IMAGE, np.array([[1, 0, 1]], np.int32)],
        "Tparams=type: DT_FLOAT;Tindices=type: DT_INT32",
    ),
    "Concat": ([np.int32(-1), _IMAGE, _IMAGE[..., :1]], _T + ";N=i: 2"),
    "Reverse": ([_IMAGE, np.array([True, False, False, True])], _T),
    "Snapshot": ([_FLOATS], _T),
}


@cases(**{name: {"op_type": name} for name in _ROWS})
def with_gradients(tf: Any, op_type: str) -> Any:
    inputs, attributes = _ROWS[op_type]
    tensors, (y,) = _apply(tf, op_type, inputs, attributes)
    floats = [each for each in tensors if each.dtype == tf.float32]
    undifferentiable = ("Mod", "Snapshot")
    gradients = [] if op_type in undifferentiable else tf.gradients(y * y, floats)
    gradients = [tf.convert_to_tensor(each) for each in gradients]
    return [evaluate(tf, [y, *gradients]), str(y.shape), [str(each.shape) for each in gradients]]


@cases(training={"training": True}, inference={"training": False})
def batch_normalisation(tf: Any, training: bool) -> Any:
    """All versions, and the gradients that TensorFlow's graphs have for them.

    In inference 1.15 leaves the outputs for the batch's mean and variance uninitialised.
    """
    moments = [np.zeros(0, np.float32)] * 2 if training else [_FLOATS[:3], _FLOATS[15:18]]
    scale, offset = _FLOATS[18:21], _FLOATS[3:6]
    flag = "true" if training else "false"
    results = []
    for version, types in (("", ""), ("V2", ";U=type: DT_FLOAT"), ("V3", ";U=type: DT_FLOAT")):
        attributes = f"{_BATCH}{flag}{types}"
        inputs = [_IMAGE, scale, offset, *moments]
        _, outputs = _apply(tf, f"FusedBatchNorm{version}", inputs, attributes, 5)
        defined = outputs[:3] if training else outputs[:1]
        results += [evaluate(tf, defined), [str(each.shape) for each in outputs[:3]]]
        kept = [_FLOATS[:3], _FLOATS[15:18]] + [np.float32(0)] * (version == "V3")
        inputs = [_IMAGE[::-1] * _IMAGE, _IMAGE, scale, *kept]
        _, outputs = _apply(tf, f"FusedBatchNormGrad{version}", inputs, attributes, 5)
        results += [evaluate(tf, outputs[:3]), [str(each.shape) for each in outputs]]
    return results


def largest(tf: Any) -> Any:
    rows = np.array([[1, 5, 3, 4], [2, 2, 9, 1]], np.float32)
    _, outputs = _apply(tf, "TopK", [rows], f"k=i: 2;{_T}", 2, producer=6)
    targets = np.array([0, 2], np.int32)
    _, inside = _apply(tf, "InTopK", [rows, targets], "k=i: 2;T=type: DT_INT32")
    return evaluate(tf, [*outputs, *inside])


def offsets_of_parts(tf: Any) -> Any:
    shapes = [np.array(each, np.int32) for each in ([2, 3, 4], [2, 1, 4], [2, 5, 4])]
    _, outputs = _apply(tf, "ConcatOffset", [np.int32(1), *shapes], "N=i: 3", 3)
    return [evaluate(tf, outputs), [str(each.shape) for each in outputs]]


def older_variable(tf: Any) -> Any:
    text = """
    versions { producer: 134 }
    node { name: "v" op: "Variable" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "shape" value { shape { dim { size: 2 } } } } }
    node { name: "p" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "shape" value { shape { dim { size: 2 } } } } }
    node { name: "same" op: "RefIdentity" input: "v" attr { key: "T" value { type: DT_FLOAT } } }
    node { name: "set" op: "Assign" input: "same" input: "p"
      attr { key: "T" value { type: DT_FLOAT } } }
    node { name: "go" op: "ControlTrigger" input: "^set" }
    """
    graph_def = text_format.Merge(text, tf.GraphDef())
    v, p, go = tf.import_graph_def(graph_def, return_elements=["v:0", "p:0", "go"])
    with tf.Session() as session:
        session.run(go, {p: [1.0, 2.0]})
        return [value(session.run(v)), str(v.shape), v.dtype.name, str(p.shape)]
