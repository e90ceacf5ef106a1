"""`tf.io`: records and what they hold, graphs in files."""

from pantarhei.files.graphs.writing import write_graph
from pantarhei.files.python_io import (
    TFRecordCompressionType,
    TFRecordOptions,
    TFRecordWriter,
    tf_record_iterator,
)
from pantarhei.ops.parsing.decoding import decode_csv, decode_raw
from pantarhei.ops.parsing.example_features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    SparseFeature,
    VarLenFeature,
)
from pantarhei.ops.parsing.examples import parse_example, parse_single_example
from pantarhei.ops.parsing.sequence_examples import (
    parse_sequence_example,
    parse_single_sequence_example,
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
