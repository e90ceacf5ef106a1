"""What `tf.train` does with files: checkpoints, graphs and events.

One module for all of them, since they work together: saving a checkpoint writes the graph, too.
"""

from pantarhei.files.checkpoints.checkpoint_state import (
    CheckpointState,
    checkpoint_exists,
    generate_checkpoint_state_proto,
    get_checkpoint_mtimes,
    get_checkpoint_state,
    latest_checkpoint,
    remove_checkpoint,
    update_checkpoint_state,
)
from pantarhei.files.checkpoints.initialization import init_from_checkpoint, warm_start
from pantarhei.files.checkpoints.reader import (
    NewCheckpointReader,
    list_variables,
    load_checkpoint,
    load_variable,
)
from pantarhei.files.checkpoints.saver import Saver
from pantarhei.files.checkpoints.waiting import checkpoints_iterator
from pantarhei.files.event_file import summary_iterator
from pantarhei.files.graphs.meta_graphs import export_meta_graph, import_meta_graph
from pantarhei.files.graphs.writing import write_graph

__all__ = [
    "CheckpointState",
    "NewCheckpointReader",
    "Saver",
    "checkpoint_exists",
    "checkpoints_iterator",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "import_meta_graph",
    "init_from_checkpoint",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "remove_checkpoint",
    "summary_iterator",
    "update_checkpoint_state",
    "warm_start",
    "write_graph",
]
