"""Writes what the event files of a folder hold into one HTML file that needs no network.

Curves of all scalars (with smoothing, a logarithmic scale and the values under the pointer),
histograms, images, audio, texts, graphs with their gradients, and times of traced runs. Each folder
is a run, as in TensorBoard. The file can be sent to somebody who has neither TensorBoard nor this.

  pantarhei report logs -o report.html
  pantarhei report logs/1 logs/2 -o both.html

Every scalar is in the file. Of histograms, images, sounds and texts at most 50 steps of each tag
are, evenly spread, and the page says so. A report that is written replaces an older one once it is
whole.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import resources
from pathlib import Path
from typing import Any

from pantarhei.commands import CommandError
from pantarhei.commands.events import event_files
from pantarhei.commands.output import check_output, whole_file
from pantarhei.commands.report_data import Log

HELP = "write curves and graphs into one HTML file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "logdir", metavar="LOGDIR", nargs="+", help="a folder with event files, or one file"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="report.html", help="by default report.html"
    )


def run(arguments: argparse.Namespace) -> None:
    """Writes the page.

    Raises:
      CommandError: there is nothing to show, or the page cannot be written.
    """
    log = Log()
    folders = [Path(each) for each in arguments.logdir]
    found = [event_files(folder) for folder in folders]
    inputs = [str(path) for paths in found for path in paths]
    check_output(arguments.output, inputs)
    for folder, paths in zip(folders, found, strict=True):
        root = folder if folder.is_dir() else folder.parent
        log.read(paths, root, folder.name if len(folders) > 1 else "")
    for fault in log.faults:
        print(f"pantarhei report: {fault}", file=sys.stderr)
    if log.empty():
        raise CommandError(
            f"nothing to show in {', '.join(arguments.logdir)}: read {len(inputs)} event file(s), "
            f"found {log.described()}"
        )
    title = ", ".join(folder.resolve().name for folder in folders)
    with whole_file(arguments.output, inputs) as temporary:
        Path(temporary).write_text(page(log.content(title)), encoding="utf-8")
    print(f"wrote {arguments.output}: {log.described()}")


def page(content: dict[str, Any]) -> str:
    """The page with its data, scripts and styles in it."""
    files = resources.files("pantarhei.commands") / "page"
    parts = {
        each.name: each.read_text(encoding="utf-8")
        for each in files.iterdir()
        if each.name.endswith((".html", ".css", ".js"))
    }
    data = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    text = parts.pop("report.html")
    for name, part in parts.items():
        text = text.replace(f"[[{name}]]", part)
    return text.replace("[[data]]", data)
