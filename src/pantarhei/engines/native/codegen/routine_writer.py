"""What kernels that are no nests of loops are written with: elements of arrays, variables, copies.

Which routines there are is not known here; see kernels/routines.py.
"""

from __future__ import annotations

from pantarhei.engines.native.codegen.builder import KernelFunction
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.values import SSAValue


class RoutineWriter(KernelFunction):
    """A kernel whose instructions index arrays of elements."""

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
