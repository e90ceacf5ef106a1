"""Draws random numbers with TensorFlow 1.15 and writes ``tests/golden/random.npz``.

    python3.7 tools/record_random.py

Each case is one random op, with its seeds, run several times in one session. The archive holds the
cases as JSON (under ``cases``), the seeds that ``get_seed`` gives (``get_seed``), and for each case
the numbers of all its runs, one after the other, every ``stride``-th of them; where the numbers are
to agree to the last bit, also a checksum of all of them. Knows TensorFlow; knows nothing of this
project's own code.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(ROOT, "tests", "golden", "random.npz")

SEEDS = [(1, 2), (0, 2**31 - 1), (-5, -7), (2**40 + 3, 2**62 + 1)]
SHAPES = [[[3], [3], [3]], [[4, 5], [2, 3, 1], [7]], [[], [0], [9]], [[33], [1], [8]]]
PLANS = [(SEEDS[number], SHAPES[number]) for number in range(4)]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
LARGE = 200003  # Enough for several threads to share the work, and no multiple of 4.
RANGES = [(0, 10, "int32"), (-7, 5, "int64"), (-(2**31), 2**31 - 1, "int32"), (3, 4, "int32")]
RANGES += [(-(2**63), 2**63 - 1, "int64"), (0, 2**33 + 1, "int64")]


def filling_cases() -> Iterator[dict[str, Any]]:
    """Ops that fill a tensor of a given shape."""
    for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
        stateless = "StatelessRandomNormal" if op == "RandomStandardNormal" else "Stateless" + op
        for dtype in FLOATS:
            for (seed, seed2), shapes in PLANS:
                yield {"op": op, "dtype": dtype, "seed": seed, "seed2": seed2, "shapes": shapes}
            yield {
                "op": op,
                "dtype": dtype,
                "seed": 4,
                "seed2": 5,
                "shapes": [[LARGE]] * 2,
                "stride": 4001,
            }
            yield {
                "op": stateless,
                "dtype": dtype,
                "seed": -3,
                "seed2": 2**33,
                "shapes": [[5], [4, 3]],
            }
    for number, (low, high, dtype) in enumerate(RANGES):
        seed, seed2 = SEEDS[number % 4]
        case = {"dtype": dtype, "seed": seed, "seed2": seed2, "minval": low, "maxval": high}
        yield dict(case, op="RandomUniformInt", shapes=SHAPES[number % 4])
        yield dict(case, op="StatelessRandomUniformInt", shapes=[[6]])
    case = {
        "op": "RandomUniformInt",
        "dtype": "int64",
        "seed": 4,
        "seed2": 5,
        "minval": -9,
        "maxval": 10**12,
    }
    yield dict(case, shapes=[[LARGE]] * 2, stride=4001)


def other_cases() -> Iterator[dict[str, Any]]:
    """Ops that shuffle, choose, or draw for given parameters."""
    for seed, seed2 in SEEDS:
        case = {"op": "RandomShuffle", "dtype": "int32", "seed": seed, "seed2": seed2}
        yield dict(case, shapes=[[9], [5], [1], [2], [6]])
        yield dict(case, shapes=[[7, 2], [0, 3], [1, 4], [4, 0], [8, 1, 2]])
    yield {
        "op": "RandomShuffle",
        "dtype": "int32",
        "seed": 4,
        "seed2": 5,
        "shapes": [[5003]] * 2,
        "stride": 101,
    }

    infinity = float("inf")
    logits = [[0.1, 2.0, -1.0, 0.5], [-3.0, 50.0, 0.0, 0.0], [0.0, infinity, 1.0, -infinity]]
    hopeless = [[float("nan"), infinity]]
    for dtype, output in (("float16", "int32"), ("float32", "int64"), ("float64", "int32")):
        case = {"dtype": dtype, "output": output, "seed": 3, "seed2": 4, "threads": 1}
        yield dict(case, op="Multinomial", logits=logits, shapes=[[5], [2], [8], [0], [3]])
        yield dict(case, op="Multinomial", logits=hopeless, shapes=[[3], [1]])
        yield dict(case, op="StatelessMultinomial", logits=logits, shapes=[[6]])
    many = np.random.RandomState(0).uniform(-2, 2, [40, 5]).round(2).tolist()
    case = {
        "op": "Multinomial",
        "dtype": "float32",
        "output": "int32",
        "seed": 3,
        "seed2": 4,
        "threads": 1,
    }
    yield dict(case, logits=many, shapes=[[3], [2]])

    alphas = [[0.05, 0.5], [1.0, 1.5], [3.0, 100.0]]
    for dtype in ("float16", "float32", "float64"):
        for (seed, seed2), shapes in PLANS:
            case = {
                "op": "RandomGamma",
                "dtype": dtype,
                "seed": seed,
                "seed2": seed2,
                "parameter": alphas,
            }
            yield dict(case, shapes=[shape for shape in shapes if shape != [0]])
    case = {"op": "RandomGamma", "dtype": "float32", "seed": 4, "seed2": 5, "parameter": [0.7, 1.2]}
    yield dict(case, shapes=[[LARGE // 2]] * 2, stride=4001)

    rates = [[0.0, 0.5], [9.5, 10.0], [25.0, 1000.0]]
    pairs = [("float16", "float32"), ("float32", "float32"), ("float64", "int64")]
    pairs += [("float32", "int32"), ("int32", "float16"), ("int64", "float64")]
    for number, (dtype, output) in enumerate(pairs):
        seed, seed2 = SEEDS[number % 4]
        case = {
            "op": "RandomPoissonV2",
            "dtype": dtype,
            "output": output,
            "seed": seed,
            "seed2": seed2,
        }
        yield dict(case, parameter=rates, shapes=SHAPES[number % 4])
    case = {"op": "RandomPoissonV2", "dtype": "float32", "output": "int32", "seed": 4, "seed2": 5}
    yield dict(case, parameter=[4.0, 40.0], shapes=[[LARGE // 2]] * 2, stride=4001)


def build(tf: Any, case: dict[str, Any]) -> tuple[Any, Any]:
    """The op of a case, and the placeholder that says how much to draw."""
    raw, op, dtype = tf.raw_ops, case["op"], tf.as_dtype(case["dtype"])
    size = tf.compat.v1.placeholder(tf.int32, None)
    if op.startswith("Stateless"):
        seeds = {"seed": np.array([case["seed"], case["seed2"]], np.int64)}
    else:
        seeds = {"seed": case["seed"], "seed2": case["seed2"]}
    if op.endswith("UniformInt"):
        bounds = {
            "minval": tf.constant(case["minval"], dtype),
            "maxval": tf.constant(case["maxval"], dtype),
        }
        return getattr(raw, op)(shape=size, **bounds, **seeds), size
    if op == "RandomShuffle":
        return raw.RandomShuffle(value=size, **seeds), size
    if op.endswith("Multinomial"):
        logits = tf.cast(tf.constant(case["logits"], tf.float64), dtype)
        output = tf.as_dtype(case["output"])
        call = getattr(raw, op)
        return call(logits=logits, num_samples=size, output_dtype=output, **seeds), size
    if "parameter" in case:
        parameter = tf.cast(tf.constant(case["parameter"], tf.float64), dtype)
        if op == "RandomGamma":
            return raw.RandomGamma(shape=size, alpha=parameter, **seeds), size
        output = tf.as_dtype(case["output"])
        return raw.RandomPoissonV2(shape=size, rate=parameter, dtype=output, **seeds), size
    return getattr(raw, op)(shape=size, dtype=dtype, **seeds), size


def fed(case: dict[str, Any], shape: list[int]) -> Any:
    """What is fed for one run: a shape, a number of samples, or the array to shuffle."""
    if case["op"] == "RandomShuffle":
        return np.arange(int(np.prod(shape)), dtype=np.int32).reshape(shape)
    return shape[0] if case["op"].endswith("Multinomial") else np.array(shape, np.int32)


def record(tf: Any, case: dict[str, Any]) -> np.ndarray:
    """Runs a case; its checksum, one word for each run, is added to it."""
    with tf.Graph().as_default():
        drawn, size = build(tf, case)
        threads = case.get("threads", 0)
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads)
        with tf.compat.v1.Session(config=config) as session:
            runs = [session.run(drawn, {size: fed(case, shape)}) for shape in case["shapes"]]
    flat = [np.ascontiguousarray(run).ravel() for run in runs]
    if drawn.dtype.name == "bfloat16":
        flat = [each.view(np.uint16) for each in flat]
    case["crc32"] = [zlib.crc32(each.tobytes()) for each in flat]
    return np.concatenate([each[:: case.get("stride", 1)] for each in flat])


def seeds_given(tf: Any) -> list[list[int | None]]:
    """Rows of graph seed, op seed, number of operations, and the two seeds of ``tf.get_seed``."""
    rows = []
    for graph_seed in (None, 0, 1, -1, 2**31 - 1, 2**40):
        for op_seed in (None, 0, 2, -3, 2**31 - 1, 2**35):
            for operations in (0, 3):
                with tf.Graph().as_default():
                    if graph_seed is not None:
                        tf.compat.v1.set_random_seed(graph_seed)
                    for _ in range(operations):
                        tf.no_op()
                    given = tf.compat.v1.get_seed(op_seed)
                rows.append([graph_seed, op_seed, operations, *list(given)])
    return rows


def main() -> None:
    import tensorflow as tf

    cases = list(filling_cases()) + list(other_cases())
    arrays = {str(number): record(tf, case) for number, case in enumerate(cases)}
    arrays["cases"] = np.array(json.dumps(cases))
    arrays["get_seed"] = np.array(json.dumps(seeds_given(tf)))
    np.savez_compressed(GOLDEN, **arrays)  # type: ignore[arg-type]
    print(len(cases), "cases,", os.path.getsize(GOLDEN), "bytes")


if __name__ == "__main__":
    main()
