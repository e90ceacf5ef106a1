"""What is where in the folder of a saved model, and the message that its file holds.

tensorboard has no class for that message; its two fields are described here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pantarhei.core.messages import library_module, message_class

FILE = "saved_model.pb"
TEXT_FILE = "saved_model.pbtxt"
VARIABLES = "variables/variables"
ASSETS = "assets"
ASSETS_COLLECTION = "saved_model_assets"  # where TensorFlow 1 names them
MAIN_OP = "saved_model_main_op"
LEGACY_INIT_OP = "legacy_init_op"
INIT_OP_SIGNATURE = "__saved_model_init_op"
SCHEMA_VERSION = 1


@cache
def saved_model_class() -> Any:
    """The class of the message `SavedModel`.

    Raises:
      ImportError: tensorboard, which brings the message that it is made of, is not installed.
    """
    meta_graph = message_class("MetaGraphDef").DESCRIPTOR
    wanted_for = "tf.saved_model"
    descriptions = library_module("google.protobuf.descriptor_pb2", wanted_for, "protobuf")
    factory = library_module("google.protobuf.message_factory", wanted_for, "protobuf")
    file = descriptions.FileDescriptorProto(
        name="pantarhei/saved_model.proto", package="pantarhei", syntax="proto3"
    )
    file.dependency.append(meta_graph.file.name)
    message = file.message_type.add(name="SavedModel")
    field = message.field
    field.add(name="saved_model_schema_version", number=1, type=3, label=1)
    field.add(name="meta_graphs", number=2, type=11, label=3, type_name=f".{meta_graph.full_name}")
    pool = meta_graph.file.pool
    pool.AddSerializedFile(file.SerializeToString())
    return factory.GetMessageClass(pool.FindMessageTypeByName("pantarhei.SavedModel"))
