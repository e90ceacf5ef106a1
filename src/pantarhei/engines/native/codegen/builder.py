"""The one way in which LLVM text is written: modules, functions, blocks, loops, memory, vectors.

Values are typed (values.py), names are fresh, phis of loops are completed where the loop ends, and
what is called without being defined is declared. A value of a wrong type raises `TypeError` when
the instruction is written. What the functions compute is their writers' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from pantarhei.engines.native.codegen.values import SSAValue, element_of, literal, vector

# LLVM prefers half of what AVX-512 offers; polynomials of elements take 3/4 of the time with all.
WIDEST = '"prefer-vector-width"="512"'

# Marks accesses in the body of a `parallel` loop: its iterations touch different elements.
ACCESS_GROUP = ", !llvm.access.group !1"
_PARALLEL_LOOP = ", !llvm.loop !0"
_METADATA = (
    "!0 = distinct !{!0, !2}",
    "!1 = distinct !{}",
    '!2 = !{!"llvm.loop.parallel_accesses", !1}',
)


class Module:
    """Functions, constants and declarations that are compiled together."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}
        self.globals: dict[str, str] = {}
        self.declarations: dict[str, str] = {}
        self.is_parallel = False

    def declare(self, result: str, name: str, types: Sequence[str]) -> None:
        """Declares a function `@NAME` if the module does not define it."""
        self.declarations[name] = f"declare {result} {name}({', '.join(types)})"

    @property
    def text(self) -> str:
        """The module in LLVM's language."""
        declared = sorted(
            text
            for name, text in self.declarations.items()
            if name.removeprefix("@") not in self.functions
        )
        functions = [each.text for each in self.functions.values()]
        metadata = _METADATA if self.is_parallel else ()
        return "\n".join([*functions, *declared, *self.globals.values(), *metadata, ""])


class Function:
    """Appends instructions to the current block of a function.

    Args:
      module: gets the function and what it calls.
      name: without `@`.
      parameters: types of the parameters, which are in `parameters` as values.
      result: type of what it returns.
      attributes: LLVM's function attributes.
      linkage: `internal` for functions that only the module calls.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        parameters: Sequence[str],
        result: str = "void",
        attributes: str = "nounwind",
        linkage: str = "",
    ) -> None:
        self.module = module
        module.functions[name] = self
        self.parameters = [SSAValue(self, f"%p{n}", type) for n, type in enumerate(parameters)]
        head = f"{result} @{name}({', '.join(map(str, self.parameters))}) {attributes}"
        self._head = f"define {linkage} {head} {{\nentry:\n"
        # Label of the block that instructions are appended to.
        self.block = "entry"
        self.lines: list[str] = []
        self._cells: list[str] = []
        self._count = 0
        # Fast-math flags of float arithmetic.
        self.flags = ""

    @property
    def text(self) -> str:
        """The function in LLVM's language."""
        return self._head + "\n".join([*self._cells, *self.lines, "}"])

    # --- instructions ---------------------------------------------------------------------------

    def emit(self, instruction: str, type: str) -> SSAValue:
        """Appends an instruction whose result has the type."""
        self._count = count = self._count + 1
        name = f"%t{count}"
        self.lines.append(f"  {name} = {instruction}")
        return SSAValue(self, name, type)

    def constant(self, value: float, type: str) -> SSAValue:
        """A literal."""
        return SSAValue(self, literal(value, type), type)

    def number_of(self, value: SSAValue | int) -> SSAValue:
        """An integer of 64 bits: a literal, or a value that is one."""
        return value.check("i64") if isinstance(value, SSAValue) else self.constant(value, "i64")

    def zero(self, type: str) -> SSAValue:
        """The null pointer, or the number or vector of zeros."""
        return SSAValue(self, "zeroinitializer", type)

    def call(
        self, result: str, callee: str | SSAValue, *operands: SSAValue, note: str = ""
    ) -> SSAValue:
        """A call of a function `@NAME`, or of a pointer."""
        if isinstance(callee, str):
            name = callee
            if name not in self.module.declarations:
                self.module.declare(result, name, [each.type for each in operands])
        else:
            name = callee.check("ptr").name
        text = f"call {result} {name}({', '.join(map(str, operands))}) {note}"
        if result != "void":
            return self.emit(text, result)
        self.lines.append(f"  {text}")
        return SSAValue(self, "undef", result)

    @contextmanager
    def with_flags(self, flags: str) -> Iterator[None]:
        """Inside, float arithmetic has these fast-math flags."""
        before, self.flags = self.flags, flags
        try:
            yield
        finally:
            self.flags = before

    def exactly(self) -> AbstractContextManager[None]:
        """Inside, every operation is rounded by itself, whatever holds around."""
        return self.with_flags("")

    def contracting(self) -> AbstractContextManager[None]:
        """Inside, a product and a sum may become one instruction with one rounding."""
        return self.with_flags("contract ")

    # --- memory ---------------------------------------------------------------------------------

    def gep(
        self, pointer: SSAValue, type: str, index: SSAValue | int, member: int | None = None
    ) -> SSAValue:
        """The address of an element of an array of this type, or of a member of that element."""
        text = f"getelementptr {type}, {pointer.check('ptr')}, {self.number_of(index)}"
        return self.emit(text if member is None else f"{text}, i32 {member}", "ptr")

    def moved(self, pointer: SSAValue, bytes: SSAValue | int) -> SSAValue:
        """The address that is so many bytes further on."""
        distance = bytes.check("i64").name if isinstance(bytes, SSAValue) else bytes
        return self.emit(f"getelementptr i8, {pointer.check('ptr')}, i64 {distance}", "ptr")

    def load(self, pointer: SSAValue, type: str, note: str = "") -> SSAValue:
        """What is in memory; truth values lie there as bytes."""
        if type == "i1":
            return self.load(pointer, "i8", note).convert("trunc", "i1")
        return self.emit(f"load {type}, {pointer.check('ptr')}{note}", type)

    def store(self, value: SSAValue, pointer: SSAValue, note: str = "") -> None:
        """Writes to memory; truth values as bytes."""
        stored = value.convert("zext", "i8") if value.type == "i1" else value
        self.lines.append(f"  store {stored}, {pointer.check('ptr')}{note}")

    def atomic_load(self, pointer: SSAValue, order: str) -> SSAValue:
        """An integer that other threads may write."""
        return self.emit(f"load atomic i64, {pointer.check('ptr')} {order}, align 8", "i64")

    def atomic_store(self, value: SSAValue | int, pointer: SSAValue, order: str) -> None:
        """Writes an integer that other threads may read."""
        text = f"store atomic {self.number_of(value)}, {pointer.check('ptr')} {order}, align 8"
        self.lines.append(f"  {text}")

    def compare_exchange(
        self, pointer: SSAValue, expected: SSAValue | int, new: SSAValue | int, orders: str
    ) -> SSAValue:
        """Replaces an integer that other threads may write, if it is as expected; whether it
        was."""
        numbers = ", ".join(f"{self.number_of(each)}" for each in (expected, new))
        text = f"cmpxchg {pointer.check('ptr')}, {numbers} {orders}, align 8"
        pair = self.emit(text, "{i64, i1}")
        return self.emit(f"extractvalue {pair}, 1", "i1")

    def fetch(self, operation: str, pointer: SSAValue, by: SSAValue | int, order: str) -> None:
        """Changes an integer that other threads may write, in one step."""
        text = f"atomicrmw {operation} {pointer.check('ptr')}, {self.number_of(by)}"
        self.emit(f"{text} {order}, align 8", "i64")

    def cell(self, type: str, note: str = "") -> SSAValue:
        """Memory of the function's own; single values LLVM keeps in a register."""
        self._count += 1
        name = f"%cell{self._count}"
        # All of them belong to the function's entry, where they are made once.
        self._cells.insert(0, f"  {name} = alloca {type}{note}")
        return SSAValue(self, name, "ptr")

    def variable(self, start: SSAValue) -> SSAValue:
        """Memory of the function's own, with a value in it."""
        place = self.cell(start.type)
        self.store(start, place)
        return place

    # --- vectors --------------------------------------------------------------------------------

    def extract(self, x: SSAValue, lane: SSAValue) -> SSAValue:
        """One element of a vector."""
        return self.emit(f"extractelement {x}, {lane}", element_of(x.type))

    def insert(self, x: SSAValue, value: SSAValue, lane: SSAValue) -> SSAValue:
        """A vector with another element in one lane."""
        return self.emit(f"insertelement {x}, {value}, {lane}", x.type)

    def splat(self, value: SSAValue, lanes: int) -> SSAValue:
        """A vector with the value in all lanes."""
        type = vector(lanes, value.type)
        one = self.emit(f"insertelement {type} poison, {value}, i64 0", type)
        mask = f"<{lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {one}, {type} poison, {mask}", type)

    def shuffle(self, x: SSAValue, y: SSAValue | None, lanes: Sequence[int]) -> SSAValue:
        """The elements of two vectors with these numbers, counted through both."""
        other = x.of(y) if y else SSAValue(self, "poison", x.type)
        mask = ", ".join(f"i32 {lane}" for lane in lanes)
        operands = f"{x}, {other}, <{len(lanes)} x i32> <{mask}>"
        return self.emit(f"shufflevector {operands}", vector(len(lanes), element_of(x.type)))

    # --- control flow ---------------------------------------------------------------------------

    def label(self, name: str) -> str:
        """A label that no other block has."""
        self._count += 1
        return f"{name}{self._count}"

    def start(self, label: str) -> None:
        """Begins the block with this label."""
        self.lines.append(f"{label}:")
        self.block = label

    def jump(self, label: str) -> None:
        """Ends the block: goes to another one."""
        self.lines.append(f"  br label %{label}")

    def branch(self, condition: SSAValue, then: str, otherwise: str, note: str = "") -> None:
        """Ends the block: goes to one of two."""
        targets = f"label %{then}, label %{otherwise}{note}"
        self.lines.append(f"  br {condition.check('i1')}, {targets}")

    def require(self, condition: SSAValue, otherwise: str) -> None:
        """Instructions that follow run if the condition holds; else those of another block."""
        here = self.label("holds")
        self.branch(condition, here, otherwise)
        self.start(here)

    @contextmanager
    def when(self, condition: SSAValue) -> Iterator[None]:
        """Instructions inside run if the condition holds."""
        then, end = self.label("then"), self.label("end")
        self.branch(condition, then, end)
        self.start(then)
        yield
        if not self.lines[-1].startswith("  ret"):
            self.jump(end)
        self.start(end)

    def phi(self, *incoming: tuple[SSAValue, str]) -> SSAValue:
        """The value that belongs to the block that was left for this one."""
        type = incoming[0][0].type
        pairs = ", ".join(f"[ {value.check(type).name}, %{block} ]" for value, block in incoming)
        return self.emit(f"phi {type} {pairs}", type)

    def ret(self, value: SSAValue | None = None) -> None:
        """Ends the function."""
        self.lines.append(f"  ret {value or 'void'}")

    @contextmanager
    def repeat(self) -> Iterator[Loop]:
        """Instructions inside run once, then as long as the loop's `again` holds; forever where it
        is not set."""
        loop = Loop(self)
        self.jump(loop.head)
        loop.open()
        yield loop
        loop.close()

    @contextmanager
    def loop(
        self,
        end: SSAValue,
        begin: SSAValue | int = 0,
        step: SSAValue | int = 1,
        parallel: bool = False,
    ) -> Iterator[Loop]:
        """Instructions inside run for the numbers from `begin` to below `end`, once at least.

        In a `parallel` loop accesses that are marked `ACCESS_GROUP` do not depend on each other.
        """
        loop = Loop(self)
        self.jump(loop.head)
        loop.open()
        index = loop.index = loop.phi(end.of(begin))
        yield loop
        following = index.binary("add nuw nsw", step)
        loop.next(index, following)
        loop.again = following.below_unsigned(end)
        if parallel:
            loop.note, self.module.is_parallel = _PARALLEL_LOOP, True
        loop.close()

    @contextmanager
    def range(self, begin: SSAValue, end: SSAValue) -> Iterator[SSAValue]:
        """Instructions inside run for every number from `begin` to below `end`; maybe for none."""
        loop = Loop(self)
        self.branch(begin.below(end), loop.head, loop.done)
        loop.open()
        index = loop.phi(begin)
        yield index
        following = index.binary("add nsw", 1)
        loop.next(index, following)
        loop.again = following.below(end)
        loop.close()


class Loop:
    """A loop that is being written: its phis, and the condition under which it goes on."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._before = function.block
        self.head, self.done = function.label("loop"), function.label("done")
        self._first = 0  # the first line
        # Phi -> its line, its start, and its value in the next iteration.
        self._phis: dict[str, tuple[int, SSAValue, SSAValue | None]] = {}
        self.index: SSAValue
        self.again: SSAValue | None = None
        self.note = ""

    def open(self) -> None:
        """Begins the first block."""
        self._function.start(self.head)
        self._first = len(self._function.lines)

    def phi(self, start: SSAValue) -> SSAValue:
        """A value that changes from iteration to iteration; before any other instruction."""
        lines = self._function.lines
        if len(lines) != self._first + len(self._phis):
            raise ValueError("phis come before all other instructions of a block")
        phi = self._function.emit("", start.type)
        self._phis[phi.name] = len(lines) - 1, start, None
        return phi

    def next(self, phi: SSAValue, value: SSAValue) -> None:
        """The value of a phi in the next iteration."""
        line, start, _ = self._phis[phi.name]
        self._phis[phi.name] = line, start, phi.of(value)

    def close(self) -> None:
        """Goes back to the head, or to the block behind the loop."""
        function = self._function
        for name, (line, start, value) in self._phis.items():
            if value is None:
                raise ValueError(f"{name} has no value for the next iteration")
            pairs = f"[ {start.name}, %{self._before} ], [ {value.name}, %{function.block} ]"
            function.lines[line] = f"  {name} = phi {start.type} {pairs}"
        if self.again is None:
            function.jump(self.head)
            return
        function.branch(self.again, self.head, self.done, self.note)
        function.start(self.done)
