"""The protocol buffers of graphs, summaries and events, and where their classes come from.

The classes come with `tensorboard`, which is imported when one of them is first needed. Only
names appear here, no fields.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

# Module of `tensorboard.compat.proto` by the name of the message.
MODULES = {
    "AssetFileDef": "meta_graph_pb2",
    "AttrValue": "attr_value_pb2",
    "Event": "event_pb2",
    "GraphDef": "graph_pb2",
    "HistogramProto": "histogram_pb2",
    "LogMessage": "event_pb2",
    "MetaGraphDef": "meta_graph_pb2",
    "NodeDef": "node_def_pb2",
    "OpList": "op_def_pb2",
    "RunMetadata": "config_pb2",
    "SaveSliceInfoDef": "variable_pb2",
    "SaverDef": "saver_pb2",
    "SessionLog": "event_pb2",
    "SignatureDef": "meta_graph_pb2",
    "Summary": "summary_pb2",
    "SummaryMetadata": "summary_pb2",
    "TaggedRunMetadata": "event_pb2",
    "TensorInfo": "meta_graph_pb2",
    "TensorProto": "tensor_pb2",
    "VariableDef": "variable_pb2",
}

# Where a TensorProto keeps the elements of each dtype one by one; other integers are in int_val.
VALUE_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "float16": "half_val",
    "bfloat16": "half_val",
    "string": "string_val",  # TensorFlow's name, and NumPy's
    "object": "string_val",
}


@cache
def message_class(name: str) -> Any:
    """The class of the message `name`, one of `MODULES`.

    Raises:
      ImportError: tensorboard, which brings the classes, is not installed.

    Example:
      >>> from pantarhei.core.messages import message_class
      >>> message_class("Summary")().ByteSize()
      0
    """
    module = library_module(
        f"tensorboard.compat.proto.{MODULES[name]}", f"tf.{name}", "tensorboard"
    )
    return getattr(module, name)


def library_module(module: str, wanted_for: str, library: str) -> Any:
    """A module of one of the libraries that the extra `tensorboard` installs.

    Raises:
      ImportError: it is not installed; the text says what is to be done.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{wanted_for} needs {library}, which is not installed; "
            "`pip install pantarhei[tensorboard]` installs it"
        ) from error
