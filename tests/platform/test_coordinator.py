"""`tf.train.Coordinator`: threads end together, and the first error reaches who joins them."""

from __future__ import annotations

import threading

import pytest

import pantarhei as tf


def test_the_error_of_one_thread_stops_the_others_and_is_raised() -> None:
    coordinator = tf.train.Coordinator()

    def fail() -> None:
        with coordinator.stop_on_exception():
            raise KeyError("lost")

    waiting = threading.Thread(target=coordinator.wait_for_stop)
    threads = [waiting, threading.Thread(target=fail)]
    for each in threads:
        each.start()
    with pytest.raises(KeyError, match="lost"):
        coordinator.join(threads)
    assert coordinator.joined
    assert not waiting.is_alive()
    with pytest.raises(KeyError, match="lost"):
        coordinator.raise_requested_exception()


def test_the_end_of_the_data_is_no_error() -> None:
    coordinator = tf.train.Coordinator()
    with coordinator.stop_on_exception():
        raise tf.errors.OutOfRangeError(None, None, "end")
    assert coordinator.should_stop()
    coordinator.join()


def test_only_the_first_error_counts() -> None:
    coordinator = tf.train.Coordinator()
    coordinator.request_stop(ValueError("first"))
    coordinator.request_stop(ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        coordinator.join()
    with pytest.raises(ValueError, match="late"):
        coordinator.request_stop(ValueError("late"))
    coordinator.clear_stop()
    assert not coordinator.should_stop()
    coordinator.join()


def test_a_thread_that_does_not_stop_is_named() -> None:
    coordinator, end = tf.train.Coordinator(), threading.Event()
    thread = threading.Thread(target=end.wait, name="stubborn")
    thread.start()
    coordinator.register_thread(thread)
    coordinator.request_stop()
    try:
        with pytest.raises(RuntimeError, match="threads still running: stubborn"):
            coordinator.join(stop_grace_period_secs=0.01)
        coordinator.join([thread], stop_grace_period_secs=0.01, ignore_live_threads=True)
    finally:
        end.set()
        thread.join()


def test_a_looper_is_called_until_the_stop_and_reports_its_error() -> None:
    coordinator = tf.train.Coordinator()
    calls: list[int] = []

    def work(limit: int) -> None:
        calls.append(len(calls))
        if len(calls) == limit:
            raise RuntimeError("enough")

    tf.train.LooperThread.loop(coordinator, 0.001, work, args=(3,))
    with pytest.raises(RuntimeError, match="enough"):
        coordinator.join()
    assert calls == [0, 1, 2]


def test_arguments_of_a_looper() -> None:
    with pytest.raises(ValueError, match="must be a Coordinator"):
        tf.train.LooperThread("coordinator", 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="require that you also pass 'target'"):
        tf.train.LooperThread(tf.train.Coordinator(), 1, args=(1,))
