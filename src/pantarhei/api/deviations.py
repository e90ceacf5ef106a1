"""Arguments of public callables that differ on purpose from TensorFlow 1.15.5's, and why.

A test compares all others with the recording docs/api-1.15.json.gz, and each row here with what
differs; docs/coverage.md lists the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple


class Deviation(NamedTuple):
    """Public paths (with wildcards, separated by blanks), what differs there, and the reason.

    The difference has `-name` for an argument of 1.15.5 that is missing and `+name` for one that is
    added; it ends with "reordered" where the others stand in another order.
    """

    paths: str
    difference: str
    reason: str

    def covers(self, path: str) -> bool:
        """Whether the row is about a public path."""
        return any(fnmatchcase(path, pattern) for pattern in self.paths.split())


def difference(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """How argument names differ, in the form of `Deviation`; "" where they do not.

    The names behind `*` and `**` are not compared, since callers cannot use them.
    """
    left, right = (
        ["*" * name.count("*") if name[0] == "*" else name for name in names]
        for names in (theirs, ours)
    )
    parts = [f"-{name}" for name in left if name not in right]
    parts += [f"+{name}" for name in right if name not in left]
    if [name for name in left if name in right] != [name for name in right if name in left]:
        parts.append("reordered")
    return " ".join(parts)


DEVIATIONS = (
    Deviation(
        "tf.ConfigProto tf.GPUOptions tf.GraphOptions tf.OptimizerOptions tf.RunOptions",
        "-*",
        "Messages take their fields by name only; protocol buffers refuse others, too.",
    ),
    Deviation(
        "tf.Operation",
        "-node_def -g -input_types -original_op -op_def +graph +definition +name +attributes",
        "Operations are made by `Graph.create_op`, from a definition and not from a NodeDef.",
    ),
    Deviation(
        "tf.VariableScope.get_variable",
        "-trainable -collections -caching_device -partitioner -validate_shape -use_resource "
        "-custom_getter -constraint -synchronization -aggregation +**",
        "The arguments after `reuse` are taken by name.",
    ),
    Deviation(
        "tf.convert_to_tensor",
        "+as_ref",
        "One function for programs and for the package itself, which also converts references.",
    ),
    Deviation(
        "tf.errors.*Error",
        "+error_code +cause +cure",
        "All classes share one constructor; `cause` and `cure` are sentences of the message.",
    ),
    Deviation(
        "tf.errors.OpError tf.errors.UnknownError",
        "+cause +cure",
        "`cause` and `cure` are sentences that the message ends with.",
    ),
    Deviation(
        "tf.flags.FLAGS",
        "-* -** +argv +known_only",
        "absl's flags object itself, without TensorFlow's wrapper.",
    ),
    Deviation("tf.group", "-** +name", "`name`, the only argument in `**kwargs`, is explicit."),
    Deviation(
        "tf.train.import_meta_graph",
        "-** +graph +input_map +unbound_inputs_col_name +restore_collections_predicate",
        "The arguments that 1.15.5 reads from `**kwargs` are explicit.",
    ),
    Deviation(
        "tf.is_variable_initialized",
        "+name",
        "The package names the operations that it makes with this function.",
    ),
    Deviation(
        "tf.layers.BatchNormalization tf.layers.batch_normalization",
        "-renorm -renorm_clipping -renorm_momentum -virtual_batch_size -adjustment",
        "Batch renormalization and virtual batches are not implemented yet.",
    ),
    Deviation("tf.layers.Flatten", "+name", "1.15.5 takes `name` from `**kwargs`."),
    Deviation(
        "tf.layers.Layer tf.nn.rnn_cell.RNNCell",
        "+activity_regularizer",
        "1.15.5 takes `activity_regularizer` from `**kwargs`.",
    ),
    Deviation(
        "tf.linalg.diag tf.matrix_diag",
        "-k -num_rows -num_cols -padding_value",
        "Diagonals other than the main one are not implemented yet.",
    ),
    Deviation(
        "tf.linalg.diag_part tf.matrix_diag_part",
        "-k -padding_value",
        "Diagonals other than the main one are not implemented yet.",
    ),
    Deviation(
        "tf.linalg.set_diag tf.matrix_set_diag",
        "-k",
        "Diagonals other than the main one are not implemented yet.",
    ),
    Deviation(
        "tf.meshgrid",
        "+indexing +name",
        "The arguments that 1.15.5 reads from `**kwargs` are explicit.",
    ),
    Deviation(
        "tf.nn.rnn_cell.*.add_weight",
        "-synchronization -aggregation",
        "Both are passed on to `get_variable` with the other arguments by name.",
    ),
    Deviation(
        "tf.nn.rnn_cell.DropoutWrapper",
        "-* +cell +input_keep_prob +output_keep_prob +state_keep_prob +variational_recurrent "
        "+input_size +dtype +seed +dropout_state_filter_visitor",
        "1.15.5 documents these arguments; a base class of its own hides their names.",
    ),
    Deviation(
        "tf.nn.rnn_cell.ResidualWrapper",
        "-* +cell +residual_fn",
        "1.15.5 documents these arguments; a base class of its own hides their names.",
    ),
    Deviation(
        "tf.nn.rnn_cell.*.build",
        "-_ +input_shape",
        "The argument that these classes ignore has the name that it has in all layers.",
    ),
    Deviation(
        "tf.nn.rnn_cell.*.call",
        "+*",
        "The base class of all layers passes any arguments on to `call`.",
    ),
    Deviation(
        "tf.print",
        "+output_stream +summarize +sep +end +name",
        "The arguments that 1.15.5 reads from `**kwargs` are explicit.",
    ),
    Deviation(
        "tf.saved_model.load tf.saved_model.loader.load",
        "-**",
        "The `Saver` that restores the variables takes no arguments of the caller.",
    ),
    Deviation(
        "tf.sparse.split tf.sparse_split",
        "-keyword_required",
        "All arguments are keyword-only, which 1.15.5 enforces with a first argument of its own.",
    ),
    Deviation(
        "tf.string_split", "-result_type", "The other result, a ragged tensor, does not exist yet."
    ),
    Deviation(
        "tf.summary.FileWriter",
        "-session",
        "Events are written directly and never by operations of a session.",
    ),
    Deviation(
        "tf.train.Saver",
        "+keep_best",
        "An addition: the checkpoints that are best by a metric are kept.",
    ),
    Deviation(
        "tf.train.Saver.restore",
        "+partial",
        "An addition: what fits is restored, the rest reported.",
    ),
    Deviation(
        "tf.train.export_meta_graph",
        "-**",
        "1.15.5 ignores unknown arguments; here they are refused.",
    ),
)
