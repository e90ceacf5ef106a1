"""Simplification of real programs: training steps shrink as they should, and no rule is idle."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from bench.nets import NETS, Net, input_shape, parameter_shapes
from bench.peers.session_nets import SessionStep

import pantarhei as tf
from pantarhei.passes import Step, folding, identities, movements, products, simplify
from pantarhei.program.ir import Program
from tests import scenarios
from tests.cases import CASES
from tests.support.case_graph import add_gradients, add_second_gradients, build_case

Array = Any


class Watched:
    """Stands for `simplify`: keeps what it was given, and counts the rules that applied."""

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.fired: Counter[str] = Counter()

    def __call__(self, program: Program) -> Program:
        self.programs.append(program)
        return simplify(program, self.observe)

    def observe(self, step: Step) -> None:
        self.fired.update(step.fired)


@pytest.fixture
def watched(monkeypatch: Any) -> Watched:
    """All that sessions of this test simplify; they run on the native engine."""
    watched = Watched()
    monkeypatch.setattr("pantarhei.passes.simplify", watched)
    monkeypatch.setenv("PANTARHEI_ENGINE", "native")
    tf.reset_default_graph()
    return watched


def counts(program: Program) -> Counter[str]:
    return Counter(node.kind for node in program.nodes)


# --- training steps -------------------------------------------------------------------------------


def smaller(net: Net) -> Net:
    """The net for a small batch, and with few steps: the same nodes, less work."""
    return {**net, "batch": 6, **({"steps": 3} if net["kind"] == "lstm" else {})}


def training_step(net: Net, watched: Watched) -> Program:
    """The program that a session makes of a step of training."""
    random = np.random.default_rng(0)
    parameters = {
        name: random.normal(size=shape).astype(np.float32) * 0.1
        for name, shape in parameter_shapes(net).items()
    }
    step = SessionStep(tf, net, parameters)
    extent = 10 if net["loss"] == "softmax" else net["sizes"][-1]
    watched.programs.clear()
    step(
        {
            "x": np.ones((net["batch"], *input_shape(net)), np.float32),
            "y": np.ones((net["batch"], extent), np.float32),
        }
    )
    (program,) = {id(each): each for each in watched.programs}.values()
    return program


@pytest.mark.parametrize(
    "net", [net for net in NETS if net["name"] != "wide"], ids=lambda net: net["name"]
)
def test_training_steps(net: Net, watched: Watched) -> None:
    net = smaller(net)
    program = training_step(net, watched)
    found = simplify(program)
    before, after = counts(program), counts(found)
    # Nobody takes the gradient by what is fed.
    heavy = "conv_input_gradient" if net["kind"] == "lenet" else "matmul"
    assert after[heavy] == before[heavy] - 1
    assert after["cast"] == 0
    assert all(node.attributes["axes"] for node in found.nodes if node.kind == "sum")
    for node in found.nodes:
        if node.kind in ("reshape", "broadcast_to"):
            assert node.types[0] != node.operands[0].type
    again: list[Step] = []
    assert simplify(found, again.append) is found
    assert not any(step.fired for step in again)


def test_a_chain_of_layers(watched: Watched) -> None:
    """What is left of the step of a small net, node by node."""
    net = {**NETS[0], "batch": 4}
    found = simplify(training_step(net, watched))
    kinds = [node.kind for node in found.nodes if node.primitive is not None]
    assert kinds == [
        *("matmul", "add", "subtract", "multiply", "sum", "divide"),  # the loss
        *("multiply", "multiply", "sum", "matmul"),  # the gradients
        *("multiply", "subtract", "multiply", "subtract"),  # the updates
    ]


# --- every rule -----------------------------------------------------------------------------------

RULES = {
    rule.name for module in (movements, folding, identities, products) for rule in module.TABLE.rows
}

# Cases of the table of ops whose programs, with gradients, make use of a rule.
USEFUL_CASES = (
    "batch_gather_first",
    "batch_normalization_of_moments",
    "clip_by_norm_short",
    "complex_conj",
    "complex_product",
    "complex_reciprocal",
    "complex_sin",
    "control_dependencies",
    "div_python_left",
    "empty_matrix_diag_part",
    "gather_axis",
    "global_norm_none",
    "indexed_slices_gradient_of_sum",
    "max_pool_with_argmax",
    "operator_div",
    "pad_reflect",
    "patches_valid",
    "tensordot_axes_ints",
    "tensordot_axes_tensor",
    "where_empty",
    "zeros_large",
)
USEFUL_SCENARIOS = (
    "errors_at_run_time.assert_op",
    "optimizers.dense_steps[adagrad_da_ref]",
    "optimizers.double_precision_steps[adadelta]",
    "optimizers.sparse_steps[adam_default_ref]",
    "order_of_updates.learning_rate_decays_with_the_old_step[ref]",
)


def run_case(name: str) -> None:
    """Outputs of a case, gradients, and gradients of gradients."""
    (case,) = (case for case in CASES if case.name == name)
    built = build_case(tf, case, case.dtypes[0])
    with tf.Session(graph=built.graph) as session:
        outputs = session.run(built.outputs, built.feeds)
        if case.order:
            floating = [
                np.shape(array)
                for tensor, array in zip(built.outputs, outputs, strict=True)
                if tensor.dtype.is_floating
            ]
            gradients = add_gradients(tf, built, case, floating)
            arrays = iter(session.run(present(gradients), built.feeds))
            kept = [None if each is None else next(arrays) for each in gradients]
            if case.order > 1:
                second = add_second_gradients(tf, built, case, gradients, kept)
                session.run(present(second), built.feeds)


def present(parts: list[Any]) -> list[Any]:
    return [part for part in parts if part is not None]


def run_layers_that_turn_their_input() -> None:
    """Recurrent layers take and give the batch first, and go along the time."""
    tf.reset_default_graph()
    x = h = tf.placeholder(tf.float32, [None, 5, 3])
    for _ in range(2):
        h = tf.transpose(tf.cumsum(tf.transpose(h, [1, 0, 2])), [1, 0, 2])
    with tf.Session() as session:
        session.run(h, {x: np.ones((2, 5, 3))})


def test_every_rule_applies_somewhere(watched: Watched) -> None:
    for name in USEFUL_CASES:
        run_case(name)
    every = scenarios.all_scenarios()
    for name in USEFUL_SCENARIOS:
        tf.reset_default_graph()
        every[name](tf)
    run_layers_that_turn_their_input()
    assert sorted(RULES - set(watched.fired)) == []


# --- results that have become the same value ------------------------------------------------------


@pytest.mark.parametrize("size", [2, 50_000])
def test_results_that_are_one_value_are_two_arrays(size: int, watched: Watched) -> None:
    x, y = (tf.placeholder(tf.float32, [None]) for _ in range(2))
    v = tf.Variable(tf.zeros([size]), validate_shape=False)
    fetches = [x + y, y + x, v.assign(x + y).op, x * 1.0, v * 1.0, tf.cast(x, tf.float32) * 1.0]
    feeds = {x: np.full(size, 1.0, np.float32), y: np.full(size, 2.0, np.float32)}
    with tf.Session() as session:
        session.run(v.initializer)
        for before in (0.0, 3.0, 3.0):
            first, second, _, fed, read, cast = session.run(fetches, feeds)
            for array, wanted in ((first, 3), (second, 3), (fed, 1), (read, before), (cast, 1)):
                assert (array == wanted).all()
                array[...] = -7.0
            assert (session.run(v) == 3.0).all()
            assert (feeds[x] == 1.0).all() and (feeds[y] == 2.0).all()
    assert watched.fired["times one"] > 0 and watched.fired["add"] > 0


def test_results_that_have_become_constants(watched: Watched) -> None:
    x = tf.placeholder(tf.float32, [])
    known = tf.where(tf.fill([2], False), tf.fill([2], x), tf.fill([2], 5.0)) + 1.0
    with tf.Session() as session:
        for _ in range(3):
            found, moving = session.run([known, known * x], {x: 2.0})
            np.testing.assert_array_equal(found, [6.0, 6.0])
            np.testing.assert_array_equal(moving, [12.0, 12.0])
            found[...] = moving[...] = 0.0
