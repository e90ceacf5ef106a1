"""Questions about types, shapes and errors, as expressions, and the form of their answers.

The recorder asks TensorFlow 1.15 (under Python 3.7, so this file uses no newer syntax); the tests
ask Pantarhei. An answer is the value as text, or the class and the words of the error.
"""

NAMES = [
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
    "string",
    "resource",
    "variant",
    "qint8",
    "quint8",
    "qint16",
    "quint16",
    "qint32",
]
TYPES = NAMES + [name + "_ref" for name in NAMES]
PROPERTIES = [
    "name",
    "as_datatype_enum",
    "base_dtype",
    "real_dtype",
    "_as_ref",
    "_is_ref_dtype",
    "is_bool",
    "is_integer",
    "is_floating",
    "is_complex",
    "is_quantized",
    "is_unsigned",
    "is_numpy_compatible",
]
NO_NUMPY = ("resource", "variant")
WITH_LIMITS = [
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]
CONVERTED = [
    "float",
    "bool",
    "object",
    "int",
    "str",
    "bytes",
    "complex",
    "None",
    "1",
    "101",
    "24",
    "0",
    "1.0",
    "True",
    "'half'",
    "'half_ref'",
    "'float'",
    "'double'",
    "'float_ref'",
    "'double_ref'",
    "'str'",
    "'int'",
    "'bool'",
    "'float32_ref'",
    "'Float32'",
    "np.float16",
    "np.float32",
    "np.int8",
    "np.int64",
    "np.uint64",
    "np.bool_",
    "np.str_",
    "np.bytes_",
    "np.object_",
    "np.complex64",
    "np.longlong",
    "np.ulonglong",
    "np.intc",
    "np.uintc",
    "np.int_",
    "np.timedelta64",
    "np.dtype('S3')",
    "np.dtype('U3')",
    "np.dtype('>f4')",
    "np.dtype('float32')",
    "np.dtype(object)",
    "np.dtype('datetime64')",
    "np.dtype([('qint8',np.int8)])",
    "np.dtype([('a',np.int8)])",
]
COMPARED = [
    "'float32'",
    "'float'",
    "np.float32",
    "np.dtype('float32')",
    "1",
    "1.0",
    "None",
    "float",
    "'no'",
    "np.int32",
    "[1]",
]

EXTENTS = ["D(None)", "D(0)", "D(1)", "D(3)", "4", "None", "'2'", "'x'", "2.0", "2.5", "-1"]
# TensorFlow's methods answer NotImplemented to these, which counts as true; ours raise.
NO_EXTENTS = ("'x'", "2.5", "-1")
OPERATORS = ["+", "-", "*", "//", "/", "%", "==", "!=", "<", "<=", ">", ">="]
SHAPES = [
    "S(None)",
    "S([])",
    "S([3])",
    "S([None])",
    "S([2, 3])",
    "S([None, 3])",
    "S([2, None])",
    "S([2, 0, 1])",
]
OF_SHAPE = [
    "repr({0})",
    "str({0})",
    "{0}.rank",
    "{0}.ndims",
    "{0}.dims",
    "{0}.as_list()",
    "{0}.num_elements()",
    "{0}.is_fully_defined()",
    "{0}.assert_is_fully_defined()",
    "len({0})",
    "bool({0})",
    "list({0})",
    "{0}[0]",
    "{0}[-1]",
    "{0}[1:]",
    "{0}[:1]",
    "{0}[1:3]",
    "{0}[-1:2]",
    "{0}[::2]",
    "{0}.with_rank(2)",
    "{0}.with_rank_at_least(2)",
    "{0}.with_rank_at_most(1)",
    "{0}.assert_has_rank(1)",
    "hash({0})",
    "pickle.loads(pickle.dumps({0}))",
    "{0} == None",
    "{0} == [2, 3]",
    "{0} == 'x'",
    "{0} + [7]",
    "[7] + {0}",
]
OF_TWO_SHAPES = [
    "{0} == {1}",
    "{0} != {1}",
    "{0}.merge_with({1})",
    "{0}.is_compatible_with({1})",
    "{0}.assert_is_compatible_with({1})",
    "{0}.assert_same_rank({1})",
    "{0}.concatenate({1})",
    "{0}.most_specific_compatible_shape({1})",
    "broadcast_shape({0}, {1})",
]
MADE = ["3", "(1, 2)", "'34'", "['3']", "[2.5]", "[-1]", "[D(2), None]", "D(5)", "tf_float32"]
MADE += ["[tf_float32]", "S([1])", "np.array([1, 2])", "range(2)"]
CODES = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
]


def questions():
    """Every expression, in a fixed order."""
    asked = []
    for name in TYPES:
        dtype = f"as_dtype('{name}')"
        asked += [f"repr({dtype})", f"str({dtype})", f"hash({dtype})"]
        asked += [f"{dtype}.{attribute}" for attribute in PROPERTIES]
        asked += [f"{dtype}.min", f"{dtype}.max"]
        asked += [f"pickle.loads(pickle.dumps({dtype})) is {dtype}"]
        asked += [f"[n for n in TYPES if {dtype}.is_compatible_with(n)]"]
        if not name.startswith(NO_NUMPY):
            asked += [f"{dtype}.as_numpy_dtype", f"{dtype}.size"]
    asked += [f"as_dtype({name!r}).limits" for name in WITH_LIMITS]
    asked += ["as_dtype('resource').size", "as_dtype('string').limits", "DType('3')", "DType(99)"]
    asked += ["as_dtype('resource').as_numpy_dtype", "as_dtype('float16').limits"]
    asked += [f"as_dtype({value})" for value in CONVERTED]
    asked += [f"as_dtype('float32') == {value}" for value in COMPARED]
    asked += [f"as_dtype('float32') != {value}" for value in COMPARED]
    asked += ["np.float32 == as_dtype('float32')", "'float32' == as_dtype('float32')"]
    asked += ["as_dtype('float32') < as_dtype('float64')"]
    for extent in EXTENTS:
        asked += [f"{f}(D({extent}))" for f in ("repr", "str", "int", "hash")]
        if extent not in NO_EXTENTS:
            asked += [f"D(3).is_compatible_with({extent})"]
            asked += [f"{mine}.merge_with({extent})" for mine in ("D(None)", "D(3)")]
    for left in EXTENTS:
        for right in EXTENTS:
            if "D" in left + right:
                asked += [f"{left} {op} {right}" for op in OPERATORS]
    asked += ["[0, 1, 2][D(1)]", "list(range(D(3)))", "[0] * D(2)", "dimension_value(D(3))"]
    asked += ["dimension_value(None)", "unknown_shape()", "unknown_shape(2)", "unknown_shape(0)"]
    asked += [f"S({value})" for value in MADE]
    for shape in SHAPES:
        asked += [question.format(shape) for question in OF_SHAPE]
        for other in SHAPES:
            asked += [question.format(shape, other) for question in OF_TWO_SHAPES]
    asked += [f"errors.{code}" for code in CODES]
    for code in map(str, range(18)):
        error = f"errors.exception_type_from_error_code({code})"
        asked += [error, f"errors.error_code_from_exception_type({error})"]
        asked += [f"{error}(None, None, 'words').error_code"]
        asked += [f"str({error}(None, None, 'words'))"]
    return asked


def plain(value):
    """A value as text that no version of Python or NumPy changes."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (list, tuple)):
        return "[{}]".format(", ".join(plain(item) for item in value))
    if hasattr(value, "dtype"):  # a NumPy scalar, of whatever width
        return repr(bool(value)) if value.dtype == bool else repr(float(value))
    return repr(value)


def answer(question, names):
    """What the expression gives, with `names` to hand: `[text]`, or `[error class, words]`."""
    try:
        return [plain(eval(question, dict(names)))]
    except Exception as error:
        return [type(error).__name__, str(error)]
