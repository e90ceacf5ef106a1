"""Checkpoints of objects (`tf.train.Checkpoint`, Keras, TensorFlow 2), read by names of variables.

Such a checkpoint keeps values under paths from object to object, and in one string tensor a message
with the names of the variables.
"""

from __future__ import annotations

from pantarhei.core import dtypes
from pantarhei.files.checkpoints.checkpoint_reader import CheckpointReader
from pantarhei.files.checkpoints.format.coding import Malformed, expect_bytes, fields

# The tensor that holds the message.
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def names_to_keys(reader: CheckpointReader) -> dict[str, str]:
    """Under which names a checkpoint of objects keeps variables; empty if it is not one of objects.

    Args:
      reader: of the checkpoint.

    Raises:
      DataLossError: the message has been altered or cut off.
    """
    if not reader.has(OBJECT_GRAPH) or reader.entry(OBJECT_GRAPH).dtype != dtypes.string:
        return {}
    result = {}
    try:
        for message in reader.tensor(OBJECT_GRAPH).ravel():
            for number, node in fields(message):
                for inner, attribute in fields(expect_bytes(node)) if number == 1 else ():
                    if inner == 2:
                        texts = dict(fields(expect_bytes(attribute)))
                        name, key = (expect_bytes(texts.get(each, b"")) for each in (2, 3))
                        result[name.decode()] = key.decode()
    except (Malformed, UnicodeDecodeError) as fault:
        raise reader.loss(OBJECT_GRAPH, reader.index_path, str(fault)) from None
    return result
