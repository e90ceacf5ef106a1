"""Graphs that TensorFlow 1.15 wrote (`tests/golden/graphs`) are read, run and trained on here.

The converse, that 1.15 runs what is written here, is asserted by `tools/record_graph_files.py`;
here what is written is compared with what 1.15 wrote, node by node.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
import record_graph_files
from pantarhei.core.example_messages import example_class
from tests.files.graphs.networks import FROZEN, TRAINED
from tests.support.paths import GOLDEN

GRAPHS = GOLDEN / "graphs"


def answers() -> dict[str, Any]:
    with np.load(GRAPHS / "answers.npz") as file:
        return dict(file)


def feeds_of(name: str, recorded: dict[str, Any]) -> dict[str, Any]:
    start = f"{name}/in/"
    return {key[len(start) :]: recorded[key] for key in recorded if key.startswith(start)}


def check(found: Any, recorded: Any, where: str) -> None:
    """Equal in type and shape; floats to single precision of the largest in their array."""
    found = record_graph_files.plain(found)
    assert (found.dtype, found.shape) == (recorded.dtype, recorded.shape), where
    if found.dtype.kind in "fc":
        scale = max(float(np.abs(recorded).max(initial=0)), 1e-3)
        np.testing.assert_allclose(found, recorded, rtol=0, atol=2e-6 * scale, err_msg=where)
    else:
        np.testing.assert_array_equal(found, recorded, where)


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


@pytest.fixture
def meta(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The path of a recorded `.meta` file."""
    path = tmp_path / f"{request.param}.meta"
    path.write_bytes(gzip.decompress((GRAPHS / f"{request.param}.meta.gz").read_bytes()))
    return str(path)


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_graph_runs(name: str) -> None:
    recorded = answers()
    record_graph_files.load(tf, name, str(GRAPHS / f"{name}.pb"))
    feeds, start = feeds_of(name, recorded), f"{name}/out/"
    fetched = [key for key in recorded if key.startswith(start)]
    assert fetched, f"{name} is not recorded: run tools/record_graph_files.py"
    with tf.Session() as session:
        for key in fetched:
            check(session.run(key[len(start) :], feeds), recorded[key], key)


@pytest.mark.parametrize("meta", TRAINED, indirect=True)
def test_training_goes_on(meta: str) -> None:
    name = Path(meta).stem
    recorded = answers()
    saver = tf.train.import_meta_graph(meta)
    assert tf.get_collection("words") == [b"first"]
    assert tf.get_collection("numbers") == [12]
    (loss,), (train,) = tf.get_collection("loss"), tf.get_collection("train")
    found: dict[str, Any] = {}
    with tf.Session() as session:
        assert saver
        saver.restore(session, str(GRAPHS / name))
        feeds = feeds_of(name, recorded)
        record_graph_files.go_on(tf, session, name, loss, train, feeds, found)
    assert len(found) > 3
    for key, value in found.items():
        check(np.asarray(value), recorded[key], key)


@pytest.mark.parametrize("meta", TRAINED, indirect=True)
def test_forward_nodes_are_the_same(meta: str) -> None:
    """What the same program makes here up to its gradients, and its collections."""
    message = tf.MetaGraphDef.FromString(Path(meta).read_bytes())
    tf.set_random_seed(11)
    loss, train, _ = TRAINED[Path(meta).stem](tf)
    for name, value in (("train", train), ("loss", loss), ("words", "first"), ("numbers", 12)):
        tf.add_to_collection(name, value)
    ours = tf.train.export_meta_graph(saver_def=tf.train.Saver().as_saver_def())
    nodes = {node.name: node for node in ours.graph_def.node}
    compared = 0
    for node in message.graph_def.node:
        if node.name.startswith("gradients/"):
            break
        assert nodes[node.name] == node
        compared += 1
    assert compared > 20
    assert ours.saver_def == message.saver_def
    for key, collection in message.collection_def.items():
        if key.endswith("_context"):
            assert contexts(ours.collection_def[key], key) == contexts(collection, key)
        else:
            assert ours.collection_def[key] == collection, key


def contexts(collection: Any, key: str) -> list[Any]:
    """Contexts of conditions or loops, without what gradients have added to them."""
    kind = example_class("CondContextDef" if key == "cond_context" else "WhileContextDef")
    result = []
    for content in collection.bytes_list.value:
        message = kind.FromString(content)
        result.append(message)
        waiting = [message]
        while waiting:
            each = waiting.pop()
            kept = [name for name in each.values_def.values if not name.startswith("gradients/")]
            each.values_def.values[:] = kept
            outside = each.values_def.external_values
            for name in [name for name in outside if "gradients/" in name + outside[name]]:
                del outside[name]
            for names in (
                (each.loop_exit_names, each.loop_enter_names)
                if hasattr(each, "loop_exit_names")
                else ()
            ):
                names[:] = [name for name in names if not name.startswith("gradients/")]
            inner = [
                nested.while_ctxt if nested.HasField("while_ctxt") else nested.cond_ctxt
                for nested in each.nested_contexts
            ]
            waiting += [nested for nested in inner if "gradients/" not in nested.context_name]
            for index in reversed(range(len(inner))):
                if "gradients/" in inner[index].context_name:
                    del each.nested_contexts[index]
    return result


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_nodes_are_the_same(name: str) -> None:
    tf.set_random_seed(7)
    _, _, fetches = FROZEN[name](tf)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(
            session, session.graph_def, [each.partition(":")[0] for each in fetches]
        )
    recorded = tf.GraphDef.FromString((GRAPHS / f"{name}.pb").read_bytes())
    assert len(frozen.node) == len(recorded.node)
    for ours, theirs in zip(frozen.node, recorded.node, strict=True):
        if ours.op == "Const" and theirs.attr["dtype"].type == tf.float32.as_datatype_enum:
            # Initial values may differ in the last bit.
            values = [
                np.frombuffer(each.attr["value"].tensor.tensor_content, np.float32)
                for each in (ours, theirs)
            ]
            np.testing.assert_allclose(values[0], values[1], rtol=3e-7)
            for each in (ours, theirs):
                each.attr["value"].tensor.tensor_content = b""
        assert ours == theirs


def test_gradients_through_a_frozen_condition() -> None:
    """A file has no record of branches; the merges tell which one was taken."""
    graph_def = tf.GraphDef.FromString((GRAPHS / "condition.pb").read_bytes())
    found = tf.import_graph_def(graph_def, return_elements=["y:0", "x:0"])
    assert found
    y, x = found
    gradient = tf.gradients(y, x)[0]
    with tf.Session() as session:
        assert session.run(gradient, {x: [3, 3, 3]}).tolist() == [100, 200, 300]
        assert session.run(gradient, {x: [1, 1, 1]}).tolist() == [1, 1, 1]
        below = session.run(gradient, {x: [-1, -1, -1]})
    np.testing.assert_allclose(below, np.exp([-1, -1, -1]), rtol=1e-6)


@pytest.mark.parametrize("scope", [None, "inner"])
@pytest.mark.parametrize("meta", ["train_loops", "train_recurrent"], indirect=True)
def test_gradients_through_imported_loops(meta: str, scope: str | None) -> None:
    """The contexts of the file tell which operation is in which loop: new gradients can be made."""
    name = Path(meta).stem
    recorded = answers()
    saver = tf.train.import_meta_graph(meta, import_scope=scope)
    loss = tf.get_collection("loss")[0]
    variables = [v for v in tf.trainable_variables() if v.op.type == "VariableV2"]
    gradients = tf.gradients(loss, variables, name="gradients_here")
    prefix = f"{scope}/" if scope else ""
    feeds = {prefix + key: value for key, value in feeds_of(name, recorded).items()}
    with tf.Session() as session:
        assert saver
        saver.restore(session, str(GRAPHS / name))
        check(session.run(loss, feeds), recorded[f"{name}/losses"][0], "loss")
        before, slopes = session.run([variables, gradients], feeds)
        size = np.sqrt(sum(float(np.sum(np.square(slope))) for slope in slopes))
        losses = []
        for step in (1e-2, -1e-2):  # along the gradient, and against it
            for variable, value, slope in zip(variables, before, slopes, strict=True):
                variable.load(value + step / size * slope, session)
            losses.append(float(session.run(loss, feeds)))
    assert size > 0
    np.testing.assert_allclose((losses[0] - losses[1]) / 2e-2, size, rtol=1e-2)


def test_loops_without_contexts_have_no_gradients() -> None:
    """A frozen graph does not tell which operation is in which loop; 1.15's words say so."""
    graph_def = tf.GraphDef.FromString((GRAPHS / "loops.pb").read_bytes())
    found = tf.import_graph_def(graph_def, return_elements=["total:0", "x:0"])
    assert found
    y, x = found
    with pytest.raises(ValueError, match="without properly serializing graph via MetaGraphDef"):
        tf.gradients(y, x)


@pytest.mark.parametrize("meta", ["train_mlp"], indirect=True)
def test_imported_graph_in_a_scope(meta: str) -> None:
    """Twice side by side: variables and savers of each are its own."""
    recorded = answers()
    with tf.Session() as session:
        for scope in ("one", "two"):
            saver = tf.train.import_meta_graph(meta, import_scope=scope)
            names = [variable.name for variable in tf.global_variables(scope)]
            assert names and all(name.startswith(f"{scope}/") for name in names)
            assert saver
            saver.restore(session, str(GRAPHS / "train_mlp"))
            feeds = {
                f"{scope}/{key}": value for key, value in feeds_of("train_mlp", recorded).items()
            }
            loss = tf.get_collection("loss")[-1]
            check(session.run(loss, feeds), recorded["train_mlp/losses"][0], scope)


@pytest.mark.parametrize("meta", ["train_mlp"], indirect=True)
def test_creation_site_names_the_node(meta: str) -> None:
    tf.train.import_meta_graph(meta)
    op = tf.get_default_graph().get_operation_by_name("hidden/w")
    assert op.creation_site is not None
    assert "test_recorded.py" in op.creation_site
    assert f"(imported: node 'hidden/w' of {meta})" in op.creation_site
