"""How products, convolutions and poolings are done: tables of choices on given machines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pantarhei.engines.native.kernels.conv.choose import (
    ConvStrategy,
    PoolStrategy,
    choose_conv,
    choose_pool,
)
from pantarhei.engines.native.kernels.gemm.choose import (
    AFTER_FUSION,
    AFTER_LOWERING,
    GemmLayout,
    Strategy,
    choose_gemm,
)
from pantarhei.engines.native.machine import (
    AVX2,
    AVX512,
    GENERIC,
    NEON,
    Machine,
    host_machine,
    machine_of,
)
from pantarhei.engines.native.pipeline import Options, explain
from pantarhei.program.ir import Type
from tests.engines.agreement import builder

EIGHT = replace(AVX512, processors=8)


@pytest.mark.parametrize(
    ("size", "machine", "layout", "strategy", "tasks"),
    [
        ((1000, 3, 8), AVX512, {}, Strategy.LOOP_NEST, 1),
        ((1000, 5, 8), AVX512, {}, Strategy.BLAS, 1),
        ((4, 4, 10_000), AVX512, {"transpose_x": True}, Strategy.LOOP_NEST, 1),
        ((4, 4, 10_000), AVX512, {}, Strategy.BLAS, 1),
        ((4, 4, 8), AVX512, {"stack": (3,)}, Strategy.BLAS, 1),
        ((64, 1024, 2048), EIGHT, {}, Strategy.SPLIT_K, 4),
        ((64, 1024, 2048), EIGHT, {"row_major": False}, Strategy.BLAS, 4),
        ((64, 1024, 2048), EIGHT, {"accumulate": True}, Strategy.BLAS, 4),
        ((128, 256, 784), AVX512, {}, Strategy.PACKED, 8),
        ((128, 256, 784), AVX2, {}, Strategy.PACKED, 12),
        ((128, 256, 784), NEON, {}, Strategy.PACKED, 12),
        ((128, 256, 784), GENERIC, {}, Strategy.BLAS, 1),
        ((128, 256, 784), AVX512, {"stack": (2,)}, Strategy.BLAS, 1),
        ((32, 32, 32), AVX512, {}, Strategy.BLAS, 1),
        ((512, 784, 2048), AVX512, {}, Strategy.PACKED_LARGE, 2),
        ((512, 784, 2048), EIGHT, {}, Strategy.PACKED_LARGE, 16),
        ((512, 784, 2048), replace(AVX2, processors=8), {}, Strategy.BLAS, 8),
        ((16384, 16384, 16384), replace(EIGHT, processors=64), {}, Strategy.BLAS, 32),
        ((16384, 16384, 16384), EIGHT, {"divisible": False}, Strategy.BLAS, 1),
    ],
)
def test_products(
    size: tuple[int, int, int],
    machine: Machine,
    layout: dict[str, Any],
    strategy: Strategy,
    tasks: int,
) -> None:
    plan = choose_gemm(*size, GemmLayout(**layout), "float", machine)
    assert (plan.strategy, plan.tasks) == (strategy, tasks), str(plan)


def test_no_micro_kernel_is_faster_than_blas_in_float64_with_short_vectors() -> None:
    size = (128, 256, 784)
    assert choose_gemm(*size, GemmLayout(), "double", AVX512).strategy is Strategy.PACKED
    assert choose_gemm(*size, GemmLayout(), "double", AVX2).strategy is Strategy.BLAS


@pytest.mark.parametrize("size", [(2, 64, 8), (64, 1024, 2048), (512, 784, 2048), (9, 9, 99)])
def test_stages_agree(size: tuple[int, int, int]) -> None:
    """The first choice is what a later stage chooses, too, once it can."""
    first = choose_gemm(*size, GemmLayout(), "float", EIGHT)
    for strategies in (AFTER_FUSION, AFTER_LOWERING):
        if first.strategy in strategies:
            later = choose_gemm(*size, GemmLayout(), "float", EIGHT, strategies)
            assert (later.strategy, later.tasks) == (first.strategy, first.tasks)


def test_a_plan_says_why() -> None:
    plan = choose_gemm(512, 784, 2048, GemmLayout(), "float", EIGHT)
    assert str(plan).splitlines() == [
        "512x2048 by 2048x784 float: micro-kernel, cache blocks packed in tasks "
        "(12x32 float, 410 of 2048 terms at a time, 11784192 bytes packed), 16 tasks",
        "  not loop nest: 2048 terms > 8",
        "  not split-K with prefetch: 512 rows, not 2 to 128",
        "  not micro-kernel, operands packed once: 10780672 bytes packed > 4194304",
    ]
    plan = choose_gemm(32, 32, 32, GemmLayout(stack=(2, 3)), "double", GENERIC)
    assert str(plan).splitlines() == [
        "2x3 of 32x32 by 32x32 double: BLAS, 1 task",
        "  not loop nest: a stack of products",
        "  not split-K with prefetch: a stack of products",
        "  not micro-kernel, operands packed once: the machine has no micro-kernel for double",
        "  not micro-kernel, cache blocks packed in tasks: "
        "the machine has no micro-kernel for double",
    ]


def test_the_pipeline_prints_plans() -> None:
    b = builder()
    x, y = (_input(b, shape, np.float32) for shape in ((128, 784), (784, 256)))
    options = Options(machine=AVX512)
    text = explain(b.finish([b.matmul(x, y)]), "kernels", options)
    assert "  # 128x784 by 784x256 float: micro-kernel, operands packed once (12x32 float" in text
    assert "  #   not split-K with prefetch: a matrix of 802816 bytes < 4194304" in text


def _input(b: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return b.input(Type(np.dtype(dtype), shape))


def conv(
    kind: str = "conv",
    image: tuple[int, ...] = (64, 14, 14, 32),
    kernel: tuple[int, ...] = (5, 5, 32, 64),
    dtype: Any = np.float32,
    **changed: Any,
) -> Any:
    """The node of a convolution of the image, or of its gradient."""
    rank = len(image) - 2
    attributes = {"strides": (1,) * rank, "dilations": (1,) * rank, "padding": ((2, 2),) * rank}
    attributes |= changed
    b = builder()
    x, w = (_input(b, shape, dtype) for shape in (image, kernel))
    y = b.conv(x, w, **attributes)
    if kind == "conv":
        return y.node
    if kind == "conv_input_gradient":
        return b.conv_input_gradient(y, w, shape=image, **attributes).node
    return b.conv_filter_gradient(x, y, shape=kernel, **attributes).node


@pytest.mark.parametrize(
    ("node", "machine", "strategy", "reason"),
    [
        (conv(), AVX512, ConvStrategy.DIRECT, ""),
        (conv(), NEON, ConvStrategy.DIRECT, ""),
        (conv("conv_input_gradient"), AVX512, ConvStrategy.DIRECT, ""),
        (conv("conv_filter_gradient"), AVX2, ConvStrategy.DIRECT, ""),
        (conv(), GENERIC, ConvStrategy.IM2COL, "no register blocks"),
        (conv(kernel=(5, 5, 32, 40)), AVX512, ConvStrategy.IM2COL, "40 channels are no multiple"),
        (conv(dilations=(1, 2)), AVX512, ConvStrategy.IM2COL, "a dilation of 2"),
        (
            conv("conv_input_gradient", strides=(2, 2)),
            AVX512,
            ConvStrategy.IM2COL,
            "the input gradient is no convolution",
        ),
        (conv("conv", (4, 11, 1), (4, 1, 32)), AVX512, ConvStrategy.IM2COL, "1 axes"),
        (
            conv(kernel=(5, 5, 16, 64), groups=2),
            AVX512,
            ConvStrategy.NUMPY,
            "divided into groups",
        ),
        (conv(image=(0, 14, 14, 32)), AVX512, ConvStrategy.NUMPY, "an array is empty"),
    ],
)
def test_convolutions(node: Any, machine: Machine, strategy: ConvStrategy, reason: str) -> None:
    plan = choose_conv(node, machine)
    assert plan.strategy is strategy
    assert all(reason in why for _, why in plan.rejected) and bool(plan.rejected) == bool(reason)
    assert strategy.value in str(plan) and reason in str(plan)


def pool(
    name: str, shape: tuple[int, ...], window: int, stride: int, dtype: Any = np.float32
) -> Any:
    b = builder()
    x = _input(b, shape, dtype)
    attributes = {"window": (1, window, window, 1), "strides": (1, stride, stride, 1)}
    return getattr(b, name)(x, padding=((0, 0),) * 4, **attributes).node


@pytest.mark.parametrize(
    ("node", "strategy", "reason"),
    [
        (pool("window_max", (2, 6, 6, 3), 2, 2), PoolStrategy.SLICES, ""),
        (pool("window_argmax", (2, 6, 6, 3), 3, 3), PoolStrategy.SLICES, ""),
        (pool("window_max", (2, 7, 7, 3), 3, 2), PoolStrategy.LOOP_NEST, "overlap"),
        (pool("window_max", (2, 7, 7, 3), 2, 2), PoolStrategy.LOOP_NEST, "do not cover"),
        (pool("window_max", (2, 8, 8, 3), 4, 4), PoolStrategy.LOOP_NEST, "16 elements"),
        (pool("window_sum", (2, 6, 6, 3), 2, 2), PoolStrategy.LOOP_NEST, "sums"),
        (pool("window_argmax", (2, 7, 7, 3), 3, 2), PoolStrategy.POSITIONS, "overlap"),
        (pool("window_max", (2, 7, 7, 3), 3, 2, np.uint8), PoolStrategy.NUMPY, "overlap"),
    ],
)
def test_poolings(node: Any, strategy: PoolStrategy, reason: str) -> None:
    plan = choose_pool(node)
    assert plan.strategy is strategy and reason in str(plan)


def test_the_machine_at_hand() -> None:
    """Its instructions choose among the examples; nothing but processors differs from them."""
    assert machine_of("x86_64", {"avx512f": True, "avx2": True, "fma": True}, 4) == replace(
        AVX512, processors=4
    )
    assert machine_of("x86_64", {"avx2": True, "fma": True}, 2) == replace(AVX2, processors=2)
    assert machine_of("x86_64", {"avx2": True}, 1).gemm_rows == 0
    arm = machine_of("aarch64", {"neon": True}, 4)
    assert arm.sliding_rows and not arm.gemm_rows
    assert host_machine() is host_machine()


def test_register_blocks_fit_into_the_registers() -> None:
    """Sums, a row of vectors, and one more."""
    for machine in (AVX2, AVX512, NEON):
        for rows, vectors in (
            (machine.gemm_rows, machine.gemm_vectors),
            (machine.sliding_rows, machine.sliding_vectors),
        ):
            assert rows * vectors + vectors + 1 <= machine.vector_registers
