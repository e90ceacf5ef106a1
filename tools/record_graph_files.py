"""Writes graphs with TensorFlow 1.15 into ``tests/golden/graphs``, with what they compute.

    python3.7 tools/record_graph_files.py
    python3.7 tools/record_graph_files.py FOLDER

``NAME.pb`` is a graph whose variables have become constants, ``NAME.meta.gz`` (with a checkpoint
beside it) one that is trained on. ``answers.npz`` holds what TensorFlow computed: of a frozen graph
its inputs and outputs, of a training graph the losses of further steps and the variables after
them. ``definitions.gz`` holds the definitions of all operations. With a FOLDER, which
``tools/write_graph_files.py`` has filled, it does the converse: it imports and runs those graphs
and compares. Knows nothing of this project's own code but the networks of the tests.
"""

from __future__ import annotations

import gzip
import os
import shutil
import sys
import warnings
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "tests", "golden", "graphs")

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, ROOT)
warnings.simplefilter("ignore")

STEPS = 4
MODEL_ANSWER = ([[9.0, 12.0]], os.path.join("assets", "words.txt"))


def load(tf: Any, name: str, path: str) -> None:
    """Imports a frozen graph."""
    tf.reset_default_graph()
    graph_def = tf.GraphDef()
    with open(path, "rb") as file:
        graph_def.ParseFromString(file.read())
    tf.import_graph_def(graph_def, name="")


def plain(value: Any) -> Any:
    """An array that a file of NumPy can hold: strings as text of their bytes."""
    import numpy as np

    value = np.asarray(value)
    return value if value.dtype != object else np.array([each.hex() for each in value.ravel()])


def record_frozen(tf: Any, name: str, build: Any, folder: str, answers: dict[str, Any]) -> None:
    """Freezes a network and writes it, with what it computes when it is read again."""
    tf.reset_default_graph()
    tf.set_random_seed(7)
    _, feeds, fetches = build(tf)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(
            session, session.graph_def, [each.partition(":")[0] for each in fetches]
        )
    tf.train.write_graph(frozen, folder, f"{name}.pb", as_text=False)
    load(tf, name, os.path.join(folder, f"{name}.pb"))
    with tf.Session() as session:
        for fetch in fetches:
            answers[f"{name}/out/{fetch}"] = plain(session.run(fetch, feeds))
    for each, value in feeds.items():
        answers[f"{name}/in/{each}"] = value


def record_trained(tf: Any, name: str, build: Any, folder: str, answers: dict[str, Any]) -> None:
    """Trains a network for a step, saves it with its graph, and goes on."""
    tf.reset_default_graph()
    tf.set_random_seed(11)
    loss, train, feeds = build(tf)
    tf.add_to_collection("train", train)
    tf.add_to_collection("loss", loss)
    tf.add_to_collection("words", "first")
    tf.add_to_collection("numbers", 12)
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train, feeds)
        prefix = os.path.join(folder, name)
        saver.save(session, prefix, write_state=False)
        go_on(tf, session, name, loss, train, feeds, answers)
    for each, value in feeds.items():
        answers[f"{name}/in/{each}"] = value


def go_on(
    tf: Any, session: Any, name: str, loss: Any, train: Any, feeds: Any, answers: dict[str, Any]
) -> None:
    """Trains for some steps; the losses before each and the variables at the end."""
    import numpy as np

    losses = []
    for _ in range(STEPS):
        losses.append(session.run(loss, feeds))
        session.run(train, feeds)
    answers[f"{name}/losses"] = np.array(losses)
    for variable in tf.global_variables():
        answers[f"{name}/after/{variable.name}"] = session.run(variable)


def save_model(tf: Any, folder: str) -> None:
    """Writes a model with a signature, variables of both kinds, and a file that it reads."""
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    v = tf.get_variable("v", initializer=[[1.0, 2.0], [3.0, 4.0]])
    r = tf.get_variable("r", initializer=[5.0, 6.0], use_resource=True)
    y = tf.add(tf.matmul(x, v), r, name="y")
    words = os.path.join(os.path.dirname(folder), "words.txt")
    with open(words, "w") as file:
        file.write("hello")
    path = tf.constant(words, name="path")
    tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, path)
    kept = tf.Variable("", collections=[], name="kept")
    start = tf.group(kept.assign(path))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, folder, {"in": x}, {"out": y}, legacy_init_op=start)
    os.remove(words)


def load_model(tf: Any, folder: str) -> Any:
    """What a saved model gives for ones, and where the file is that it reads."""
    with tf.Session(graph=tf.Graph()) as session:
        model = tf.saved_model.loader.load(session, ["serve"], folder)
        signature = model.signature_def["serving_default"]
        feeds = {signature.inputs["in"].name: [[1.0, 1.0]]}
        result = session.run([signature.outputs["out"].name, "kept:0"], feeds)
        return result[0].tolist(), os.path.relpath(result[1].decode(), folder)


def read(tf: Any, folder: str, answers: dict[str, Any]) -> dict[str, Any]:
    """What the graphs in a folder compute: the same keys as ``answers``."""
    result: dict[str, Any] = {}
    names = dict.fromkeys(key.partition("/")[0] for key in answers)
    for name in names:
        prefix = os.path.join(folder, name)
        start = f"{name}/in/"
        feeds = {key[len(start) :]: answers[key] for key in answers if key.startswith(start)}
        if os.path.exists(f"{prefix}.pb"):
            load(tf, name, f"{prefix}.pb")
            start = f"{name}/out/"
            with tf.Session() as session:
                for key in answers:
                    if key.startswith(start):
                        result[key] = plain(session.run(key[len(start) :], feeds))
        else:
            tf.reset_default_graph()
            saver = tf.train.import_meta_graph(f"{prefix}.meta")
            loss, train = (tf.get_collection(each)[0] for each in ("loss", "train"))
            with tf.Session() as session:
                saver.restore(session, prefix)
                go_on(tf, session, name, loss, train, feeds, result)
    return result


def compare(tf: Any, folder: str) -> int:
    """Imports and runs the graphs in a folder; says where an answer differs."""
    import numpy as np

    with np.load(os.path.join(folder, "answers.npz")) as file:
        answers = dict(file)
    found = read(tf, folder, answers)
    faults = 0
    for key, value in found.items():
        wanted = answers[key]
        same = value.dtype == wanted.dtype and value.shape == wanted.shape
        if same and value.dtype.kind in "fc":
            same = np.allclose(value, wanted, rtol=1e-5, atol=1e-6)
        elif same:
            same = bool((value == wanted).all())
        if not same:
            faults += 1
            print("DIFFERS", key, value, wanted, sep="\n    ")
    model = load_model(tf, os.path.join(folder, "model"))
    if model != MODEL_ANSWER:
        faults += 1
        print("DIFFERS", "model", model, MODEL_ANSWER, sep="\n    ")
    print(len(found) + 1, "answers compared,", faults, "differ")
    return 1 if faults else 0


def write(tf: Any, folder: str) -> None:
    """Fills a folder with all networks and what they compute."""
    import numpy as np
    from tests.files.graphs.networks import FROZEN, TRAINED

    os.makedirs(folder, exist_ok=True)
    answers: dict[str, Any] = {}
    for name, build in FROZEN.items():
        record_frozen(tf, name, build, folder, answers)
    for name, build in TRAINED.items():
        record_trained(tf, name, build, folder, answers)
    save_model(tf, os.path.join(folder, "model"))
    np.savez_compressed(os.path.join(folder, "answers.npz"), **answers)


def write_definitions(path: str) -> None:
    """Writes the definitions of all operations, as a packed OpList."""
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.framework import op_def_registry

    known = op_def_registry.get_registered_ops()
    every = op_def_pb2.OpList(op=[known[name] for name in sorted(known)])
    with open(path, "wb") as file:
        file.write(gzip.compress(every.SerializeToString()))


def main() -> int:
    """Records, or compares what is in a folder."""
    import tensorflow as tf

    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.FATAL)
    if sys.argv[1:]:
        return compare(tf, sys.argv[1])
    shutil.rmtree(FOLDER, ignore_errors=True)
    write(tf, FOLDER)
    for each in sorted(os.listdir(FOLDER)):
        path = os.path.join(FOLDER, each)
        if each.endswith(".meta"):
            with open(path, "rb") as file, gzip.open(f"{path}.gz", "wb") as packed:
                packed.write(file.read())
            os.remove(path)
    write_definitions(os.path.join(FOLDER, "definitions.gz"))
    files = [os.path.join(at, each) for at, _, names in os.walk(FOLDER) for each in names]
    print(sum(map(os.path.getsize, files)), "bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
