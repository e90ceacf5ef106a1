"""`tf.saved_model.utils`: tensors as `TensorInfo`, the message of name, dtype and shape."""

from __future__ import annotations

from typing import Any

from pantarhei.core.messages import message_class
from pantarhei.files.graphs.graph_def import write_shape
from pantarhei.graph.convert import convert_to_tensor
from pantarhei.graph.default_graph import get_default_graph
from pantarhei.graph.graph import Graph
from pantarhei.graph.operation import Tensor
from pantarhei.graph.scope_prefixes import within_scope


def build_tensor_info(tensor: Any) -> Any:
    """The `TensorInfo` of a tensor or a variable.

    Example:
      >>> import pantarhei as tf
      >>> tf.reset_default_graph()
      >>> x = tf.placeholder(tf.float32, [None, 3], name="x")
      >>> tf.saved_model.build_tensor_info(x).name
      'x:0'
    """
    tensor = convert_to_tensor(tensor)
    info = message_class("TensorInfo")(
        name=tensor.name, dtype=tensor.dtype.base_dtype.as_datatype_enum
    )
    write_shape(info.tensor_shape, tensor.shape)
    return info


def get_tensor_from_tensor_info(
    tensor_info: Any, graph: Graph | None = None, import_scope: str | None = None
) -> Tensor:
    """The tensor of a graph that a `TensorInfo` names.

    Args:
      tensor_info: the message.
      graph: the graph; the default graph if it is None.
      import_scope: the name scope into which the model was loaded.

    Raises:
      KeyError: it is not in the graph.
    """
    graph = get_default_graph() if graph is None else graph
    return graph.get_tensor_by_name(within_scope(tensor_info.name, import_scope))
