"""Strings joined, split, replaced, made of numbers and read as numbers; lines with fields."""

from __future__ import annotations

from typing import Any

from ._tools import cases, nodes, raised, value


def _plain(tf: Any, build: Any) -> Any:
    """What comes out, and the nodes; or the error."""
    with tf.Session() as sess:
        found: list[Any] = []
        error = raised(lambda: found.append(value(sess.run(build(tf)))), words=5)
        return [found[0], nodes(tf.get_default_graph())] if found else error


_LINES: dict[str, Any] = {
    "1": lambda tf: tf.decode_csv(["1,2.5,a", '-3,1e3,"b,c"'], [[0], [0.0], [""]]),
    "def": lambda tf: tf.decode_csv([",,"], [[7], [1.5], ["z"]]),
    "req": lambda tf: tf.decode_csv([",1"], [tf.constant([], tf.int32), [0]]),
    "n": lambda tf: tf.decode_csv(["1,2"], [[0]]),
    "n2": lambda tf: tf.decode_csv(["1"], [[0], [0]]),
    "bad_int": lambda tf: tf.decode_csv(["x"], [[0]]),
    "bad_f": lambda tf: tf.decode_csv(["x"], [[0.0]]),
    "big": lambda tf: tf.decode_csv(["99999999999"], [[0]]),
    "int64": lambda tf: tf.decode_csv(["99999999999"], [tf.constant([0], tf.int64)]),
    "double": lambda tf: tf.decode_csv(["0.1"], [tf.constant([0], tf.float64)]),
    "quote": lambda tf: tf.decode_csv(['"a""b",c'], [[""], [""]]),
    "quote_bad": lambda tf: tf.decode_csv(['"ab'], [[""]]),
    "quote_bad2": lambda tf: tf.decode_csv(['a"b'], [[""]]),
    "quote_after": lambda tf: tf.decode_csv(['"a"b,c'], [[""], [""]]),
    "noquote": lambda tf: tf.decode_csv(['"ab'], [[""]], use_quote_delim=False),
    "delim": lambda tf: tf.decode_csv(["a;b"], [[""], [""]], field_delim=";"),
    "delim2": lambda tf: tf.decode_csv(["a;b"], [[""], [""]], field_delim=";;"),
    "na": lambda tf: tf.decode_csv(["NA,1"], [[5], [0]], na_value="NA"),
    "cols": lambda tf: tf.decode_csv(["1,2,3"], [[5], [0]], select_cols=[0, 2]),
    "cols_bad": lambda tf: tf.decode_csv(["1,2,3"], [[5], [0]], select_cols=[2, 0]),
    "cols_beyond": lambda tf: tf.decode_csv(["1,2,3"], [[5], [0]], select_cols=[2, 9]),
    "scalar": lambda tf: tf.decode_csv("1,2", [[5], [0]]),
    "rank2": lambda tf: tf.decode_csv([["1,2"]], [[5], [0]]),
    "newline": lambda tf: tf.decode_csv(["1,2\n"], [[5], [0]]),
    "newline_q": lambda tf: tf.decode_csv(['"1\n",2'], [[""], [0]]),
    "space": lambda tf: tf.decode_csv([" 1 ,2"], [[5], [0]]),
    "spacef": lambda tf: tf.decode_csv([" 1. ,2"], [[5.0], [0]]),
    "empty": lambda tf: tf.decode_csv([""], [[5]]),
    "defscalar": lambda tf: tf.decode_csv([""], [tf.constant(5)]),
    "def2": lambda tf: tf.decode_csv([""], [tf.constant([5, 6])]),
    "hex": lambda tf: tf.decode_csv(["0x10"], [[5]]),
    "plus": lambda tf: tf.decode_csv(["+1"], [[5]]),
    "inf": lambda tf: tf.decode_csv(["inf,nan,-inf"], [[5.0], [5.0], [5.0]]),
}

_TEXTS: dict[str, Any] = {
    "num": lambda tf: tf.string_to_number(["1.5", "-2", "1e3", " 4 ", "inf", "nan"]),
    "num_bad": lambda tf: tf.string_to_number(["x"]),
    "num_e": lambda tf: tf.string_to_number([""]),
    "num_i": lambda tf: tf.string_to_number(["12", " 3 ", "-4"], tf.int32),
    "num_ib": lambda tf: tf.string_to_number(["1.5"], tf.int32),
    "num_hex": lambda tf: tf.string_to_number(["0x10"], tf.float32),
    "num_hexi": lambda tf: tf.string_to_number(["0x10"], tf.int32),
    "num_ov": lambda tf: tf.string_to_number(["99999999999"], tf.int32),
    "num_ovf": lambda tf: tf.string_to_number(["1e99"], tf.float32),
    "num_infinity": lambda tf: tf.string_to_number(
        ["infinity", "INF", "+inf", "-NaN", ".5", "5.", "1_0"], tf.float32
    ),
    "as": lambda tf: (
        tf.as_string([1, -2]),
        tf.as_string([1.5, 1e-9, 1e20, float("nan"), float("inf")]),
        tf.as_string([True, False]),
        tf.as_string(tf.constant([1.5], tf.float64)),
        tf.as_string(tf.constant([1 + 2j], tf.complex64)),
    ),
    "as_p": lambda tf: (
        tf.as_string([1.5], precision=2),
        tf.as_string([1.5], scientific=True),
        tf.as_string([1.5], shortest=True),
        tf.as_string([7], width=4),
        tf.as_string([7], width=4, fill="0"),
        tf.as_string([-7], width=4, fill="0"),
        tf.as_string([7], width=4, fill="-"),
        tf.as_string([1.5], width=9, fill=" ", precision=1),
        tf.as_string([7], width=4, fill="+"),
    ),
    "as_bad": lambda tf: tf.as_string([1.5], scientific=True, shortest=True),
    "as_bad2": lambda tf: tf.as_string([1], precision=2),
    "as_bad3": lambda tf: tf.as_string([1], fill="ab", width=4),
    "as_bool_w": lambda tf: tf.as_string([True], width=4),
    "as_u8": lambda tf: tf.as_string(tf.constant([1], tf.int8)),
    "sp": lambda tf: tf.string_split(["a b  c", "", "d"]),
    "sp2": lambda tf: tf.string_split(["a,b,,c"], ","),
    "sp3": lambda tf: tf.string_split(["a,b,,c"], ",", skip_empty=False),
    "sp4": lambda tf: tf.string_split(["a,b;c"], ",;"),
    "sp5": lambda tf: tf.string_split(["abc"], ""),
    "sp6": lambda tf: tf.string_split(tf.constant("abc")),
    "sp7": lambda tf: tf.string_split(
        [
            " a ",
        ],
        skip_empty=False,
    ),
    "sp_src": lambda tf: tf.string_split(source=["a b"]),
    "len": lambda tf: (tf.strings.length(["abc", "é"]), tf.strings.length(["é"], unit="UTF8_CHAR")),
    "sub": lambda tf: tf.substr(["hello", "world"], 1, 3),
    "sub_neg": lambda tf: tf.substr(["hello", "world"], -3, 2),
    "sub_arr": lambda tf: tf.substr(["hello", "world"], [0, 1], [9, 2]),
    "sub_bad": lambda tf: tf.substr(["hello"], 9, 2),
    "sub_u": lambda tf: tf.strings.substr(["héllo"], 1, 2, unit="UTF8_CHAR"),
    "rr": lambda tf: tf.regex_replace(["aab", "b"], "a+", "<\\0>"),
    "rr1": lambda tf: tf.regex_replace(["aXaX"], "a(X)", "\\1\\\\", replace_global=False),
    "rr_bad": lambda tf: tf.regex_replace(["a"], "(", ""),
    "rr_back": lambda tf: tf.regex_replace(["a"], "a", "\\3"),
    "rfm": lambda tf: tf.strings.regex_full_match(["aab", "b"], "a+b"),
    "join": lambda tf: (
        tf.string_join(["a", ["b", "c"]], "-"),
        tf.string_join([["a"]]),
        tf.strings.join(["x", "y"]),
    ),
    "join_bad": lambda tf: tf.string_join([["a", "b"], ["c"]]),
    "rj": lambda tf: (
        tf.reduce_join([["a", "b"], ["c", "d"]], 0),
        tf.reduce_join([["a", "b"], ["c", "d"]], [0, 1]),
        tf.reduce_join([["a", "b"], ["c", "d"]], [1, 0], separator="-"),
        tf.reduce_join([["a", "b"], ["c", "d"]]),
        tf.reduce_join(["a", "b"], -1, keep_dims=True),
    ),
    "rj_e": lambda tf: (tf.reduce_join(["a", "b"], []),),
    "b64": lambda tf: (
        tf.encode_base64([b"ab\xff\xfe"]),
        tf.encode_base64(["a"], pad=True),
        tf.decode_base64(["YQ", "YWI", "YQ=="]),
    ),
    "b64_bad": lambda tf: tf.decode_base64(["!"]),
    "lower": lambda tf: (tf.strings.lower(["aB"]), tf.strings.upper(["aB"])),
    "strip": lambda tf: tf.string_strip([" a\t\n"]),
}


@cases(**{name: {"name": name} for name in _LINES})
def lines(tf: Any, name: str) -> Any:
    return _plain(tf, _LINES[name])


@cases(**{name: {"name": name} for name in _TEXTS})
def texts(tf: Any, name: str) -> Any:
    return _plain(tf, _TEXTS[name])
