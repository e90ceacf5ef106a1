"""`tf.graph_util`: graphs as messages, cut, frozen and imported."""

from pantarhei.files.graphs.editing import (
    convert_variables_to_constants,
    extract_sub_graph,
    remove_training_nodes,
    tensor_shape_from_node_def_name,
)
from pantarhei.files.graphs.importing import import_graph_def

__all__ = [
    "convert_variables_to_constants",
    "extract_sub_graph",
    "import_graph_def",
    "remove_training_nodes",
    "tensor_shape_from_node_def_name",
]
