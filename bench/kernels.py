"""Where a step's time goes inside the native engine: every kernel of a net, timed on its own.

python -m bench.kernels lenet                the kernels that take most of the time
python -m bench.kernels tanh --in-order      all of them, in the order in which they run

The table of calls of the net's training step is walked again and again, one kernel at a time; a
figure is the median. At the end stands the time of the whole table walked in one go, which is what
`Session.run` cannot be faster than.
"""

from __future__ import annotations

import argparse
import ctypes
import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import pantarhei as tf
from bench.nets import NETS
from bench.peers.session_nets import SessionStep
from bench.values import write_values
from pantarhei.engines.native.codegen.loop_nest import Structure
from pantarhei.engines.native.codegen.ops import BYTES
from pantarhei.engines.native.kernels.conv.sliding import SlidingBlock
from pantarhei.engines.native.kernels.kernel import Kernel, Tasks
from pantarhei.engines.native.kernels.lowering import HostCall
from pantarhei.engines.native.kernels.routines import Routine
from pantarhei.engines.native.memory.plan import MemoryPlan
from pantarhei.engines.native.runtime.context import ExecutionContext

WORD = ctypes.sizeof(ctypes.c_int64)


def recorded(net: dict[str, Any], threads: int) -> tuple[ExecutionContext, Any]:
    """The context of the net's step, bound to its variables and data, and what keeps them alive."""
    with tempfile.TemporaryDirectory() as folder, np.load(write_values(net, Path(folder))) as file:
        parameters = {name: file[name] for name in file.files}
    batch = {name: parameters.pop(name) for name in ("x", "y", "labels")}
    config = tf.ConfigProto(engine="native", intra_op_parallelism_threads=threads)
    contexts: list[ExecutionContext] = []
    make: Any = ExecutionContext.__init__

    def noted(context: ExecutionContext, *arguments: Any) -> None:
        make(context, *arguments)
        contexts.append(context)

    ExecutionContext.__init__ = noted  # type: ignore[method-assign, assignment]
    try:
        step = SessionStep(tf, net, parameters, config)
        for _ in range(5):
            step(batch)
    finally:
        ExecutionContext.__init__ = make  # type: ignore[method-assign]
    context = max(
        reversed(contexts),
        key=lambda each: (len(native(each.code.layout)), len(each.code.layout.donations)),
    )
    layout = context.code.layout
    results = [np.zeros(type.shape, type.dtype) for type in layout.outputs]
    for slot, array in enumerate(results, len(layout.inputs)):
        context.buffers[slot] = array.ctypes.data
    return context, (step, batch, results)


def native(layout: MemoryPlan) -> list[Kernel | Tasks]:
    """All kernels and groups of tasks, in order."""
    return [each for part in layout.parts if isinstance(part, list) for each in part]


def work(kernel: Kernel | Tasks) -> tuple[str, float, str]:
    """What a kernel is, in words; how many operations or bytes it takes; and their unit.

    Of tasks, the products count.
    """
    if isinstance(kernel, Tasks):
        made = (str, SlidingBlock)
        products = [each for each in kernel.kernels() if isinstance(each.structure, made)]
        amount = sum(work(each)[1] for each in products)
        return f"{len(kernel.tasks)} tasks, {work(products[0])[0]}, ...", amount, "GFLOP/s"
    if isinstance(kernel.structure, str):
        columns, rows, inner = kernel.arguments[2:5]
        count = kernel.arguments[8]
        times = f" x{count}" if count > 1 else ""
        words = f"product {rows}x{inner}x{columns}{times} {kernel.structure}"
        return words, 2.0 * columns * rows * inner * count, "GFLOP/s"
    if isinstance(kernel.structure, SlidingBlock):
        extents, rows = kernel.arguments[:5], kernel.structure.rows
        lanes = kernel.structure.vectors * kernel.structure.bytes // BYTES[kernel.structure.type]
        words = f"blocks {'x'.join(map(str, extents))} of {rows}x{lanes}"
        return words, 2.0 * math.prod(extents) * rows * lanes, "GFLOP/s"
    if isinstance(kernel.structure, Routine):
        return f"routine {kernel.structure.kind}", 0.0, "-"
    structure = kernel.structure
    assert isinstance(structure, Structure)
    rank = len(structure.reduced)
    extents = kernel.arguments[:rank]
    space = "x".join(
        f"{extent}{'*' if folded else ''}"
        for extent, folded in zip(extents, structure.reduced, strict=True)
    )
    names = Counter(operation.name for operation in structure.operations)
    names.update(result.kind for result in structure.results if result.kind)
    listed = " ".join(f"{name}{f'*{n}' if n > 1 else ''}" for name, n in names.most_common(6))
    bytes, place = 0, rank
    for access in [*structure.loads, *(each.access for each in structure.results)]:
        steps = kernel.arguments[place + 2 : place + 2 + rank]
        extent = 1
        for each, step in zip(extents, steps, strict=True):
            extent *= each if step else 1
        bytes += extent * BYTES[access.type]
        place += 2 + rank
    counts = f"{len(structure.loads)}>{len(structure.operations)}>{len(structure.results)}"
    return f"nest [{space}] {counts} {listed or 'copy'}", float(bytes), "GB/s"


def measured(
    context: ExecutionContext, seconds: float, clock: Callable[[], float]
) -> tuple[list[float], float]:
    """Seconds of each kernel, and of all of them in one go."""
    walk = context.walk
    parts = [part for part in context.code.parts if isinstance(part, tuple)]
    steps = [(part[0] + 2 * WORD * index, 1) for part in parts for index in range(part[1])]
    whole: list[float] = []
    end = clock() + seconds / 4
    while clock() < end or len(whole) < 5:
        turns = 20 if len(steps) < 40 else 1
        begin = clock()
        for _ in range(turns):
            for part in parts:
                walk(part)
        whole.append((clock() - begin) / turns)
    times: list[list[float]] = [[] for _ in steps]
    empty: list[float] = []
    end = clock() + seconds
    while clock() < end or len(empty) < 5:
        begin = clock()
        walk((parts[0][0], 0))
        empty.append(clock() - begin)
        for index, step in enumerate(steps):
            begin = clock()
            walk(step)
            times[index].append(clock() - begin)
    call = statistics.median(empty)
    return [max(statistics.median(each) - call, 0.0) for each in times], statistics.median(whole)


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.kernels",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("net", choices=[each["name"] for each in NETS])
    parser.add_argument("--in-order", action="store_true", help="every kernel, as they run")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--most", type=int, default=30, help="rows that are shown")
    parser.add_argument("--threads", type=int, default=0, help="0 for all; 1 for a thread's time")
    options = parser.parse_args()
    # A thread's own time tells more on a machine that others use too.
    clock = time.thread_time if options.threads == 1 else time.perf_counter
    net = next(each for each in NETS if each["name"] == options.net)
    context, alive = recorded(net, options.threads)
    layout = context.code.layout
    kernels = native(layout)
    times, whole = measured(context, options.seconds, clock)
    del alive
    rows: list[tuple[str, int, float, float, str]] = []
    if options.in_order:
        for kernel, seconds in zip(kernels, times, strict=True):
            words, amount, unit = work(kernel)
            rows.append((words, 1, seconds, amount, unit))
    else:
        found: dict[tuple[str, str], list[float]] = {}
        for kernel, seconds in zip(kernels, times, strict=True):
            words, amount, unit = work(kernel)
            entry = found.setdefault((words, unit), [0, 0.0, 0.0])
            entry[0] += 1
            entry[1] += seconds
            entry[2] += amount
        rows = [(words, int(n), s, a, unit) for (words, unit), (n, s, a) in found.items()]
        rows = sorted(rows, key=lambda row: -row[2])[: options.most]
    for words, calls, seconds, amount, unit in rows:
        rate = amount / max(seconds, 1e-9) / 1e9
        print(f"{words[:88]:88} {calls:5} {seconds * 1e6:10.2f} us {rate:8.1f} {unit}")
    for part in layout.parts:
        if isinstance(part, HostCall):
            print(f"not measured: {part.node.kind} runs in NumPy")
    print(f"{len(kernels)} kernels, {sum(times) * 1e6:.2f} us one by one,", end=" ")
    print(f"{whole * 1e6:.2f} us in one go")


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
