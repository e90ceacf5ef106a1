"""How errors are told: words, op, creation line, forward op, cause, cure; twelve lines at most."""

import pickle
from types import SimpleNamespace

import pytest

from pantarhei.core import errors


def op(name, forward=None):
    return SimpleNamespace(
        name=name,
        type="MatMul",
        inputs=[SimpleNamespace(shape="(2, 3)")],
        creation_site=f"train.py:12, in main: {name} = tf.matmul(a, b)",
        _original_op=forward,
    )


def test_the_text_names_op_line_forward_op_cause_and_cure():
    failed = op("gradients/y_grad/MatMul", forward=op("y"))
    error = errors.InvalidArgumentError(None, failed, "Bad.", cause="It is.", cure="Mend it.")
    assert error.message == "Bad."
    assert str(error).splitlines() == [
        "Bad.",
        "  Op: 'gradients/y_grad/MatMul' (MatMul), inputs: (2, 3)",
        "    created at train.py:12, in main: gradients/y_grad/MatMul = tf.matmul(a, b)",
        "  Made for op: 'y' (MatMul), inputs: (2, 3)",
        "    created at train.py:12, in main: y = tf.matmul(a, b)",
        "  Cause: It is.",
        "  Cure: Mend it.",
    ]


def test_an_op_needs_only_a_name():
    assert errors.described("Bad.", SimpleNamespace(name="x")) == "Bad.\n  Op: 'x'"


def test_an_op_is_described_once():
    text = errors.described("Bad.", op("y"))
    assert str(errors.InternalError(None, op("y"), text)) == text


@pytest.mark.parametrize("depth", [1, 30])
@pytest.mark.parametrize("words", [1, 30])
@pytest.mark.parametrize("advice", [None, "Do."])
def test_twelve_lines_at_most(depth, words, advice):
    chain = None
    for level in range(depth):
        chain = op(f"op_{level}", chain)
    text = errors.described("\n".join(["words"] * words), chain, advice, advice)
    lines = text.splitlines()
    assert len(lines) <= 12
    assert lines[0] == "words"
    assert f"'op_{depth - 1}'" in text
    assert (advice is None) or lines[-1] == "  Cure: Do."


def test_errors_can_be_pickled():
    error = errors.NotFoundError(None, None, "No such file", cure="Look elsewhere.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is errors.NotFoundError
    assert (copy.message, copy.error_code, str(copy)) == ("No such file", 5, str(error))


def test_a_class_without_a_code_is_unknown():
    with pytest.warns(UserWarning, match="Unknown class exception"):
        assert errors.error_code_from_exception_type(ValueError) == errors.UNKNOWN
