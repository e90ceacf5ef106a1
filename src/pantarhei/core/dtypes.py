"""Element types of tensors: the `DType`s, their names, numbers and NumPy counterparts.

A table of TensorFlow's names and type numbers, the NumPy type of each, and the `_ref`
twin of each type (the type of a variable's own memory). The facts are listed once, in `_KINDS`;
everything else here is computed from that table. Independent of tensors, graphs and conversions
of values.
"""

import builtins
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

_REF_OFFSET = 100  # The number of a `_ref` type is the number of its base type plus this.


class _Kind(NamedTuple):
    """One row of facts: the name, and what `as_numpy_dtype` gives (None: no NumPy counterpart)."""

    name: str
    numpy: Any


def _quantized(name: str, storage: Any) -> "np.dtype[Any]":
    """A structured dtype with one named field, so that qint8 and int8 stay different to NumPy."""
    return np.dtype([(name, storage)])


_KINDS: dict[int, _Kind] = {
    1: _Kind("float32", np.float32),
    2: _Kind("float64", np.float64),
    3: _Kind("int32", np.int32),
    4: _Kind("uint8", np.uint8),
    5: _Kind("int16", np.int16),
    6: _Kind("int8", np.int8),
    7: _Kind("string", object),
    8: _Kind("complex64", np.complex64),
    9: _Kind("int64", np.int64),
    10: _Kind("bool", builtins.bool),
    11: _Kind("qint8", _quantized("qint8", np.int8)),
    12: _Kind("quint8", _quantized("quint8", np.uint8)),
    13: _Kind("qint32", _quantized("qint32", np.int32)),
    14: _Kind("bfloat16", ml_dtypes.bfloat16),
    15: _Kind("qint16", _quantized("qint16", np.int16)),
    16: _Kind("quint16", _quantized("quint16", np.uint16)),
    17: _Kind("uint16", np.uint16),
    18: _Kind("complex128", np.complex128),
    19: _Kind("float16", np.float16),
    20: _Kind("resource", None),
    21: _Kind("variant", None),
    22: _Kind("uint32", np.uint32),
    23: _Kind("uint64", np.uint64),
}


class DType:
    """The type of a tensor's elements.

    Programs use the ready-made ones (`tf.float32`, `tf.int64`, ...) or `tf.as_dtype`. A `DType`
    equals whatever `as_dtype` converts to it: its name, its NumPy type, its type number.

    Args:
        type_enum: TensorFlow's number of the type; 101 and up are the `_ref` types.

    Raises:
        TypeError: if no type has that number.

    Example:
        >>> import numpy as np
        >>> import pantarhei as tf
        >>> tf.float32
        tf.float32
        >>> tf.float32 == "float32", tf.float32 == np.float32, tf.float32 == np.int32
        (True, True, False)
    """

    __slots__ = ("_kind", "_number")

    def __init__(self, type_enum: Any) -> None:
        number = int(type_enum)
        base = number - _REF_OFFSET if number > _REF_OFFSET else number
        if base not in _KINDS:
            raise TypeError(f"type_enum is not a valid types_pb2.DataType: {number}")
        self._number = number
        self._kind = _KINDS[base]

    @property
    def name(self) -> str:
        """The name, such as 'float32' or 'float32_ref'."""
        return self._kind.name + ("_ref" if self._is_ref_dtype else "")

    @property
    def as_datatype_enum(self) -> int:
        """TensorFlow's number of this type."""
        return self._number

    @property
    def as_numpy_dtype(self) -> Any:
        """The NumPy scalar type; `object` for strings, a structured dtype for quantized types.

        Raises:
            KeyError: for `resource` and `variant`, which NumPy cannot hold.
        """
        if self._kind.numpy is None:
            raise KeyError(f"{self.name} has no NumPy counterpart")
        return self._kind.numpy

    @property
    def numpy(self) -> "np.dtype[Any]":
        """The NumPy dtype that an array of this type has; object for strings and handles."""
        return np.dtype(object if self._kind.numpy is None else self._kind.numpy)

    @property
    def _is_ref_dtype(self) -> builtins.bool:
        """Whether this is the type of a variable's own memory."""
        return self._number > _REF_OFFSET

    @property
    def _as_ref(self) -> "DType":
        """The `_ref` twin of this type (itself, if it is one)."""
        return self if self._is_ref_dtype else _BY_NUMBER[self._number + _REF_OFFSET]

    @property
    def base_dtype(self) -> "DType":
        """This type without the `_ref`."""
        return _BY_NUMBER[self._number - _REF_OFFSET] if self._is_ref_dtype else self

    @property
    def real_dtype(self) -> "DType":
        """The type of the real part: float32 for complex64, float64 for complex128, else itself."""
        return {"complex64": float32, "complex128": float64}.get(self._kind.name, self)

    @property
    def is_numpy_compatible(self) -> builtins.bool:
        """Whether NumPy arrays can hold values of this type."""
        return self._kind.numpy is not None

    @property
    def is_bool(self) -> builtins.bool:
        """Whether this is the boolean type."""
        return self._kind.name == "bool"

    @property
    def is_integer(self) -> builtins.bool:
        """Whether this is an integer type (quantized types are not)."""
        return self.numpy.kind in "iu"

    @property
    def is_floating(self) -> builtins.bool:
        """Whether this is a real floating point type, bfloat16 included."""
        return self.numpy.kind == "f" or self._kind.name == "bfloat16"

    @property
    def is_complex(self) -> builtins.bool:
        """Whether this is a complex type."""
        return self.numpy.kind == "c"

    @property
    def is_quantized(self) -> builtins.bool:
        """Whether this is a quantized type."""
        return self.numpy.names is not None

    @property
    def is_unsigned(self) -> builtins.bool:
        """Whether this is an unsigned integer type."""
        return self.numpy.kind == "u"

    @property
    def min(self) -> Any:
        """The smallest finite value of an integer or real floating point type.

        Raises:
            TypeError: for every other type.
        """
        return self._range("minimum").min

    @property
    def max(self) -> Any:
        """The largest finite value of an integer or real floating point type.

        Raises:
            TypeError: for every other type.

        Example:
            >>> import pantarhei as tf
            >>> tf.int8.min, tf.int8.max
            (-128, 127)
        """
        return self._range("maximum").max

    def _range(self, which: str) -> Any:
        if self.is_floating:
            finfo: Any = ml_dtypes.finfo if self._kind.name == "bfloat16" else np.finfo
            return finfo(self.numpy)
        if self.is_integer:
            return np.iinfo(self.numpy)
        raise TypeError(f"Cannot find {which} value of {self}.")

    @property
    def limits(self) -> tuple[Any, Any]:
        """The intensities `(darkest, brightest)` of images of this type; never negative.

        Raises:
            KeyError: for types that hold no images (strings, complex numbers, float16, ...).

        Example:
            >>> import pantarhei as tf
            >>> tf.uint8.limits, tf.float32.limits
            ((0, 255), (0, 1))
        """
        if self.is_integer:
            return 0, self.max
        if self._kind.name in ("float32", "float64"):
            return 0, 1
        if self.is_bool:
            return 0, True
        raise KeyError(f"{self.name} has no image intensities")

    @property
    def size(self) -> int:
        """The bytes of one element; 1 for `resource` and `variant`."""
        return self.numpy.itemsize if self.is_numpy_compatible else 1

    def is_compatible_with(self, other: Any) -> builtins.bool:
        """Whether a tensor of type `other` may be used where this type is needed.

        A `_ref` type may be read as its base type; no other two types are compatible.

        Raises:
            TypeError: if `other` is not a type.

        Example:
            >>> import pantarhei as tf
            >>> tf.float32.is_compatible_with("float32_ref"), tf.float32.is_compatible_with("int32")
            (True, False)
        """
        other = as_dtype(other)
        return self._number in (other._number, other.base_dtype._number)

    def __eq__(self, other: object) -> builtins.bool:
        if isinstance(other, DType):
            return self._number == other._number
        try:
            return other is not None and self._number == as_dtype(other)._number
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self._number

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __repr__(self) -> str:
        return "tf." + self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.name,)


float16 = DType(19)
half = float16
bfloat16 = DType(14)
float32 = DType(1)
float64 = DType(2)
double = float64
int8 = DType(6)
int16 = DType(5)
int32 = DType(3)
int64 = DType(9)
uint8 = DType(4)
uint16 = DType(17)
uint32 = DType(22)
uint64 = DType(23)
bool = DType(10)
complex64 = DType(8)
complex128 = DType(18)
string = DType(7)
resource = DType(20)
variant = DType(21)
qint8 = DType(11)
qint16 = DType(15)
qint32 = DType(13)
quint8 = DType(12)
quint16 = DType(16)

float16_ref = DType(119)
half_ref = float16_ref
bfloat16_ref = DType(114)
float32_ref = DType(101)
float64_ref = DType(102)
double_ref = float64_ref
int8_ref = DType(106)
int16_ref = DType(105)
int32_ref = DType(103)
int64_ref = DType(109)
uint8_ref = DType(104)
uint16_ref = DType(117)
uint32_ref = DType(122)
uint64_ref = DType(123)
bool_ref = DType(110)
complex64_ref = DType(108)
complex128_ref = DType(118)
string_ref = DType(107)
resource_ref = DType(120)
variant_ref = DType(121)
qint8_ref = DType(111)
qint16_ref = DType(115)
qint32_ref = DType(113)
quint8_ref = DType(112)
quint16_ref = DType(116)

_ALL = [value for value in list(globals().values()) if isinstance(value, DType)]
_BY_NUMBER: dict[int, DType] = {dtype.as_datatype_enum: dtype for dtype in _ALL}

QUANTIZED_DTYPES = frozenset(dtype for dtype in _ALL if dtype.is_quantized)


def _from_numpy() -> dict[Any, DType]:
    """Maps NumPy scalar types, and the structured dtypes of quantized types, to `DType`s."""
    table: dict[Any, DType] = {}
    for number, kind in _KINDS.items():
        if kind.numpy is not None:
            dtype = np.dtype(kind.numpy)
            table[dtype if dtype.names else dtype.type] = _BY_NUMBER[number]
    table[np.str_] = table[np.bytes_] = string
    # C's integer types are distinct scalar types of the same widths (on Linux `longlong` is
    # 64 bits wide and is not `int64`).
    for alias in (np.intc, np.uintc, np.int_, np.uint, np.longlong, np.ulonglong):
        dtype = np.dtype(alias)
        table.setdefault(alias, table[np.dtype(f"{dtype.kind}{dtype.itemsize}").type])
    return table


_BY_NUMPY = _from_numpy()
_BY_NAME = {dtype.name: dtype for dtype in _ALL} | {
    "half": float16,
    "half_ref": float16_ref,
    "float": float32,
    "float_ref": float32_ref,
    "double": float64,
    "double_ref": float64_ref,
}
_BY_PYTHON_TYPE: dict[Any, DType] = {float: float32, builtins.bool: bool, object: string}
_BY_ANYTHING: dict[Any, DType] = {**_BY_NUMBER, **_BY_NAME, **_BY_PYTHON_TYPE, **_BY_NUMPY}


def as_dtype(type_value: Any) -> DType:
    """Converts a name, a NumPy type or dtype, a Python type or a type number to a `DType`.

    Of Python's types `float`, `bool` and `object` have a fixed counterpart (float32, bool,
    string); `int` has none.

    Raises:
        TypeError: if nothing corresponds to `type_value`.

    Example:
        >>> import numpy as np
        >>> import pantarhei as tf
        >>> tf.as_dtype("float32"), tf.as_dtype(np.int64), tf.as_dtype(float)
        (tf.float32, tf.int64, tf.float32)
    """
    if isinstance(type_value, DType):
        return type_value
    if isinstance(type_value, np.dtype) and type_value.type in _BY_NUMPY:
        return _BY_NUMPY[type_value.type]
    try:
        return _BY_ANYTHING[type_value]
    except KeyError:
        raise TypeError(
            f"Cannot convert value {type_value!r} to a TensorFlow DType.{_advice(type_value)}"
        ) from None


def _advice(type_value: Any) -> str:
    """What the writer of an unknown type probably meant, as a sentence; may be empty."""
    meant: dict[Any, str] = {
        int: "tf.int32 or tf.int64",
        str: "tf.string",
        bytes: "tf.string",
        complex: "tf.complex64 or tf.complex128",
    }
    if isinstance(type_value, type) and type_value in meant:
        return f" Write {meant[type_value]}."
    if isinstance(type_value, str):
        meant_by_name = {
            "int": "int32",
            "integer": "int32",
            "str": "string",
            "complex": "complex64",
        }
        import difflib  # imported when used: for this message only

        close = difflib.get_close_matches(type_value.lower(), _BY_NAME, n=1)
        if type_value in meant_by_name or close:
            return f" Did you mean {(meant_by_name.get(type_value) or close[0])!r}?"
    return ""
