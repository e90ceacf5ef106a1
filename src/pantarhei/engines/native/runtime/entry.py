"""Python's way into machine code: a function object made of an address.

A record names all that a call needs. The function takes the arrays that change from call to call,
compares them with what the record expects (dtype, shape, C order, alignment), puts the addresses of
their elements into the table of buffers, and walks the kernels. It answers -1, or the number of the
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
from pantarhei.program.ir import Array, Type

# The answer to a wrong number of arrays.
WRONG_COUNT = -2

# Places in the record: how many arrays are given; NumPy's class of arrays; what is expected of
# them; the table of buffers; the kernels and how many; then functions of Python: the one that makes
# a whole number, those that release Python's lock and take it again (0: it is kept); the cell that
# guards write to (0: there are none), and the kernels that run if they have not, and how many.
FIELDS = (
    *("count", "class", "expected", "buffers", "steps", "length", "number", "release", "take"),
    *("fault", "later", "rest"),
)

# What is expected of one array: dtype (0: anything, and nothing is bound), the number of its
# buffer, rank, extents.
ENTRY = """
define ptr @enter(ptr %self, ptr %arrays, i64 %count) nounwind {
entry:
  %record.place = getelementptr i8, ptr %self, i64 16
  %record = load ptr, ptr %record.place
  %wanted.count = load i64, ptr %record
{FIELDS}
  %all = icmp eq i64 %count, %wanted.count
  br i1 %all, label %start, label %end
start:
  %none = icmp eq i64 %count, 0
  br i1 %none, label %good, label %array
array:
  %i = phi i64 [ 0, %start ], [ %i.next, %next ]
  %here = phi ptr [ %expected, %start ], [ %here.next, %next ]
  %dtype.wanted = load i64, ptr %here
  %slot.place = getelementptr i64, ptr %here, i64 1
  %slot = load i64, ptr %slot.place
  %rank.place = getelementptr i64, ptr %here, i64 2
  %rank.wanted = load i64, ptr %rank.place
  %extents.wanted = getelementptr i64, ptr %here, i64 3
  %anything = icmp eq i64 %dtype.wanted, 0
  br i1 %anything, label %next, label %kind
kind:
  %array.place = getelementptr ptr, ptr %arrays, i64 %i
  %object = load ptr, ptr %array.place
  %class.place = getelementptr i8, ptr %object, i64 8
  %object.class = load ptr, ptr %class.place
  %right.class = icmp eq ptr %object.class, %class
  br i1 %right.class, label %type, label %end
type:
  %dtype.place = getelementptr i8, ptr %object, i64 56
  %dtype = load i64, ptr %dtype.place
  %right.dtype = icmp eq i64 %dtype, %dtype.wanted
  %flags.place = getelementptr i8, ptr %object, i64 64
  %flags = load i32, ptr %flags.place
  %layout = and i32 %flags, 257
  %right.layout = icmp eq i32 %layout, 257
  %rank.at = getelementptr i8, ptr %object, i64 24
  %rank.short = load i32, ptr %rank.at
  %rank = sext i32 %rank.short to i64
  %right.rank = icmp eq i64 %rank, %rank.wanted
  %both = and i1 %right.dtype, %right.layout
  %right = and i1 %both, %right.rank
  br i1 %right, label %shape, label %end
shape:
  %extents.place = getelementptr i8, ptr %object, i64 32
  %extents = load ptr, ptr %extents.place
  %scalar = icmp eq i64 %rank.wanted, 0
  br i1 %scalar, label %bind, label %axis
axis:
  %k = phi i64 [ 0, %shape ], [ %k.next, %axis.right ]
  %extent.place = getelementptr i64, ptr %extents, i64 %k
  %extent = load i64, ptr %extent.place
  %wanted.place = getelementptr i64, ptr %extents.wanted, i64 %k
  %extent.wanted = load i64, ptr %wanted.place
  %right.extent = icmp eq i64 %extent, %extent.wanted
  br i1 %right.extent, label %axis.right, label %end
axis.right:
  %k.next = add nuw nsw i64 %k, 1
  %more.axes = icmp ult i64 %k.next, %rank.wanted
  br i1 %more.axes, label %axis, label %bind
bind:
  %data.place = getelementptr i8, ptr %object, i64 16
  %data = load ptr, ptr %data.place
  %buffer = getelementptr ptr, ptr %buffers, i64 %slot
  store ptr %data, ptr %buffer
  br label %next
next:
  %here.next = getelementptr i64, ptr %extents.wanted, i64 %rank.wanted
  %i.next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %i.next, %count
  br i1 %more, label %array, label %good
good:
  %lock.kept = icmp eq ptr %release, null
  br i1 %lock.kept, label %first, label %unlock
unlock:
  %released = call ptr %release()
  br label %first
first:
  %thread = phi ptr [ null, %good ], [ %released, %unlock ]
  call void @walk(ptr %steps, i64 %length.number, ptr %buffers)
  %unguarded = icmp eq ptr %fault, null
  br i1 %unguarded, label %ran, label %look
look:
  %found = load i64, ptr %fault
  %sound = icmp eq i64 %found, 0
  br i1 %sound, label %second, label %stop
stop:
  store i64 0, ptr %fault
  br label %ran
second:
  call void @walk(ptr %later, i64 %rest.number, ptr %buffers)
  br label %ran
ran:
  %outcome = phi i64 [ -1, %first ], [ -3, %stop ], [ -1, %second ]
  br i1 %lock.kept, label %end, label %lock
lock:
  call void %take(ptr %thread)
  br label %end
end:
  %answer = phi i64 [ -2, %entry ], [ %i, %kind ], [ %i, %type ], [ %i, %axis ], \
[ %outcome, %ran ], [ %outcome, %lock ]
  %result = call ptr %number(i64 %answer)
  ret ptr %result
}
""".replace(
    "{FIELDS}",
    "\n".join(
        f"  %{name}.field = getelementptr ptr, ptr %record, i64 {place}\n"
        f"  %{name} = load ptr, ptr %{name}.field"
        for place, name in enumerate(FIELDS)
        if place
    )
    + "\n  %length.number = ptrtoint ptr %length to i64"
    + "\n  %rest.number = ptrtoint ptr %rest to i64",
)


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


class Entry:
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
        """A function of the arrays that are given; see `contract.EntryPoint` for what it answers.

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
