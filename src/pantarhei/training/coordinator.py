"""`tf.train.Coordinator`: threads that stop together, and the first error that one of them met.

Works on threads, events and exceptions. Of graphs and sessions it uses only the error that ends a
stream of data, which is no fault.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from pantarhei.core import errors
from pantarhei.platform.logging import info

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class Coordinator:
    """Stops several threads at the request of one, and raises its error in the thread that joins
    them.

    Args:
      clean_stop_exception_types: exceptions that ask to stop without being errors;
        `tf.errors.OutOfRangeError` by default.

    Example:
      >>> import threading
      >>> import pantarhei as tf
      >>> coordinator = tf.train.Coordinator()
      >>> done = []
      >>> def work():
      ...     with coordinator.stop_on_exception():
      ...         while not coordinator.should_stop():
      ...             done.append(len(done))
      ...             if len(done) == 3:
      ...                 coordinator.request_stop()
      >>> thread = threading.Thread(target=work)
      >>> thread.start()
      >>> coordinator.join([thread])
      >>> done
      [0, 1, 2]
    """

    def __init__(
        self, clean_stop_exception_types: Iterable[type[BaseException]] | None = None
    ) -> None:
        if clean_stop_exception_types is None:
            clean_stop_exception_types = (errors.OutOfRangeError,)
        self._clean = tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._threads: set[threading.Thread] = set()

    def request_stop(self, ex: BaseException | ExcInfo | None = None) -> None:
        """Requests all threads to stop.

        Args:
          ex: an exception, or what `sys.exc_info()` gives; `join` raises the first that is
            reported, unless it is of the types that are no errors.

        Raises:
          BaseException: `ex`, if the threads have been joined already.
        """
        found = ex[1] if isinstance(ex, tuple) else ex
        if isinstance(found, self._clean):
            found = None
        with self._lock:
            if self._joined:
                if found is not None:
                    raise found
                return
            if self._stop.is_set():
                return
            if found is not None and self._error is None:
                info("Error reported to Coordinator: %s, %s", type(found), found)
                self._error = found
            self._stop.set()

    def clear_stop(self) -> None:
        """Resets the request to stop, and the error with it."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether a stop was requested."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Context that requests a stop when an exception leaves it, and ends the exception."""
        try:
            yield
        except BaseException as error:
            self.request_stop(error)

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Waits until a stop is requested, or for `timeout` seconds; whether it was."""
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Adds a thread to those that `join` waits for."""
        with self._lock:
            self._threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Waits until all threads have ended.

        Args:
          threads: threads besides those that are registered.
          stop_grace_period_secs: how long they may go on after a stop was requested.
          ignore_live_threads: whether threads that go on longer are only reported in the log.

        Raises:
          BaseException: the error reported to `request_stop`. RuntimeError: threads go on longer.
        """
        with self._lock:
            waited_for = list(self._threads.union(threads or ()))
        while any(each.is_alive() for each in waited_for) and not self.wait_for_stop(0.05):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for each in waited_for:
            if each.is_alive():
                each.join(max(end - time.monotonic(), 0.0))
        still_there = [each.name for each in waited_for if each.is_alive()]
        with self._lock:
            self._joined = True
            self._threads = set()
            if self._error is not None:
                raise self._error
            if still_there:
                message = f"Coordinator stopped with threads still running: {' '.join(still_there)}"
                if not ignore_live_threads:
                    raise RuntimeError(message)
                info(message)

    @property
    def joined(self) -> bool:
        """Whether the threads have been joined."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raises the error reported to `request_stop`, if there is one."""
        with self._lock:
            if self._error is not None:
                raise self._error


class LooperThread(threading.Thread):
    """A thread that calls a function again and again until its coordinator requests a stop.

    Args:
      coord: the coordinator.
      timer_interval_secs: seconds from one call to the next; None for no pause.
      target: the function; a subclass may override `run_loop` instead.
      args: its arguments.
      kwargs: its keyword arguments.

    Raises:
      ValueError: `coord` is no coordinator, or there are arguments without a function.

    Example:
      >>> import pantarhei as tf
      >>> coordinator = tf.train.Coordinator()
      >>> calls = []
      >>> def work():
      ...     calls.append(1)
      ...     coordinator.request_stop()
      >>> thread = tf.train.LooperThread.loop(coordinator, None, work)
      >>> coordinator.join()
      >>> calls
      [1]
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        if target is None and (args or kwargs):
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        super().__init__(daemon=True)
        self._coordinator = coord
        self._interval = timer_interval_secs
        self._function = target
        self._arguments, self._keywords = tuple(args or ()), dict(kwargs or {})
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> LooperThread:
        """A thread that has been started; the arguments are those of the class."""
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """What the thread does: the loop, between `start_loop` and `stop_loop`."""
        with self._coordinator.stop_on_exception():
            self.start_loop()
            due = time.monotonic()
            while not self._coordinator.wait_for_stop(max(due - time.monotonic(), 0.0)):
                due += self._interval or 0.0
                self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called before the first turn."""

    def stop_loop(self) -> None:
        """Called after the last turn."""

    def run_loop(self) -> None:
        """One turn: calls the function."""
        if self._function is not None:
            self._function(*self._arguments, **self._keywords)
