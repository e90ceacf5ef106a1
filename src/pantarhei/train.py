"""`tf.train`: optimizers, schedules of learning rates, averages, the global step, threads.

Its functions for files (checkpoints, graphs, events) are imported when one of them is first used:
they bring libraries that training alone does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from pantarhei.core import example_messages as _example_messages
from pantarhei.optimizers.adadelta import AdadeltaOptimizer
from pantarhei.optimizers.adagrad import AdagradOptimizer
from pantarhei.optimizers.adagrad_da import AdagradDAOptimizer
from pantarhei.optimizers.adam import AdamOptimizer
from pantarhei.optimizers.cosine_decays import (
    cosine_decay,
    cosine_decay_restarts,
    linear_cosine_decay,
    noisy_linear_cosine_decay,
)
from pantarhei.optimizers.decays import (
    exponential_decay,
    inverse_time_decay,
    natural_exp_decay,
    polynomial_decay,
)
from pantarhei.optimizers.ftrl import FtrlOptimizer
from pantarhei.optimizers.global_step import (
    assert_global_step,
    create_global_step,
    get_global_step,
    get_or_create_global_step,
    global_step,
)
from pantarhei.optimizers.gradient_descent import GradientDescentOptimizer
from pantarhei.optimizers.momentum import MomentumOptimizer
from pantarhei.optimizers.moving_averages import ExponentialMovingAverage
from pantarhei.optimizers.optimizer import Optimizer
from pantarhei.optimizers.piecewise import piecewise_constant
from pantarhei.optimizers.proximal import (
    ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer,
)
from pantarhei.optimizers.rmsprop import RMSPropOptimizer
from pantarhei.training.coordinator import Coordinator, LooperThread

if TYPE_CHECKING:
    from pantarhei.training_files import (
        CheckpointState,
        NewCheckpointReader,
        Saver,
        checkpoint_exists,
        checkpoints_iterator,
        export_meta_graph,
        generate_checkpoint_state_proto,
        get_checkpoint_mtimes,
        get_checkpoint_state,
        import_meta_graph,
        init_from_checkpoint,
        latest_checkpoint,
        list_variables,
        load_checkpoint,
        load_variable,
        remove_checkpoint,
        summary_iterator,
        update_checkpoint_state,
        warm_start,
        write_graph,
    )

piecewise_constant_decay = piecewise_constant

__all__ = [
    "AdadeltaOptimizer",
    "AdagradDAOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "CheckpointState",
    "Coordinator",
    "ExponentialMovingAverage",
    "FtrlOptimizer",
    "GradientDescentOptimizer",
    "LooperThread",
    "MomentumOptimizer",
    "NewCheckpointReader",
    "Optimizer",
    "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer",
    "RMSPropOptimizer",
    "Saver",
    "assert_global_step",
    "checkpoint_exists",
    "checkpoints_iterator",
    "cosine_decay",
    "cosine_decay_restarts",
    "create_global_step",
    "exponential_decay",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
    "import_meta_graph",
    "init_from_checkpoint",
    "inverse_time_decay",
    "latest_checkpoint",
    "linear_cosine_decay",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "natural_exp_decay",
    "noisy_linear_cosine_decay",
    "piecewise_constant",
    "piecewise_constant_decay",
    "polynomial_decay",
    "remove_checkpoint",
    "summary_iterator",
    "update_checkpoint_state",
    "warm_start",
    "write_graph",
]


def __getattr__(name: str) -> object:
    """Functions for files, and classes of protocol buffers, which are made when first used."""
    if name in __all__:
        globals()[name] = getattr(import_module("pantarhei.training_files"), name)
        return globals()[name]
    if name in _example_messages.FIELDS:
        return _example_messages.example_class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
