"""Record the public names of TensorFlow 1.15.5: kinds, and the names of callables' arguments.

    python record_api.py docs/api-1.15.json.gz

runs where TensorFlow 1.15 does (Python 3.7). Each public path has a row: "module", "class",
"function", "method", "member" or "constant", and for callables the arguments in their order, `*`
and `**` before those that take the rest, keyword-only ones last; null where Python cannot find
them. `tf.contrib`, and `tf.compat.v1` and `tf.python_io`, which repeat other names, are left out,
as are private modules and other libraries that TensorFlow's modules happen to show.
"""

import gzip
import inspect
import json
import sys
from types import ModuleType

# Parts of paths that are not recorded.
LEFT_OUT = (
    *(".compat.", ".contrib", ".python", ".core", ".tools", ".v1", ".v2", ".app.flags"),
    *(".keras.applications", "tf.compiler", "tf.tensorflow"),
)

DEEPEST = 5


def arguments(value):
    """The names of a callable's arguments, of a class those of `__init__`; None if unknown."""
    value = value.__init__ if inspect.isclass(value) else value
    try:
        found = inspect.getfullargspec(inspect.unwrap(value))
    except Exception:
        try:
            return list(inspect.signature(value).parameters)
        except Exception:
            return None
    rest = ["*" + found.varargs] if found.varargs else []
    rest += ["**" + found.varkw] if found.varkw else []
    return found.args + rest + found.kwonlyargs


def attributes(value):
    """Names and values of the public attributes of a module or class that can be read."""
    for name in dir(value):
        if name[0] != "_":
            try:
                yield name, getattr(value, name)
            except Exception:
                continue


def record(module, path, package, depth=0):
    """Yields the paths below a module of the package with their kinds and arguments."""
    for name, value in attributes(module):
        full = path + "." + name
        if any(part in full for part in LEFT_OUT):
            continue
        if isinstance(value, ModuleType):
            if package in value.__name__ and depth < DEEPEST:
                yield full, ["module", None]
                yield from record(value, full, package, depth + 1)
        elif inspect.isclass(value):
            yield full, ["class", arguments(value)]
            for inner, member in attributes(value):
                kind = ["method", arguments(member)] if callable(member) else ["member", None]
                yield full + "." + inner, kind
        elif callable(value):
            yield full, ["function", arguments(value)]
        else:
            yield full, ["constant", None]


def read(path):
    """A recording: kind and arguments by path."""
    with gzip.open(str(path), "rt", encoding="utf-8") as file:
        return json.load(file)


def write(path, rows):
    """Write a recording, the same bytes for the same rows."""
    text = json.dumps(rows, sort_keys=True, indent=0, separators=(",", ":"))
    with open(str(path), "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(text.encode("utf-8"))


if __name__ == "__main__":
    import tensorflow

    rows = dict(record(tensorflow, "tf", "tensorflow"))
    write(sys.argv[1], rows)
    print(f"{len(rows)} names of TensorFlow {tensorflow.__version__}")
