"""Differentiation as a transformation of graphs: what flows where, how often, and at what cost."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.lowering.lower import lower
from pantarhei.lowering.plan import Segment
from pantarhei.program.ir import Type


@pytest.fixture(autouse=True)
def _new_graph() -> None:
    tf.reset_default_graph()


def value_of(fetches: Any, feed_dict: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed_dict)


def count() -> int:
    return len(tf.get_default_graph().get_operations())


# --- the arguments of tf.gradients --------------------


def test_with_respect_to_any_tensor_in_the_middle() -> None:
    x = tf.constant(2.0)
    square = x * x
    y = tf.exp(square) * square
    by_square, by_x = tf.gradients(y, [square, x])
    found = value_of([by_square, by_x])
    np.testing.assert_allclose(found, [np.exp(4.0) * 5.0, np.exp(4.0) * 5.0 * 4.0], rtol=1e-6)


def test_with_respect_to_a_tensor_and_its_own_input_counts_no_path_twice() -> None:
    x = tf.constant(3.0)
    y = x * x + x
    assert value_of(tf.gradients(y, [y, x])) == [1.0, 7.0]


def test_several_ys_are_summed_and_weighted_by_grad_ys() -> None:
    x = tf.constant([1.0, 2.0])
    ys = [x * 3.0, tf.reduce_sum(x * x)]
    np.testing.assert_array_equal(value_of(tf.gradients(ys, x))[0], [5.0, 7.0])
    weighted = tf.gradients(ys, x, grad_ys=[tf.constant([1.0, 10.0]), tf.constant(0.5)])
    np.testing.assert_array_equal(value_of(weighted)[0], [4.0, 32.0])
    mixed = tf.gradients(ys, x, grad_ys=[None, tf.constant(0.0)])
    np.testing.assert_array_equal(value_of(mixed)[0], [3.0, 3.0])


def test_grad_ys_of_a_wrong_shape_are_refused() -> None:
    x = tf.zeros([2])
    with pytest.raises(ValueError, match="are incompatible"):
        tf.gradients(x * 2.0, x, grad_ys=tf.ones([3]))


def test_stop_gradients_are_constants() -> None:
    a = tf.constant(2.0)
    b = a * 3.0
    total = tf.gradients(a + b, [a, b])
    partial = tf.gradients(a + b, [a, b], stop_gradients=[a, b])
    assert value_of([total, partial]) == [[4.0, 1.0], [1.0, 1.0]]


def test_stop_gradient_and_prevent_gradient() -> None:
    x = tf.constant(3.0)
    assert value_of(tf.gradients(x * tf.stop_gradient(x), x)) == [3.0]
    assert tf.gradients(tf.stop_gradient(x), x) == [None]


def test_unconnected_gradients() -> None:
    x, other = tf.constant([1.0, 2.0]), tf.constant([[3.0]])
    assert tf.gradients(x * 2.0, [other]) == [None]
    zero = tf.gradients(x * 2.0, [x, other], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    found = value_of(zero)
    np.testing.assert_array_equal(found[0], [2.0, 2.0])
    np.testing.assert_array_equal(found[1], [[0.0]])


def test_whole_numbers_are_not_on_the_way() -> None:
    x = tf.constant([1.5, 2.5])
    y = tf.cast(tf.cast(x, tf.int32), tf.float32)
    assert tf.gradients(y, x) == [None]


def test_colocation() -> None:
    with tf.device("/cpu:0"):
        x = tf.constant([1.0, 2.0])
        y = tf.exp(x, name="e")
    (g,) = tf.gradients(y, x, colocate_gradients_with_ops=True)
    assert b"loc:@e" in g.op.colocation_groups()
    assert g.device == "/device:CPU:0"
    (free,) = tf.gradients(y, x)
    assert free.device == ""


def test_gated_gradients_wait_for_each_other() -> None:
    a, b = tf.constant(2.0), tf.constant(3.0)
    gated = tf.gradients(a * b, [a, b], gate_gradients=True)
    assert value_of(gated) == [3.0, 2.0]
    assert gated[0].op.control_inputs and (gated[0].op.control_inputs == gated[1].op.control_inputs)


@pytest.mark.parametrize("method", [None, 0, 1, 2])
def test_every_way_of_adding_up_gives_the_same(method: int | None) -> None:
    x = tf.constant([1.0, 2.0])
    y = x * 1.0 + x * 2.0 + x * 3.0 + x * 4.0
    (g,) = tf.gradients(y, x, aggregation_method=method)
    np.testing.assert_array_equal(value_of(g), [10.0, 10.0])


def test_variables_of_both_kinds() -> None:
    for use_resource in (False, True):
        v = tf.get_variable(f"v{use_resource}", initializer=3.0, use_resource=use_resource)
        first = tf.gradients(v * v * v, v)[0]
        assert value_of([first, *tf.gradients(first, v)]) == [27.0, 18.0]


def test_rows_of_a_lookup_stay_sparse_and_add_up() -> None:
    table = tf.get_variable("table", initializer=np.ones((4, 2), np.float32))
    y = tf.gather(table, [1, 1, 3]) * 2.0
    (g,) = tf.gradients(y, table)
    assert isinstance(g, tf.IndexedSlices)
    dense = value_of(tf.convert_to_tensor(g))
    np.testing.assert_array_equal(dense, [[0, 0], [4, 4], [0, 0], [2, 2]])


def test_rows_of_a_lookup_become_dense_through_a_reshape_without_a_warning() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    rows = tf.gather(tf.reshape(x, [-1]), [0, 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (gradient,) = tf.gradients(rows, x)
        masked = tf.gradients(tf.boolean_mask(x, x > 1.0), x)[0]
        tf.gradients(tf.gather(tf.expand_dims(x, 0), [0]), x)
    with tf.Session() as session:
        found, of_masked = session.run([gradient, masked], {x: [[1.0, 2.0, 3.0]]})
    assert found.tolist() == [[1.0, 0.0, 1.0]]
    assert of_masked.tolist() == [[0.0, 1.0, 1.0]]
    with pytest.warns(UserWarning, match="Converting sparse IndexedSlices"):
        tf.gradients(tf.gather(tf.tanh(x), [0]), x)


def test_registered_gradient_overrides_and_sees_the_operation() -> None:
    seen = []

    @tf.RegisterGradient("DoubledForTest")
    def _doubled(op: Any, g: Any) -> Any:
        seen.append(op.name)
        return 2.0 * g

    x = tf.constant(3.0)
    with tf.get_default_graph().gradient_override_map({"Square": "DoubledForTest"}):
        y = tf.square(x, name="here")
    assert value_of(tf.gradients(y, x)) == [2.0]
    assert seen == ["here"]
    with pytest.raises(KeyError, match="Registering two gradient with name 'DoubledForTest'"):
        tf.RegisterGradient("DoubledForTest")(_doubled)


# --- higher orders --------------------


def test_third_order() -> None:
    x = tf.placeholder(tf.float64, ())
    derivative = tf.exp(x * x)
    for _ in range(3):
        (derivative,) = tf.gradients(derivative, x)
    found = value_of(derivative, {x: 0.7})
    expected = (12 * 0.7 + 8 * 0.7**3) * np.exp(0.49)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("x_value", [2.0, -2.0])
def test_second_and_third_order_through_a_condition(x_value: float) -> None:
    x = tf.placeholder(tf.float64, ())
    factor = tf.constant(5.0, tf.float64)
    y = tf.cond(x > 0.0, lambda: x * x * x * factor, lambda: tf.exp(x))
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    third = tf.gradients(second, x)[0]
    found = value_of([y, first, second, third], {x: x_value})
    if x_value > 0:
        expected = [5 * x_value**3, 15 * x_value**2, 30 * x_value, 30.0]
    else:
        expected = [np.exp(x_value)] * 4
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("x_value", [3.0, 1.0, -1.0])
def test_nested_conditions_and_what_they_take_from_outside(x_value: float) -> None:
    x = tf.placeholder(tf.float64, ())
    w = tf.get_variable("w", initializer=np.float64(2.0))
    y = tf.cond(
        x > 0.0,
        lambda: tf.cond(x > 2.0, lambda: w * x * x, lambda: w * w * x),
        lambda: x,
    )
    by_x, by_w = tf.gradients(y, [x, w], unconnected_gradients="zero")
    expected = {3.0: [12.0, 9.0], 1.0: [4.0, 4.0], -1.0: [1.0, 0.0]}[x_value]
    np.testing.assert_allclose(value_of([by_x, by_w], {x: x_value}), expected, rtol=1e-12)


def test_hessians_are_the_second_derivatives() -> None:
    x = tf.placeholder(tf.float64, (3,))
    matrix = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 10.0]])
    product = tf.tensordot(tf.constant(matrix), x, 1)
    y = tf.reduce_sum(x * product)
    (h,) = tf.hessians(y, x)
    np.testing.assert_allclose(value_of(h, {x: [0.1, 0.2, 0.3]}), matrix + matrix.T, rtol=1e-12)
    assert h.shape.as_list() == [3, 3]


def test_hessians_of_a_matrix_have_its_shape_twice() -> None:
    m = tf.placeholder(tf.float64, (2, 2))
    (h,) = tf.hessians(tf.reduce_sum(tf.matmul(m, m)), m)
    found = value_of(h, {m: [[1.0, 2.0], [3.0, 4.0]]})
    expected = np.zeros((2, 2, 2, 2))
    for i in range(2):
        for j in range(2):
            for k in range(2):  # the sum has the terms m[i, j] * m[j, k]
                expected[i, j, j, k] += 1.0
                expected[j, k, i, j] += 1.0
    np.testing.assert_array_equal(found, expected)


# --- tf.custom_gradient --------------------


def test_custom_gradient_is_used_and_can_be_differentiated_again() -> None:
    @tf.custom_gradient
    def cube(x: Any) -> Any:
        return x * x * x, lambda g: g * 3.0 * x * x

    x = tf.constant(2.0, tf.float64)
    y = cube(x)
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    assert value_of([y, first, second]) == [8.0, 12.0, 12.0]


def test_custom_gradient_with_variables() -> None:
    with tf.variable_scope("layer", use_resource=True):

        @tf.custom_gradient
        def layer(x: Any) -> Any:
            w = tf.get_variable("w", initializer=5.0)

            def backward(g: Any, variables: Any = None) -> Any:
                assert variables == [w]
                return g * 7.0, [g * 11.0]

            return x * w, backward

        x = tf.constant(2.0)
        y = layer(x)
    (w,) = tf.trainable_variables()
    assert value_of([y, *tf.gradients(y, [x, w])]) == [10.0, 7.0, 11.0]


def test_custom_gradient_that_forgets_its_variables_is_told_so() -> None:
    @tf.custom_gradient
    def layer(x: Any) -> Any:
        return x * tf.get_variable("w", initializer=5.0, use_resource=True), lambda g: g

    with pytest.raises(TypeError, match="must accept a keyword argument 'variables'"):
        layer(tf.constant(2.0))


# --- cost --------------------


def test_each_operation_is_differentiated_once_however_many_paths_lead_to_it() -> None:
    calls = []

    @tf.RegisterGradient("CountedForTest")
    def _counted(op: Any, g: Any) -> Any:
        calls.append(op.name)
        return g

    x = tf.constant(1.0)
    with tf.get_default_graph().gradient_override_map({"Identity": "CountedForTest"}):
        for _ in range(30):  # 2 ** 30 paths
            x = tf.identity(x + x)
    tf.gradients(x, tf.get_default_graph().get_operations()[0].outputs[0])
    assert len(calls) == len(set(calls)) == 30


def _chain(depth: int) -> tuple[Any, Any]:
    x = tf.placeholder(tf.float64, (2,))
    y = x
    for _ in range(depth):
        y = tf.tanh(y)
    return x, y


def test_the_graph_of_derivatives_grows_linearly_with_depth() -> None:
    sizes = []
    for depth in (100, 200, 400):
        tf.reset_default_graph()
        x, y = _chain(depth)
        before = count()
        tf.gradients(y, x)
        sizes.append(count() - before)
    assert sizes[2] - sizes[1] == 2 * (sizes[1] - sizes[0])


def test_the_lowered_program_grows_linearly_with_depth() -> None:
    sizes = []
    for depth in (100, 200, 400):
        tf.reset_default_graph()
        x, y = _chain(depth)
        plan = lower([], tf.gradients(y, x), {x: Type(np.dtype(np.float64), (2,))}, {})
        assert all(isinstance(step, Segment) for step in plan.steps)
        sizes.append(
            sum(len(step.program.nodes) for step in plan.steps if isinstance(step, Segment))
        )
    assert sizes[2] - sizes[1] == 2 * (sizes[1] - sizes[0])


def test_a_thousand_layers() -> None:
    x = tf.placeholder(tf.float64, (1, 2))
    y = x
    w = tf.get_variable("w", initializer=np.array([[0.8, -0.3], [0.4, 0.9]]))
    for _ in range(1_000):
        y = tf.tanh(tf.matmul(y, w))
    by_x, by_w = tf.gradients(y, [x, w])
    found = value_of([by_x, by_w], {x: [[0.5, -0.5]]})
    assert all(np.all(np.isfinite(each)) for each in found)


def test_ten_thousand_operations_in_a_row_need_no_recursion() -> None:
    x, y = _chain(10_000)
    (g,) = tf.gradients(y, x)
    found = value_of(g, {x: [0.0, 0.5]})
    point, slope = 0.5, 1.0
    for _ in range(10_000):
        point = np.tanh(point)
        slope *= 1.0 - point * point
    np.testing.assert_allclose(found, [1.0, slope], rtol=1e-9)


def test_no_jacobian_is_ever_formed() -> None:
    # The Jacobian of this layer would have (64 * 512) ** 2 numbers: 4 GiB.
    x = tf.placeholder(tf.float32, (64, 512))
    w = tf.placeholder(tf.float32, (512, 512))
    loss = tf.reduce_sum(tf.square(tf.tanh(tf.matmul(x, w))))
    step = tf.gradients(loss, [x, w])
    feeds = {x: np.full((64, 512), 0.01), w: np.full((512, 512), 0.01)}
    with tf.Session() as session:
        session.run(step, feeds)
        tracemalloc.start()
        session.run(step, feeds)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 * 2**20
