"""Small programs, run by a Python of their own.

For what a process has once: its command line, its flags, its loggers, its exit status.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT, SOURCE


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, in which the package and the tests can be imported."""
    return {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{ROOT}", **variables}


def run_program(text: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Write `text` to program.py in a folder and run it there with arguments."""
    path = folder / "program.py"
    path.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, path.name, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def run_alone(text: str, **variables: str) -> str:
    """What a program in a process of its own prints; it must succeed within two minutes.

    Args:
      text: the program.
      variables: of its environment, besides this process's.
    """
    ran = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", text],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
