"""Records what TensorFlow 1.15 answers about types, shapes and errors.

Runs under Python 3.7 with TensorFlow 1.15.5, from anywhere; writes tests/golden/facts.json.
"""

import json
import os
import pickle
import sys

import numpy as np
from tensorflow.python.framework import common_shapes, dtypes, errors_impl, tensor_shape

TESTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests")
sys.path.insert(0, os.path.join(TESTS, "core"))

import questions  # noqa: E402  (found on the path set above)

NAMES = {
    "np": np,
    "pickle": pickle,
    "TYPES": questions.TYPES,
    "DType": dtypes.DType,
    "as_dtype": dtypes.as_dtype,
    "tf_float32": dtypes.float32,
    "D": tensor_shape.Dimension,
    "S": tensor_shape.TensorShape,
    "unknown_shape": tensor_shape.unknown_shape,
    "dimension_value": tensor_shape.dimension_value,
    "broadcast_shape": common_shapes.broadcast_shape,
    "errors": errors_impl,
}


def main():
    recorded = {asked: questions.answer(asked, NAMES) for asked in questions.questions()}
    lines = [f"{json.dumps(asked)}: {json.dumps(recorded[asked])}" for asked in recorded]
    path = os.path.join(TESTS, "golden", "facts.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(recorded), "answers in", path)


if __name__ == "__main__":
    main()
