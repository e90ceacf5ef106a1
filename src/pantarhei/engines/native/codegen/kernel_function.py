"""The functions of kernels: how they read their arguments, and the elements of arrays."""

from __future__ import annotations

from pantarhei.engines.native.codegen.builder import Function, Module
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.values import SSAValue


class KernelFunction(Function):
    """The function `kernel` of a module of its own: it reads its arguments one after the other.

        void kernel(i64* arguments, i8** buffers)

    Buffers are given by their number in the table of buffers, and an offset in bytes.
    """

    def __init__(
        self, attributes: str = "", name: str = "kernel", module: Module | None = None
    ) -> None:
        attributes = f"nounwind {attributes}"
        super().__init__(module or Module(), name, ("ptr", "ptr"), attributes=attributes)
        self._arguments = 0

    def number(self) -> SSAValue:
        """The next argument."""
        name = f"%a{self._arguments}"
        self.lines.append(
            f"  {name}.place = getelementptr i64, ptr %p0, i64 {self._arguments}\n"
            f"  {name} = load i64, ptr {name}.place"
        )
        self._arguments += 1
        return SSAValue(self, name, "i64")

    def skip(self) -> None:
        """Leaves an argument out."""
        self._arguments += 1

    def place(self) -> SSAValue:
        """The address that the next two arguments name: a buffer, and an offset in bytes."""
        return self.address(self.number(), self.number())

    def address(self, slot: SSAValue, offset: SSAValue) -> SSAValue:
        """The address in the buffer of an argument, so many bytes further on."""
        name = slot.name
        self.lines.append(
            f"  {name}.entry = getelementptr ptr, ptr %p1, i64 {name}\n"
            f"  {name}.base = load ptr, ptr {name}.entry"
        )
        return self.emit(f"getelementptr i8, ptr {name}.base, {offset}", "ptr")

    def element(self, pointer: SSAValue, index: SSAValue, type: str) -> SSAValue:
        """The place of an element of an array."""
        return self.moved(pointer, index * BYTES[type])

    def index(self, pointer: SSAValue, index: SSAValue, type: str) -> SSAValue:
        """An integer out of an array, as a long one."""
        value = self.load(self.element(pointer, index, type), type)
        return value if type == "i64" else value.convert("sext", "i64")

    def copy(self, source: SSAValue, target: SSAValue, bytes: SSAValue) -> None:
        """Copies memory; the two places do not overlap."""
        volatile = self.constant(False, "i1")
        self.call("void", "@llvm.memcpy.p0.p0.i64", target, source, bytes, volatile)

    def inside(self, index: SSAValue, extent: SSAValue) -> SSAValue:
        """An index that is in an array for certain: the first where it is none."""
        return index.below_unsigned(extent).choose(index, 0)
