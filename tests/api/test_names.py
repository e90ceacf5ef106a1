"""Public names are imported when they are first used, whichever comes first.

What a process has imported cannot be taken back, so most of these tests start one.
"""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys

import pytest

import pantarhei as tf
from pantarhei.api import table
from tests.support.paths import SOURCE


def printed(program: str) -> str:
    """What a new Python prints."""
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment
    ).stdout


def test_importing_the_package_is_light() -> None:
    loaded = set(printed("import sys, pantarhei\nprint(*sys.modules)").split())
    heavy = {"absl", "llvmlite", "scipy", "tensorboard", "google", "hashlib", "socket", "uuid"}
    assert not heavy & loaded
    late = ("engines.native", "layers.", "losses.", "optimizers.", "runtime.session", "files.check")
    prefixes = tuple(f"{table.PACKAGE}.{each}" for each in late)
    assert not {each for each in loaded if each.startswith(prefixes)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process for each module")
def test_each_module_comes_first() -> None:
    """A name of each is used in a process that has used nothing else."""
    program = """
import os, sys
sys.stdout.flush()
import pantarhei as tf
from pantarhei.api import table
for namespace, name in {row.module: row.paths[0] for row in table.ROWS}.values():
    child = os.fork()
    if not child:
        getattr(sys.modules[table.module_name(namespace)], name)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(namespace, name)
"""
    assert printed(program) == ""


@pytest.mark.parametrize(
    "program",
    [
        "import pantarhei.nn as nn\nassert nn.relu",
        "import pantarhei.nn.rnn_cell\nassert pantarhei.nn.rnn_cell.LSTMCell",
        "from pantarhei.nn.rnn_cell import GRUCell",
        "from pantarhei.train import *\nassert Saver and AdamOptimizer",
        "from pantarhei.layers import dense, Dense\nfrom pantarhei.layers import *\nassert conv2d",
        "from pantarhei import *\nassert reduce_sum and nn.relu",
        "from pantarhei.python.client import timeline\nassert timeline.Timeline",
        "import pantarhei.python.client.timeline as timeline\nassert timeline.Timeline",
        "from pantarhei import flags, app, logging\nassert flags.DEFINE_string and app.run",
        "import pantarhei as tf\nassert 'Saver' not in vars(tf.train)\n"
        "tf.train.Saver\nassert 'Saver' in vars(tf.train)",
    ],
)
def test_imports(program: str) -> None:
    printed(program)


@pytest.mark.parametrize(
    "program",
    [
        "x = tf.constant([[1.0]])\ny = x @ x + [1.0]\nassert not tf.Session().run((x > y)[0])",
        "x = tf.placeholder(tf.float32, [2])\nprint(-x[0], tf.gradients(tf.tanh(x), x))",
        "v = tf.Variable(1.0)\nv + 1",
        "s = tf.SparseTensor([[0]], [2.0], [1])\ns * [3.0]",
        "tf.get_default_graph().as_graph_def()",
        "a = tf.TensorArray(tf.float32, 1).write(0, 1.0)\ntf.gradients(a.stack(), a.flow)",
        "import os\nv = tf.Variable(1.0)\nsession = tf.Session()\nsession.run(v.initializer)\n"
        "import tempfile\npath = tempfile.mkdtemp() + '/model'\n"
        "tf.train.Saver().save(session, path)\nassert os.path.exists(path + '.meta')",
        "i = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])\nassert tf.Session().run(i) == 3",
    ],
)
def test_first_use(program: str) -> None:
    """Registrations that modules do in others are there."""
    printed("import pantarhei as tf\n" + program)


def test_every_kind_of_operation_is_registered() -> None:
    """An operation is found by its type before the module that defines it is imported."""
    program = """
import pantarhei
from pantarhei.graph.definitions.definition import REGISTRY
assert not REGISTRY.is_defined("ResourceApplyAdam") and not REGISTRY.is_defined("SaveV2")
assert "ResourceApplyAdam" in REGISTRY and REGISTRY.get("SaveV2") and REGISTRY["ScalarSummary"]
assert "Nonsense" not in REGISTRY and REGISTRY.get("Nonsense") is None
"""
    printed(program)


def test_common_programs_import_no_more_than_they_use() -> None:
    program = """
import sys
import pantarhei as tf
x = tf.placeholder(tf.float32, [None, 4])
hidden = tf.layers.dense(x, 3, activation=tf.nn.relu)
loss = tf.losses.mean_squared_error(x[:, :3], hidden)
step = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(step, {x: [[1.0, 2.0, 3.0, 4.0]]})
print([name for name in sys.modules if name.startswith("pantarhei.ops.parsing")])
"""
    assert printed(program) == "[]\n"


def test_threads_resolve_the_same_objects() -> None:
    program = """
from concurrent.futures import ThreadPoolExecutor
import pantarhei as tf
with ThreadPoolExecutor(8) as pool:
    names = tf.train.__all__
    found = list(pool.map(lambda _: [getattr(tf.train, name) for name in names], range(8)))
assert all(each == found[0] for each in found)
"""
    printed(program)


def test_public_objects_are_pickled_by_name() -> None:
    for value in (tf.nn.relu, tf.train.AdamOptimizer, tf.layers.Dense):
        assert pickle.loads(pickle.dumps(value)) is value
        assert copy.deepcopy(value) is value
