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
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import pantarhei as tf
from bench.nets import NETS
from bench.peers.session_nets import SessionStep
from bench.values import write_values
from pantarhei.engines.native import engine
from pantarhei.engines.native.nests import Kernel
from pantarhei.engines.native.operations import BYTES

WORD = ctypes.sizeof(ctypes.c_int64)


def recorded(net: dict[str, Any]) -> tuple[Any, list[Any]]:
    """The runner of the net's step, and the arrays of a call of it."""
    calls: list[tuple[Any, list[Any]]] = []
    call = engine.Runner.__call__

    def noted(runner: Any, arrays: Any, *more: Any) -> Any:
        calls.append((runner, [each.copy() for each in arrays]))
        return call(runner, arrays, *more)

    with tempfile.TemporaryDirectory() as folder, np.load(write_values(net, Path(folder))) as file:
        parameters = {name: file[name] for name in file.files}
    batch = {name: parameters.pop(name) for name in ("x", "y", "labels")}
    step = SessionStep(tf, net, parameters, tf.ConfigProto(engine="native"))
    engine.Runner.__call__ = noted  # type: ignore[method-assign]
    try:
        for _ in range(2):
            calls.clear()
            step(batch)
    finally:
        engine.Runner.__call__ = call  # type: ignore[method-assign]
    return max(calls, key=lambda each: sum(len(kernels) for kernels in tables(each[0])))


def tables(runner: Any) -> list[list[Kernel]]:
    """The kernels of the native parts."""
    return [part for part in runner.layout.parts if isinstance(part, list)]


def work(kernel: Kernel) -> tuple[str, float, str]:
    """What a kernel is, in words; how many operations or bytes it takes; and their unit."""
    if isinstance(kernel.structure, str):
        columns, rows, inner = kernel.arguments[2:5]
        count = kernel.arguments[8]
        times = f" x{count}" if count > 1 else ""
        words = f"product {rows}x{inner}x{columns}{times} {kernel.structure}"
        return words, 2.0 * columns * rows * inner * count, "GFLOP/s"
    structure = kernel.structure
    rank = len(structure.folded)
    extents = kernel.arguments[:rank]
    space = "x".join(
        f"{extent}{'*' if folded else ''}"
        for extent, folded in zip(extents, structure.folded, strict=True)
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


def measured(runner: Any, arrays: list[Any], seconds: float) -> tuple[list[float], float]:
    """Seconds of each kernel, and of all of them in one go."""
    workspace = engine.Workspace(runner)
    objects = [*arrays, *[make() for make in runner.makers]]
    runner._bind_slowly(workspace, objects)
    (part,) = runner.parts
    address, count = part
    clock = time.perf_counter
    times: list[list[float]] = [[] for _ in range(count)]
    empty: list[float] = []
    end = clock() + seconds
    while clock() < end or len(empty) < 5:
        begin = clock()
        runner.walk(address, 0, workspace.table)
        empty.append(clock() - begin)
        for index in range(count):
            begin = clock()
            runner.walk(address + 2 * WORD * index, 1, workspace.table)
            times[index].append(clock() - begin)
    call = statistics.median(empty)
    whole = []
    for _ in range(7):
        begin = clock()
        turns = 0
        while clock() - begin < seconds / 8 or not turns:
            for _ in range(20 if count < 40 else 1):
                runner.walk(address, count, workspace.table)
                turns += 1
        whole.append((clock() - begin) / turns)
    return [max(statistics.median(each) - call, 0.0) for each in times], min(whole)


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
    options = parser.parse_args()
    net = next(each for each in NETS if each["name"] == options.net)
    runner, arrays = recorded(net)
    (kernels,) = tables(runner)
    times, whole = measured(runner, arrays, options.seconds)
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
    print(f"{len(kernels)} kernels, {sum(times) * 1e6:.2f} us one by one,", end=" ")
    print(f"{whole * 1e6:.2f} us in one go")


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
