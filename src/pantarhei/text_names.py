"""The names of operations on strings in `tf` itself."""

from pantarhei.ops.strings.joining import as_string, reduce_join, string_join, string_split
from pantarhei.ops.strings.patterns import regex_replace
from pantarhei.ops.strings.text import (
    decode_base64,
    encode_base64,
    string_strip,
    string_to_number,
    substr,
)

__all__ = [
    "as_string",
    "decode_base64",
    "encode_base64",
    "reduce_join",
    "regex_replace",
    "string_join",
    "string_split",
    "string_strip",
    "string_to_number",
    "substr",
]
