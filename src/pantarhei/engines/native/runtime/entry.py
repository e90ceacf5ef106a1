"""Python's way into machine code: a function object made of an address.

A record holds all that a call needs. The function takes the arrays that change from call to call,
compares them with what the record expects (dtype, shape, C order, alignment), puts the addresses of
their elements into the table of buffers, and walks the kernels. It returns -1, or the number of the
first array that does not fit; then nothing has run. The comparison reads the array objects
themselves, whose layout `reads_arrays` checks; where it is another one, Python does the same.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pantarhei.engines.contract import DONE, FAULT, EntryPoint
from pantarhei.engines.native.codegen.builder import Function, Module
from pantarhei.engines.native.codegen.values import SSAValue
from pantarhei.program.ir import Array, Type

# The result for a wrong number of arrays.
WRONG_COUNT = -2

# Places in the record: how many arrays are given; NumPy's class of arrays; what is expected of
# them; the table of buffers; the kernels and how many; then functions of Python: the one that makes
# an integer, those that release the GIL and acquire it again (0: it is kept); the cell that
# guards write to (0: there are none), and the kernels that run if they have not, and how many.
FIELDS = (
    *("count", "class", "expected", "buffers", "steps", "length", "number", "release", "take"),
    *("fault", "later", "rest"),
)

# Those of the fields that are numbers; the others are addresses.
NUMBERS = ("count", "length", "rest")

# Bytes in front of the parts of objects: of a function made from machine code its record; of any
# object its class; of an array its elements, rank, extents, dtype and flags.
RECORD, CLASS = 16, 8
DATA, RANK, EXTENTS, DTYPE, FLAGS = 16, 24, 32, 56, 64
# NumPy's flags of an array in C order, aligned.
READABLE = 0x101


def write_enter(module: Module) -> None:
    """`enter(self, arrays, count)`, a function of Python's kind FASTCALL."""
    f = Function(module, "enter", ("ptr", "ptr", "i64"), "ptr")
    self, arrays, count = f.parameters
    record = f.load(f.moved(self, RECORD), "ptr")
    fields = {
        name: f.load(f.gep(record, "i64", place), "i64" if name in NUMBERS else "ptr")
        for place, name in enumerate(FIELDS)
    }
    wrong_count, mismatch = f.label("wrong"), f.label("mismatch")
    f.require(count.equals(fields["count"]), wrong_count)
    with f.when(count.differs(0)), f.loop(count) as loop:
        expected = loop.phi(fields["expected"])
        # Of one array: dtype (0: anything, and nothing is bound), number of its buffer, rank,
        # extents.
        dtype = f.load(expected, "ptr")
        slot, rank = (f.load(f.gep(expected, "i64", place), "i64") for place in (1, 2))
        extents = f.gep(expected, "i64", 3)
        with f.when(dtype.differs(f.zero("ptr"))):
            array = f.load(f.gep(arrays, "ptr", loop.index), "ptr")
            found = f.load(f.moved(array, CLASS), "ptr")
            f.require(found.equals(fields["class"]), mismatch)
            _compare(f, array, (dtype, rank, extents), mismatch)
            f.store(f.load(f.moved(array, DATA), "ptr"), f.gep(fields["buffers"], "ptr", slot))
        loop.next(expected, f.gep(extents, "i64", rank))
    f.ret(f.call("ptr", fields["number"], _run(f, fields)))
    for label, answer in ((wrong_count, f.constant(WRONG_COUNT, "i64")), (mismatch, loop.index)):
        f.start(label)
        f.ret(f.call("ptr", fields["number"], answer))


def _compare(
    f: Function, array: SSAValue, expected: tuple[SSAValue, SSAValue, SSAValue], mismatch: str
) -> None:
    """Goes on if an array has the dtype, rank and extents, and lies as machine code reads it."""
    dtype, rank, extents = expected
    found = f.load(f.moved(array, DTYPE), "ptr")
    flags = f.load(f.moved(array, FLAGS), "i32") & READABLE
    found_rank = f.load(f.moved(array, RANK), "i32").convert("sext", "i64")
    right = found.equals(dtype) & flags.equals(READABLE) & found_rank.equals(rank)
    f.require(right, mismatch)
    found = f.load(f.moved(array, EXTENTS), "ptr")
    with f.when(rank.differs(0)), f.loop(rank) as axis:
        pair = [f.load(f.gep(each, "i64", axis.index), "i64") for each in (found, extents)]
        f.require(pair[0].equals(pair[1]), mismatch)


def _run(f: Function, fields: dict[str, SSAValue]) -> SSAValue:
    """Walks the kernels, and those that follow if no guard has written; returns the outcome."""
    null, buffers, fault = f.zero("ptr"), fields["buffers"], fields["fault"]
    releases = fields["release"].differs(null)
    kept = f.block
    with f.when(releases):
        thread, released = f.call("ptr", fields["release"]), f.block
    thread = f.phi((null, kept), (thread, released))
    f.call("void", "@walk", fields["steps"], fields["length"], buffers)
    first = f.block
    look, stop, later, ran = map(f.label, ("look", "stop", "later", "ran"))
    f.branch(fault.equals(null), ran, look)
    f.start(look)
    f.branch(f.load(fault, "i64").equals(0), later, stop)
    f.start(stop)
    f.store(f.constant(0, "i64"), fault)
    f.jump(ran)
    f.start(later)
    f.call("void", "@walk", fields["later"], fields["rest"], buffers)
    f.jump(ran)
    f.start(ran)
    done, failed = f.constant(DONE, "i64"), f.constant(FAULT, "i64")
    outcome = f.phi((done, first), (failed, stop), (done, later))
    with f.when(releases):
        f.call("void", fields["take"], thread)
    return outcome


class _MethodDefinition(ctypes.Structure):
    """Python's description of a function written in C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("documentation", ctypes.c_char_p),
    )


# The arguments come as an array of objects and their number.
_FASTCALL = 0x80


class EntryCompiler:
    """Makes functions that enter machine code."""

    def __init__(self, address: int, walk: Callable[[int, int, int], None]) -> None:
        self._walk = walk
        self.reads_arrays = reads_arrays()
        if not self.reads_arrays:
            return
        # Has to live as long as the functions that are made of it: as long as the process.
        self._definition = _MethodDefinition(b"enter", address, _FASTCALL, None)
        self._make = ctypes.pythonapi.PyCFunction_NewEx
        self._make.restype = ctypes.py_object
        self._make.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        names = ("PyLong_FromLong", "PyEval_SaveThread", "PyEval_RestoreThread")
        self._python = [
            ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0
            for name in names
        ]

    def function(
        self,
        given: Sequence[tuple[int, Type | None]],
        buffers: int,
        steps: tuple[int, int],
        releasing: bool,
        fault: int = 0,
        later: tuple[int, int] = (0, 0),
    ) -> EntryPoint:
        """A function of the arrays that are given; see `contract.EntryPoint` for what it returns.

        Args:
          given: of each array the number of its buffer and its type; None: it is not looked at.
          buffers: address of the table of buffers.
          steps: address and number of the kernels.
          releasing: whether other Python threads may run meanwhile.
          fault: address of the cell that guards write to; 0 where there are none.
          later: address and number of the kernels that run if no guard has written.
        """
        if not self.reads_arrays:
            return self._slow_function(given, buffers, steps, fault, later)
        expected: list[int] = []
        for slot, type in given:
            if type is None:
                expected += [0, slot, 0]
            else:
                expected += [id(common(type.dtype)), slot, len(type.shape), *type.shape]
        number, release, take = self._python
        lock = (release, take) if releasing else (0, 0)
        head = (len(given), id(np.ndarray), 0, buffers, *steps, number, *lock, fault, *later)
        # What is expected lies behind the fields: so it lives as long as the record.
        record = np.array([*head, *expected], np.int64)
        record[2] = address_of(record) + 8 * len(head)
        made: EntryPoint = self._make(ctypes.addressof(self._definition), record, None)
        return made

    def _slow_function(
        self,
        given: Sequence[tuple[int, Type | None]],
        buffers: int,
        steps: tuple[int, int],
        fault: int,
        later: tuple[int, int],
    ) -> EntryPoint:
        """The same in Python, for array objects of another layout."""

        def enter(*arrays: Array) -> int:
            if len(arrays) != len(given):
                return WRONG_COUNT
            for number, (array, (slot, type)) in enumerate(zip(arrays, given, strict=True)):
                if type is None:
                    continue
                if not fits(array, type):
                    return number
                ctypes.c_void_p.from_address(buffers + 8 * slot).value = address_of(array)
            self._walk(*steps, buffers)
            if fault:
                cell = ctypes.c_int64.from_address(fault)
                if cell.value:
                    cell.value = 0
                    return FAULT
                self._walk(*later, buffers)
            return DONE

        return enter


def fits(array: Any, type: Type) -> bool:
    """Whether machine code can read an array as one of a type."""
    right = isinstance(array, np.ndarray) and array.dtype == type.dtype
    return right and array.shape == type.shape and array.flags.c_contiguous and array.flags.aligned


def common(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The one object that NumPy uses for a dtype in this machine's byte order."""
    return np.dtype(dtype.type)


def address_of(array: Array) -> int:
    """Where an array's elements lie."""
    return int(array.__array_interface__["data"][0])


def reads_arrays() -> bool:
    """Whether array objects lie in memory as `enter` reads them; another Python or NumPy may
    differ."""
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return False
    for array in (np.arange(6.0).reshape(2, 3), np.zeros((), np.int32), np.ones(3, bool)):
        head = (ctypes.c_int64 * 9).from_address(id(array))
        flags = ctypes.c_int32.from_address(id(array) + 64).value
        found = (head[1], head[2], head[3] & 0xFFFFFFFF, head[7], flags & 257)
        data = address_of(array)
        if found != (id(np.ndarray), data, array.ndim, id(array.dtype), 257):
            return False
        extents = (ctypes.c_int64 * array.ndim).from_address(head[4]) if array.ndim else ()
        if tuple(extents) != array.shape:
            return False
    return True
