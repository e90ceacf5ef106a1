"""A contender as a process: requests go in, answers come out, each a line of JSON."""

from __future__ import annotations

import json
import select
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.contenders import ROOT, Contender, Missing, surroundings


class Worker:
    """A running contender.

    Raises:
      Missing: by every request that fails, in words that a report can show.
    """

    def __init__(self, contender: Contender, python: str, cache: Path, patience: float) -> None:
        self.contender = contender
        self._patience = patience
        self._log = (cache / "messages.txt").open("w+")
        self._process = subprocess.Popen(
            [python, "-m", *contender.arguments],
            cwd=ROOT,
            env=surroundings(contender, cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """The answer to one request."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        try:
            requests.write(json.dumps({"do": do, **more}) + "\n")
            requests.flush()
        except BrokenPipeError:
            raise Missing(f"could not start: {self._last_words()}") from None
        ready, _, _ = select.select([answers], [], [], self._patience)
        if not ready:
            self._process.kill()
            raise Missing(f"'{do}' was stopped after {self._patience:.0f} s")
        line = answers.readline()
        if not line:
            raise Missing(f"ended during '{do}': {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Missing(answer["error"])
        return answer

    def _last_words(self) -> str:
        self._process.wait()
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.returncode}"

    def alive(self) -> bool:
        """Whether it can be asked still."""
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the process."""
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
                self._process.wait(timeout=5)
            except (subprocess.TimeoutExpired, BrokenPipeError):
                self._process.kill()
                self._process.wait()
        self._log.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()
