"""`tf.summary`: summaries of tensors, the messages they are, and the files they are written to."""

from typing import Any

from pantarhei.core.messages import message_class as _message_class
from pantarhei.files.file_writer import FileWriter, FileWriterCache
from pantarhei.ops.summaries.media import audio, image
from pantarhei.ops.summaries.scalars import (
    histogram,
    merge,
    merge_all,
    scalar,
    tensor_summary,
    text,
)

__all__ = [
    "FileWriter",
    "FileWriterCache",
    "audio",
    "histogram",
    "image",
    "merge",
    "merge_all",
    "scalar",
    "tensor_summary",
    "text",
]

_MESSAGES = ("Event", "SessionLog", "Summary", "TaggedRunMetadata")


def __getattr__(name: str) -> Any:
    """Classes of protocol buffers, which are imported when they are first used."""
    if name in _MESSAGES:
        return _message_class(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
