"""The native engine's call: ownership of arrays, layouts of inputs, threads, faults, fallbacks."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import pantarhei as tf
from pantarhei.engines.native.codegen import jit
from pantarhei.engines.native.runtime import engine
from pantarhei.engines.native.schedule.fusion import fuse
from pantarhei.engines.native.schedule.schedule import NestStep
from pantarhei.engines.numpy import engine as numpy_engine
from pantarhei.engines.numpy.engine import EngineFault
from tests.engines.agreement import agree, builder, compare, inputs, kernels_of


def chain(b: Any, x: Any) -> Any:
    """tanh(2 x + 1) row by row, less its mean."""
    h = b.tanh(b.add(b.multiply(x, 2.0), 1.0))
    total = b.reshape(b.sum(h, axes=(1,)), shape=(x.shape[0], 1))
    return b.subtract(h, b.divide(total, float(x.shape[1])))


def program_of(array: Any) -> Any:
    b = builder()
    (x,) = inputs(b, [array])
    return b.finish([chain(b, x)])


ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4) / 7


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(ARRAY),
        np.repeat(ARRAY, 2, axis=1)[:, ::2],
        ARRAY[::-1][::-1],
        np.frombuffer(b"x" + ARRAY.tobytes(), np.uint8)[1:].view(np.float32).reshape(3, 4),
        ARRAY.astype(">f4"),
        np.ma.masked_array(ARRAY),
    ],
    ids=["columns", "gaps", "view", "unaligned", "foreign-order", "subclass"],
)
def test_inputs_of_any_layout(array: Any) -> None:
    run = engine.compile(program_of(ARRAY))
    (expected,) = numpy_engine.compile(program_of(ARRAY))([ARRAY])
    (found,) = run([array])
    assert type(found) is np.ndarray and found.dtype == np.float32
    agree(found, expected)


@pytest.mark.parametrize("size", [10, 100_000])
def test_results_belong_to_the_caller(size: int) -> None:
    """Whatever is kept of a result, as it is or as a view, later runs leave it alone."""
    array = np.ones(size, np.float32)
    b = builder()
    (x,) = inputs(b, [array])
    run = engine.compile(b.finish([b.add(x, 1.0)]))
    kept = []
    for number in range(6):
        (found,) = run([array * number])
        kept.append(found if number % 2 else memoryview(found[1:]))  # type: ignore[arg-type]
        del found
    for number, each in enumerate(kept):
        assert np.all(np.asarray(each) == number + 1)


def test_large_results_nobody_holds_are_used_again() -> None:
    array = np.ones(100_000, np.float32)
    b = builder()
    (x,) = inputs(b, [array])
    run = engine.compile(b.finish([b.add(x, 1.0)]))
    places = set()
    for _ in range(10):
        (found,) = run([array])
        places.add(found.ctypes.data)
        found.shape = (10, 10_000)
        del found
    (found,) = run([array])
    assert found.shape == (100_000,) and len(places) <= 10


def test_threads_do_not_meet() -> None:
    """Runs of one program at the same time give each caller its own numbers."""
    b = builder()
    (x,) = inputs(b, [np.ones((50, 400), np.float32)])
    run = engine.compile(b.finish([chain(b, x), b.lgamma(b.exp(chain(b, x)))]))
    arrays = [np.full((50, 400), seed, np.float32) * np.arange(400) for seed in range(4)]
    expected = [run([array]) for array in arrays]
    wrong = []

    def work(number: int) -> None:
        for _ in range(30):
            found = run([arrays[number]])
            if any(map(np.any, map(np.not_equal, found, expected[number]))):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_faults_name_their_node() -> None:
    b = builder()
    x, places = inputs(b, [np.ones(4, np.int32), np.zeros(2, np.int32)])
    quotient = b.divide(b.add(x, 1), x)
    run = engine.compile(b.finish([quotient, b.gather(quotient, places, axis=0)]))
    arrays = [np.array([1, 2, 0, 4], np.int32), np.zeros(2, np.int32)]
    with pytest.raises(EngineFault, match="division by zero") as caught:
        run(arrays)
    assert caught.value.node is quotient.node
    with pytest.raises(EngineFault, match="is not in"):
        run([np.ones(4, np.int32), np.array([0, 4], np.int32)])
    assert run([np.ones(4, np.int32), np.zeros(2, np.int32)])[1].tolist() == [2, 2]


def test_other_dtypes_pass_through_numpy() -> None:
    arrays = [
        np.array([[b"a", b"b"]], object),
        np.ones((1, 2), np.complex64) * 2j,
        np.ones((1, 2), np.float32),
    ]
    b = builder()
    names, turns, x = inputs(b, arrays)
    b_real = b.add(b.real(b.multiply(turns, turns)), x)
    results = [b.equal(names, b.transpose(names, permutation=(0, 1))), b_real]
    results += [b.reshape(names, shape=(2,)), b.bitcast(b_real, shape=(1, 2), dtype=np.uint32)]
    program = b.finish([*results, b.exp(b_real)])
    expected, found = (each(program)(arrays) for each in (numpy_engine.compile, engine.compile))
    for wanted, got in zip(expected, found, strict=True):
        assert got.dtype == wanted.dtype
        if wanted.dtype == object:
            assert got.tolist() == wanted.tolist()
        else:
            agree(got, wanted)


def test_softmax_is_three_nests() -> None:
    """Maximum; exponentials with their sum; quotients."""
    b = builder()
    (x,) = inputs(b, [np.ones((5, 9), np.float32)])
    highest = b.reshape(b.max(x, axes=(1,)), shape=(5, 1))
    powers = b.exp(b.subtract(x, highest))
    total = b.reshape(b.sum(powers, axes=(1,)), shape=(5, 1))
    program = b.finish([b.divide(powers, total)])
    steps = fuse(program).steps
    kinds = [[node.kind for node in step.nodes] for step in steps if isinstance(step, NestStep)]
    assert kinds == [["max"], ["subtract", "exp", "sum"], ["divide"]]


def test_adam_is_one_nest() -> None:
    """The three new values of a variable and its slots are made in one pass."""
    b = builder()
    var, mean, square, slope = inputs(b, [np.ones((30, 40), np.float32)] * 4)
    new_mean = b.add(mean, b.multiply(b.subtract(slope, mean), 0.1))
    new_square = b.add(square, b.multiply(b.subtract(b.multiply(slope, slope), square), 0.001))
    step = b.divide(b.multiply(new_mean, 0.01), b.add(b.sqrt(new_square), 1e-8))
    program = b.finish([b.subtract(var, step), new_mean, new_square])
    (step,) = fuse(program).steps
    assert isinstance(step, NestStep) and len(step.stored) == 3


def test_another_batch_size_compiles_nothing() -> None:
    sizes = [(32, 10), (33, 10), (7, 10)]
    structures = []
    for shape in sizes:
        kernels = kernels_of(program_of(np.ones(shape, np.float32)))
        structures.append([kernel.structure for kernel in kernels])
    assert structures[0] == structures[1] == structures[2]


def test_a_view_that_is_fetched_stays() -> None:
    """What is handed out turned round is not overwritten by what is computed later."""
    array = np.arange(64, dtype=np.float32).reshape(8, 8) / 64
    b = builder()
    (x,) = inputs(b, [array])
    h = b.tanh(x)
    later = h
    for _ in range(5):
        later = b.tanh(b.matmul(later, x))
    compare(b.finish([b.transpose(h, permutation=(1, 0)), later]), [array])


def test_without_machine_code_the_reference_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable() -> Any:
        raise jit.Unavailable("llvmlite cannot be imported")

    monkeypatch.setattr(engine, "compiler", unavailable)
    monkeypatch.setattr(engine, "_warned", False)
    with pytest.warns(RuntimeWarning, match="llvmlite cannot be imported"):
        run = engine.compile(program_of(ARRAY))
    agree(run([ARRAY])[0], numpy_engine.compile(program_of(ARRAY))([ARRAY])[0])


def test_arrays_that_cannot_be_read_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where arrays lie otherwise in memory than in CPython, addresses are asked for one by one."""
    monkeypatch.setattr(jit.compiler().entry, "reads_arrays", False)
    compare(program_of(ARRAY), [ARRAY])


def test_a_session_on_the_engine() -> None:
    """Variables are updated, and faults become errors that name the operation."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.int32, (None,))
        total = tf.Variable(0.0)
        add = tf.assign_add(total, tf.reduce_sum(tf.cast(12 // x, tf.float32), name="sum"))
        with tf.Session(config=tf.ConfigProto(engine="native")) as session:
            session.run(tf.global_variables_initializer())
            assert session.run(add, {x: [3, 4]}) == 7.0
            with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
                session.run(add, {x: [3, 0]})
            assert session.run(total) == 7.0
