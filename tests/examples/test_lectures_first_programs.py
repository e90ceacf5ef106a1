"""What the slides of the TensorFlow lecture print."""

from __future__ import annotations

import re

import numpy as np

from tests.examples.program import lecture


def test_first_steps():
    found = lecture("first_steps").main()
    assert found.symbol == 'Tensor("matmul:0", shape=(?, 20), dtype=float32)'
    assert found.cluttered == [
        "<tf.Operation 'Placeholder' type=Placeholder>",
        "<tf.Operation 'Placeholder_1' type=Placeholder>",
        "<tf.Operation 'Placeholder_2' type=Placeholder>",
    ]
    assert found.listing == "[<tf.Operation 'x' type=Placeholder>]"
    assert found.outputs == "[<tf.Tensor 'x:0' shape=(?, 10) dtype=float32>]"
    assert found.type_of_c == 'Tensor("mul:0", shape=(), dtype=float32)'
    assert found.value_of_c == 30.0
    assert found.uninitialized.startswith("Attempting to use uninitialized value")
    assert found.unfed.startswith("You must feed a value for placeholder tensor")
    for product in (found.product, found.fed_product):
        assert product.dtype == np.float32
        assert product.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_gradient_descent_prints_the_slide(capsys):
    found = lecture("gradient_descent").main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 10
    assert lines[:2] == ["0.448929 0.314901", "0.359143 0.201537"]
    assert lines[-1] == "0.0602542 0.00567276"
    np.testing.assert_allclose(found.x[1:] / found.x[:-1], 0.8, rtol=1e-6)
    # x is shown after the step, f is the square of the x before it
    np.testing.assert_allclose(found.f, (found.x / 0.8) ** 2, rtol=1e-6)


def test_tf_print_writes_the_slide(capfd):
    found = lecture("tf_print").main()
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("x, f:")]
    printed = np.array([re.findall(r"^x, f:\[(.+)\]\[(.+)\]$", line)[0] for line in lines])
    x, f = printed.astype(np.float64).T
    assert len(lines) == 10
    np.testing.assert_allclose([x[0], f[0]], [1.5879565, 2.521606], rtol=1e-6)
    np.testing.assert_allclose([x[-1], f[-1]], [0.2131319, 0.04542521], rtol=1e-6)
    np.testing.assert_allclose(x, found.x[:-1], rtol=1e-6)
    np.testing.assert_allclose(f, x**2, rtol=1e-6)


def test_linear_regression_finds_the_weights():
    found = lecture("linear_regression").main()
    np.testing.assert_allclose(found.found, found.true, atol=0.05)
    np.testing.assert_allclose(found.found, found.least_squares, atol=0.005)
    assert len(found.losses) == 300
    assert np.all(np.diff(found.losses) < 1e-7)  # never up, but for the last float32 digit
    assert abs(found.losses[-1] - 0.20**2) < 0.002  # what remains is the noise
