"""Names that are imported when they are first used: all there, whichever is asked for first.

What a process has imported cannot be taken back, so each of these tests starts one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import pantarhei as tf
from pantarhei import late_names

SOURCE = Path(tf.__file__).parents[1]


def said(program: str) -> str:
    """What a new Python prints."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{program}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_importing_the_package_is_light() -> None:
    loaded = set(json.loads(said("import json, pantarhei\nprint(json.dumps([*sys.modules]))")))
    heavy = {"absl", "llvmlite", "scipy", "tensorboard", "google", "hashlib", "socket", "uuid"}
    assert not heavy & loaded
    own = {each for each in loaded if each.startswith("pantarhei.")}
    assert not {
        each for each in own if each.startswith(("pantarhei.engines.native", "pantarhei.train."))
    }


def test_each_name_comes_first() -> None:
    """Each is asked for in a process that has asked for nothing else."""
    program = """
import os, sys
sys.stdout.flush()
import pantarhei as tf
from pantarhei import late_names
for name in sorted(late_names.MODULES.keys() | late_names.OF_MODULES.keys()):
    child = os.fork() if hasattr(os, "fork") else 0
    if not child:
        assert getattr(tf, name) is not None
        assert name in vars(tf)
        if hasattr(os, "fork"):
            os._exit(0)
    elif os.waitpid(child, 0)[1]:
        print(name)
"""
    assert said(program) == ""


def test_dir_shows_them_before_they_are_imported() -> None:
    shown = said("import pantarhei as tf\nprint(*dir(tf))").split()
    assert late_names.MODULES.keys() | late_names.OF_MODULES.keys() <= set(shown)
    assert len(shown) == len(set(shown))


def test_every_kind_of_operation_is_known() -> None:
    """Whoever asks for one by its type need not know which module defines it."""
    program = """
import pantarhei
from pantarhei.graph.definitions.definition import REGISTRY
assert not REGISTRY.is_defined("ResourceApplyAdam") and not REGISTRY.is_defined("SaveV2")
assert "ResourceApplyAdam" in REGISTRY and REGISTRY.get("SaveV2") and REGISTRY["ScalarSummary"]
assert "Nonsense" not in REGISTRY and REGISTRY.get("Nonsense") is None
print(len(list(REGISTRY)))
"""
    assert int(said(program)) == len({*late_names.REGISTRY})


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'pantarhei' has no attribute 'nonsense'"):
        _ = tf.nonsense


def test_names_of_training_come_when_used() -> None:
    program = """
import json, sys
import pantarhei as tf
optimizer = tf.train.AdamOptimizer
assert "pantarhei.files.checkpoints.saver" not in sys.modules
assert set(tf.train.__all__) <= set(dir(tf.train))
assert all(getattr(tf.train, name) is not None for name in tf.train.__all__)
from pantarhei.train import *
print(Saver.__name__)
"""
    assert said(program) == "Saver\n"
