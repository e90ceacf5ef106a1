"""`tf.io`: records and what they hold, graphs in files."""

from pantarhei.graph_files.writing import write_graph
from pantarhei.ops.decoding import decode_csv, decode_raw
from pantarhei.ops.example_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
)
from pantarhei.ops.parsing import parse_example, parse_single_example
from pantarhei.ops.sequence_parsing import parse_sequence_example, parse_single_sequence_example
from pantarhei.python_io import (
    TFRecordCompressionType,
    TFRecordOptions,
    TFRecordWriter,
    tf_record_iterator,
)

__all__ = [
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "SparseFeature",
    "TFRecordCompressionType",
    "TFRecordOptions",
    "TFRecordWriter",
    "VarLenFeature",
    "decode_csv",
    "decode_raw",
    "parse_example",
    "parse_sequence_example",
    "parse_single_example",
    "parse_single_sequence_example",
    "tf_record_iterator",
    "write_graph",
]
