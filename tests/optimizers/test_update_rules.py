"""The update operations themselves: all four forms agree, and a wrong rule would be seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.graph.definitions.definition import REGISTRY
from pantarhei.ops.state.optimizer_updates import DenseUpdate, update

UPDATES = sorted(
    kind.removeprefix("Apply") for kind in REGISTRY if kind.startswith("Apply") and kind[5:]
)
# Inputs for which every rule is far from its edges.
SCALARS = {"l1": 0.01, "l2": 0.02, "l2_shrinkage": 0.03, "lr_power": -0.4, "epsilon": 1e-3}
START = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]], np.float64)
GRADIENT = np.array([[0.3, -0.2], [0.1, 0.4], [-0.6, 0.5]], np.float64)


def _run(kind: str, resource: bool, rows: list[int] | None, gradient: Any = GRADIENT) -> Any:
    """The variable and its slots after one update; of given rows, or of all at once."""
    tf.reset_default_graph()
    definition = REGISTRY[f"Apply{kind}"]
    assert isinstance(definition, DenseUpdate)
    kept = [
        tf.Variable(START if index == 0 else np.abs(START) + 0.5, use_resource=resource)
        for index in range(len(definition.variables))
    ]
    inputs: list[Any] = []
    for name in definition.names:
        if name == definition.gradient:
            inputs += [tf.constant(gradient)] + ([] if rows is None else [np.array(rows, np.int32)])
        elif name == "global_step":
            inputs.append(tf.constant(3, tf.int64))
        else:
            inputs.append(tf.constant(SCALARS.get(name, 0.7), tf.float64))
    op = update(kind, kept, inputs, resource, rows is not None)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    session.run(op)
    return session.run(kept)


@pytest.mark.parametrize("kind", UPDATES)
def test_resource_form_is_the_same_rule(kind: str) -> None:
    for ours, theirs in zip(_run(kind, False, None), _run(kind, True, None), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("resource", [False, True])
@pytest.mark.parametrize("kind", [each for each in UPDATES if f"SparseApply{each}" in REGISTRY])
def test_sparse_form_is_the_same_rule_on_its_rows(kind: str, resource: bool) -> None:
    whole = _run(kind, False, None)
    some = _run(kind, resource, [2, 0], GRADIENT[[2, 0]])
    untouched = _run(kind, resource, [], GRADIENT[:0])
    for full, part, before in zip(whole, some, untouched, strict=True):
        np.testing.assert_array_equal(part[[0, 2]], full[[0, 2]])
        np.testing.assert_array_equal(part[1], before[1])


@pytest.mark.parametrize("kind", UPDATES)
def test_every_kind_changes_the_variable(kind: str) -> None:
    assert np.all(_run(kind, False, None)[0] != START)


def test_all_kinds_have_their_forms() -> None:
    assert len(UPDATES) == 12
    for kind in UPDATES:
        assert f"ResourceApply{kind}" in REGISTRY
        sparse = kind not in ("Adam", "GradientDescent")
        assert (f"SparseApply{kind}" in REGISTRY) is sparse
        assert (f"ResourceSparseApply{kind}" in REGISTRY) is sparse


def test_square_root_is_used_whether_or_not_the_power_is_known() -> None:
    results = []
    for power in (tf.constant(-0.5), tf.placeholder_with_default(-0.5, [])):
        w = tf.Variable([1.0, -2.0])
        accum, linear = tf.Variable([0.1, 0.2]), tf.Variable([0.5, -0.5])
        inputs = [tf.constant([0.3, 0.4]), 0.1, 0.01, 0.02, power]
        op = update("Ftrl", [w, accum, linear], inputs, False, False)
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        session.run(op)
        results.append(session.run(w))
    np.testing.assert_array_equal(*results)


def test_a_fault_leaves_variable_and_slots_as_they_were() -> None:
    tf.reset_default_graph()
    w = tf.get_variable("w", initializer=[[1.0], [2.0]])
    slices = tf.IndexedSlices(tf.constant([[1.0], [1.0]]), tf.constant([0, 7]))
    optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    step = optimizer.apply_gradients([(slices, w)])
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    with pytest.raises(tf.errors.InvalidArgumentError, match="Index 7 at offset 1 in indices"):
        session.run(step)
    np.testing.assert_array_equal(session.run(w), [[1.0], [2.0]])
    np.testing.assert_array_equal(session.run(optimizer.get_slot(w, "momentum")), [[0.0], [0.0]])
