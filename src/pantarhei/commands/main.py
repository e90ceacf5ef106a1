"""`pantarhei COMMAND`: what the package does without a program of yours.

A command is a module of `commands`; here only their names are known. What cannot be done is said in
one line on standard error.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from pantarhei.commands import CommandError

COMMANDS = ("checkpoint", "events", "report")

EXAMPLES = """\
examples:
  pantarhei checkpoint model/            tensors of the latest checkpoint in a folder
  pantarhei events logs                  curves that were logged
  pantarhei report logs -o report.html   curves and graph as a page
  pantarhei COMMAND --help               more of each

The exit status is 0, 1 if something could not be done, 2 if the command line is wrong."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="pantarhei",
        description="Look into what runs of Pantarhei and TensorFlow 1 left.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        command = importlib.import_module(f"pantarhei.commands.{name}")
        subparser = subparsers.add_parser(name, help=command.HELP, description=command.__doc__)
        subparser.formatter_class = argparse.RawDescriptionHelpFormatter
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
      arguments: what follows the program's name; by default the process's.

    Returns:
      The exit status: 0; 1 if the command could not do its work; 130 if it was interrupted. A
      command line that cannot be understood ends the process with 2.

    Example:
      >>> from pantarhei.commands.main import main
      >>> main(["events", "no/such/folder"])
      1
    """
    parsed = parser().parse_args(arguments)
    try:
        parsed.run(parsed)
        sys.stdout.flush()
    except (CommandError, ImportError) as error:
        print(f"pantarhei {parsed.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"pantarhei {parsed.command}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        _close_output()  # the reader, such as `head`, has seen enough
    except OSError as error:
        print(f"pantarhei {parsed.command}: {error}", file=sys.stderr)
        _close_output()
        return 1
    return 0


def _close_output() -> None:
    """Nothing more is written, not even what still waits to be when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
