"""The main example, `examples/digits.py`."""

from __future__ import annotations

import numpy as np
import pytest

from tests.examples.program import load
from tests.support.paths import EXAMPLES

pytest.importorskip("sklearn")
pytest.importorskip("tqdm")
pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def digits():
    return load(EXAMPLES / "digits.py")


def test_it_reads_digits(digits, tmp_path, capsys):
    found = digits.main(["--out", str(tmp_path / "new" / "folder")])
    assert found.test_accuracy >= 0.96
    assert found.confusion.sum() == 360
    assert np.trace(found.confusion) == round(found.test_accuracy * 360)
    assert len(found.history) == 30
    assert found.history[-1].training_loss < 0.01 * found.history[0].training_loss
    assert found.history[-1].validation_accuracy > 0.95
    picture = tmp_path / "new" / "folder" / "digits.png"
    assert found.picture == str(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr()
    assert f"test accuracy {found.test_accuracy:.4f} on 360 scans" in printed.out
    assert "taken for" in printed.out
    assert "30/30" in printed.err and "validation 9" in printed.err  # the progress bar


def test_the_same_seed_gives_the_same_result(digits, tmp_path):
    arguments = ["--epochs", "2", "--hidden", "16", "--seed", "3", "--out", str(tmp_path)]
    first, second = digits.main(arguments), digits.main(arguments)
    assert first.history == second.history
    np.testing.assert_array_equal(first.confusion, second.confusion)
    other = digits.main([*arguments, "--seed", "4"])
    assert other.history != first.history


def test_no_hidden_layer_is_a_linear_classifier(digits, tmp_path):
    arguments = ["--epochs", "10", "--rate", "0.01", "--out", str(tmp_path)]
    found = digits.main([*arguments, "--hidden"])
    assert found.test_accuracy > 0.9


def test_the_parts_share_no_scan_and_are_standardised(digits):
    data = digits.load_data(seed=0)
    parts = [data.training, data.validation, data.test]
    assert [len(part.digits) for part in parts] == [1077, 360, 360]
    for part in parts:
        assert np.bincount(part.digits).min() >= 33  # every digit in every part
    grey = np.concatenate([part.pixels * data.spread + data.mean for part in parts])
    assert len(np.unique(np.rint(grey), axis=0)) == 1797  # no two scans are alike
    pixels = data.training.pixels
    np.testing.assert_allclose(pixels.mean(axis=0), 0, atol=1e-6)
    spread = pixels.std(axis=0)
    np.testing.assert_allclose(spread[spread > 0], 1, rtol=1e-5)


def test_the_confusion_table_counts_pairs(digits):
    table = digits.confusion_table(np.array([3, 3, 5, 9]), np.array([3, 8, 5, 5]))
    assert table[3, 3] == table[3, 8] == table[5, 5] == table[9, 5] == 1
    assert table.sum() == 4
    lines = digits.format_table(table).splitlines()
    assert lines[4].split() == ["true", "3:", ".", ".", ".", "1", ".", ".", ".", ".", "1", "."]


def test_a_picture_without_wrong_digits(digits, tmp_path):
    data = digits.load_data(seed=0)
    sure = np.eye(10)[data.test.digits]
    path = tmp_path / "all_right.png"
    digits.save_picture(str(path), [digits.Epoch(1.0, 1.0, 0.5)], data, sure, 1.0)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--epochs", "0"], "must be at least 1, not 0"),
        (["--hidden", "8", "-2"], "must be at least 1, not -2"),
        (["--batch", "few"], "invalid count value: 'few'"),
        (["--rate", "nan"], "must be a positive number, not nan"),
        (["--seed", "-1"], "must be between 0 and"),
    ],
)
def test_wrong_arguments_end_with_a_message(digits, arguments, words, capsys):
    with pytest.raises(SystemExit) as end:
        digits.main(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_a_directory_that_cannot_be_written_ends_before_training(digits, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("not a directory")
    with pytest.raises(SystemExit) as end:
        digits.main(["--out", str(file / "below")])
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert "cannot write" in message and "Traceback" not in message and "epoch/s" not in message


def test_help_names_every_option(digits, capsys):
    with pytest.raises(SystemExit) as end:
        digits.main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for option in ("--epochs", "--batch", "--rate", "--hidden", "--seed", "--out"):
        assert option in text
