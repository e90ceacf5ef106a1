"""The LLVM text of the kernels of packed matrix products: the micro-kernel, and packing.

Which sizes are used where is decided in kernels/gemm. The arguments of the micro-kernel are terms,
rows, columns; whether sums are added to the result; bytes between two rows of the result; terms at
a time; then left, right and result. Those of packing: panels, terms, bytes between two rows of the
source; then source and target.
"""

from __future__ import annotations

from collections.abc import Sequence

from pantarhei.engines.native.codegen.builder import WIDEST
from pantarhei.engines.native.codegen.kernel_function import KernelFunction
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.codegen.values import SSAValue, vector
from pantarhei.engines.native.machine import GEMM_PREFETCH_TERMS

# LLVM prefers 256-bit registers on some processors with 512-bit ones; these kernels use the wider.
WIDE_REGISTERS = f'"min-legal-vector-width"="512" {WIDEST}'


def microkernel_text(type: str, rows: int, vectors: int, lanes: int) -> str:
    """The module of a micro-kernel that keeps so many rows of vectors in registers."""
    kernel = _MicroKernel(type, rows, vectors, lanes)
    kernel.write()
    return kernel.module.text


class _MicroKernel(KernelFunction):
    """Multiplies packed operands, so many terms at a time: sums stay in registers meanwhile."""

    def __init__(self, type: str, rows: int, vectors: int, lanes: int) -> None:
        super().__init__(WIDE_REGISTERS)
        self.type, self.vector, self.size = type, vector(lanes, type), BYTES[type]
        self.rows, self.vectors, self.lanes = rows, vectors, lanes
        self.columns = vectors * lanes
        self.positions = [(row, part) for row in range(rows) for part in range(vectors)]

    def write(self) -> None:
        """Loops over terms, columns and rows."""
        spill = self.cell(f"[{self.rows * self.columns} x {self.type}]", ", align 64")
        inner, rows, columns, accumulate, leading, depth = (self.number() for _ in range(6))
        left, right, result = (self.place() for _ in range(3))
        accumulates = accumulate.differs(0)
        with self.loop(inner, step=depth) as part:
            accumulates = part.phi(accumulates)
            first = part.index
            terms = (inner - first).intrinsic("umin", depth)
            with self.loop(columns, step=self.columns) as column:
                start = column.index * inner + first * self.columns
                right_panel = self.gep(right, self.type, start)
                width = (columns - column.index).intrinsic("umin", inner.of(self.columns))
                with self.loop(rows, step=self.rows) as row:
                    start = row.index * inner + first * self.rows
                    left_panel = self.gep(left, self.type, start)
                    height = (rows - row.index).intrinsic("umin", inner.of(self.rows))
                    shift = row.index * leading + column.index * self.size
                    target = self.moved(result, shift)
                    sums = self._sums(terms, left_panel, right_panel)
                    self._write(sums, target, leading, accumulates, (height, width), spill)
            part.next(accumulates, self.constant(True, "i1"))
        self.ret()

    def _sums(self, terms: SSAValue, left: SSAValue, right: SSAValue) -> list[SSAValue]:
        """The loop over terms."""
        with self.loop(terms) as term:
            x, y = term.phi(left), term.phi(right)
            before = [term.phi(self.zero(self.vector)) for _ in self.positions]
            factors = []
            for part in range(self.vectors):
                place = self.gep(y, self.type, part * self.lanes)
                note = f", align {self.size * self.lanes}"
                factors.append(self.load(place, self.vector, note))
                ahead = self.gep(
                    y, self.type, GEMM_PREFETCH_TERMS * self.columns + part * self.lanes
                )
                hints = [self.constant(hint, "i32") for hint in (0, 3, 1)]
                self.call("void", "@llvm.prefetch.p0", ahead, *hints)
            sums = []
            for (row, part), total in zip(self.positions, before, strict=True):
                if part == 0:
                    element = self.load(self.gep(x, self.type, row), self.type)
                    same = self.splat(element, self.lanes)
                sums.append(same.intrinsic("fma", factors[part], total))
            for phi, total in zip(before, sums, strict=True):
                term.next(phi, total)
            term.next(x, self.gep(x, self.type, self.rows))
            term.next(y, self.gep(y, self.type, self.columns))
        return sums

    def _write(
        self,
        sums: list[SSAValue],
        target: SSAValue,
        leading: SSAValue,
        accumulates: SSAValue,
        extents: tuple[SSAValue, SSAValue],
        spill: SSAValue,
    ) -> None:
        """Sums to the result: vector by vector, or element by element at its edges."""
        labels = ("whole", "add", "store", "ragged", "written")
        whole, add, store, ragged, written = map(self.label, labels)
        height, width = extents
        self.branch(height.equals(self.rows) & width.equals(self.columns), whole, ragged)
        self.start(whole)
        self.branch(accumulates, add, store)
        for label in (add, store):
            self.start(label)
            for (row, part), total in zip(self.positions, sums, strict=True):
                down = self.moved(target, leading * row)
                place = self.gep(down, self.type, part * self.lanes)
                note = f", align {self.size}"
                if label == add:
                    total = self.load(place, self.vector, note) + total
                self.store(total, place, note)
            self.jump(written)
        self.start(ragged)
        for (row, part), total in zip(self.positions, sums, strict=True):
            place = self.gep(spill, self.type, row * self.columns + part * self.lanes)
            self.store(total, place, f", align {self.size}")
        with self.loop(height) as r:
            start = r.index * self.columns
            down = self.moved(target, r.index * leading)
            with self.loop(width) as c:
                total = self.load(self.gep(spill, self.type, start + c.index), self.type)
                place = self.gep(down, self.type, c.index)
                both = self.load(place, self.type) + total
                self.store(accumulates.choose(both, total), place)
        self.jump(written)
        self.start(written)


def pack_text(type: str, width: int, lanes: int, transposed: bool) -> str:
    """The module of a function that copies panels: of each term `width` elements side by side.

    `transposed`: neighbouring terms are neighbours in memory, else elements of one term are.
    """
    packing = _Packing(type, width, lanes)
    packing.transposed() if transposed else packing.straight()
    packing.ret()
    return packing.module.text


class _Packing(KernelFunction):
    def __init__(self, type: str, width: int, lanes: int) -> None:
        super().__init__(WIDE_REGISTERS)
        self.type, self.width, self.lanes, self.size = type, width, lanes, BYTES[type]
        self.panels, self.terms, self.stride = (self.number() for _ in range(3))
        self.source, self.target = self.place(), self.place()
        self.note = f", align {self.size}"

    def straight(self) -> None:
        """Term by term, all panels: the source is read as it lies."""
        bytes = self.width * self.size
        between = self.terms * bytes
        with self.loop(self.terms) as term:
            from_ = self.moved(self.source, term.index * self.stride)
            to = self.moved(self.target, term.index * bytes)
            with self.loop(self.panels) as panel:
                source = self.moved(from_, panel.index * bytes)
                target = self.moved(to, panel.index * between)
                values = self.load(source, vector(self.width, self.type), self.note)
                self.store(values, target, self.note)

    def transposed(self) -> None:
        """Squares of as many terms as a vector has lanes are transposed in registers."""
        squares = self.terms & -self.lanes
        with self.loop(self.panels) as panel:
            down = panel.index * self.width
            source = self.moved(self.source, down * self.stride)
            target = self.gep(self.target, self.type, down * self.terms)
            with self.when(squares.differs(0)):
                self._squares(squares, source, target)
            with self.when(squares.below_unsigned(self.terms)):
                self._single_terms(squares, source, target)

    def _squares(self, squares: SSAValue, source: SSAValue, target: SSAValue) -> None:
        lanes, width = self.lanes, self.width
        # The code is written once for all squares beside each other, if they are alike.
        rows = lanes if width % lanes == 0 else width
        with self.loop(self.stride.of(width), step=rows) as beside:
            from_ = self.moved(source, beside.index * self.stride)
            to = self.gep(target, self.type, beside.index)
            lines = [self.moved(from_, self.stride * row) for row in range(rows)]
            with self.loop(squares, step=lanes) as square:
                place = self.gep(to, self.type, square.index * width)
                for first in range(0, rows, lanes):
                    here = [
                        self.gep(line, self.type, square.index)
                        for line in lines[first : first + lanes]
                    ]
                    self._square(here, self.gep(place, self.type, first))

    def _square(self, lines: Sequence[SSAValue], target: SSAValue) -> None:
        """Transposes the rows at these places, of as many terms as a vector has lanes."""
        lanes, count = self.lanes, len(lines)
        type = vector(lanes, self.type)
        rows = [self.load(line, type, self.note) for line in lines]
        rows += [SSAValue(self, "poison", type)] * (lanes - count)
        step = lanes // 2
        while step:
            swapped = list(rows)
            for index in range(lanes):
                if index & step:
                    continue
                for half, other in ((0, index), (1, index + step)):
                    picks = [
                        lane + step * half + ((lanes - step) if lane & step else 0)
                        for lane in range(lanes)
                    ]
                    swapped[other] = self.shuffle(rows[index], rows[index + step], picks)
            rows, step = swapped, step // 2
        for term, values in enumerate(rows):
            if count < lanes:
                values = self.shuffle(values, None, range(count))
            self.store(values, self.gep(target, self.type, term * self.width), self.note)

    def _single_terms(self, first: SSAValue, source: SSAValue, target: SSAValue) -> None:
        """What is left of the terms, element by element."""
        with self.loop(self.terms, begin=first) as term:
            to = self.gep(target, self.type, term.index * self.width)
            from_ = self.gep(source, self.type, term.index)
            with self.loop(self.terms.of(self.width)) as row:
                value = self.load(self.moved(from_, row.index * self.stride), self.type)
                self.store(value, self.gep(to, self.type, row.index))
