"""`tf.strings`: strings made of tensors, joined, taken apart and read."""

from pantarhei.ops.strings.formatting import string_format as format
from pantarhei.ops.strings.joining import as_string, reduce_join
from pantarhei.ops.strings.joining import string_join as join
from pantarhei.ops.strings.patterns import regex_full_match, regex_replace
from pantarhei.ops.strings.text import string_length as length
from pantarhei.ops.strings.text import string_lower as lower
from pantarhei.ops.strings.text import string_strip as strip
from pantarhei.ops.strings.text import string_to_number as to_number
from pantarhei.ops.strings.text import string_upper as upper
from pantarhei.ops.strings.text import substr

__all__ = [
    "as_string",
    "format",
    "join",
    "length",
    "lower",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "strip",
    "substr",
    "to_number",
    "upper",
]
