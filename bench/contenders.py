"""Who is measured, how each is started, and the environments that peers are installed into."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"


@dataclass(frozen=True)
class Contender:
    """One column of the tables.

    `arguments` follow `python -m`; `imports` is what a program imports to use it; `environment` the
    folder of its own Python, empty for this one; `packages` what is installed there. `nets` are
    those that it is measured on, all if none are named; `because` says why not on more.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    imports: str
    environment: str = ""
    packages: tuple[str, ...] = ()
    checked: bool = True  # whether it computes losses
    nets: tuple[str, ...] = ()
    because: str = ""


SMALL = ("linear", "sigmoid", "tanh")
COMPILES = "it compiles for 10 seconds to a minute for each net"
CALLABLES = "what it saves is a few microseconds of a step"
CONTENDERS = [
    Contender("native", "native engine", ("bench.peers.own", "native"), "pantarhei"),
    Contender("numpy", "numpy engine", ("bench.peers.own", "numpy"), "pantarhei"),
    Contender("by-hand", "NumPy by hand", ("bench.peers.by_hand",), "numpy"),
    Contender("products", "bare products", ("bench.peers.products",), "numpy", checked=False),
    Contender(
        "torch", "PyTorch", ("bench.peers.pytorch",), "torch",
        "torch", ("torch", "numpy"),
    ),
    Contender(
        "torch-compiled", "torch.compile", ("bench.peers.pytorch", "compiled"), "torch",
        "torch", ("torch", "numpy"),
        nets=("tanh", "dense", "wide", "lenet", "lstm"), because=COMPILES,
    ),
    Contender("jax", "JAX", ("bench.peers.jax_step",), "jax, jax.numpy", "jax", ("jax",)),
    Contender(
        "pytensor", "PyTensor", ("bench.peers.pytensor_step",), "pytensor, pytensor.tensor",
        "pytensor", ("pytensor", "numba"),
        nets=(*SMALL, "dense", "wide"), because=COMPILES,
    ),
    Contender(
        "tensorflow2", "TensorFlow 2, v1 session", ("bench.peers.tensorflow2",), "tensorflow",
        "tensorflow2", ("tensorflow",),
    ),
    Contender(
        "tensorflow1", "TensorFlow 1.15", ("bench.peers.tensorflow1",), "tensorflow",
        "tensorflow1",
    ),
    Contender(
        "native-callable", "native engine, make_callable",
        ("bench.peers.own", "native", "callable"), "pantarhei",
        nets=SMALL, because=CALLABLES,
    ),
    Contender(
        "tensorflow1-callable", "TensorFlow 1.15, make_callable",
        ("bench.peers.tensorflow1", "callable"), "tensorflow", "tensorflow1",
        nets=SMALL, because=CALLABLES,
    ),
]  # fmt: skip
BY_NAME = {each.name: each for each in CONTENDERS}


class Missing(Exception):
    """A contender cannot run; the message says why."""


def interpreter(contender: Contender, given: dict[str, str]) -> str:
    """The Python that runs a contender: given, named by the environment, or installed here.

    Raises:
      Missing: there is none.
    """
    if not contender.environment:
        return sys.executable
    variable = "BENCH_PYTHON_" + contender.environment.upper()
    path = given.get(contender.environment) or os.environ.get(variable)
    if path:
        if not Path(path).exists():
            raise Missing(f"there is no Python at the place given for {contender.environment}")
        return path
    installed = HOME / contender.environment / "bin" / "python"
    if installed.exists():
        return str(installed)
    if contender.packages:
        raise Missing(f"not installed; `python -m bench --install {contender.environment}` does it")
    raise Missing(
        f"needs Python 3.7 with it: --python {contender.environment}=PATH, or {variable} in the "
        "environment"
    )


def install(names: list[str]) -> None:
    """Makes environments of these names under `.bench` and installs their packages.

    Raises:
      SystemExit: a name is unknown, or an installation fails.
    """
    packages = {each.environment: each.packages for each in CONTENDERS if each.packages}
    for name in names:
        if name not in packages:
            raise SystemExit(f"cannot install {name!r}; there are: {', '.join(packages)}")
        folder = HOME / name
        python = str(folder / "bin" / "python")
        print(f"==> {name}: {' '.join(packages[name])} into {folder.relative_to(ROOT)}")
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
            subprocess.run([*pip, "--upgrade", *packages[name]], check=True)
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"installing {name} failed: {error}") from error


def surroundings(contender: Contender, cache: Path) -> dict[str, str]:
    """Environment variables: CPU only, and everything that is kept on disk below `cache`."""
    variables = dict(os.environ)
    variables.pop("PYTHONPATH", None)
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, as an installed package is
    if not contender.environment:
        variables["PYTHONPATH"] = str(ROOT / "src")
    variables.update(
        CUDA_VISIBLE_DEVICES="",
        JAX_PLATFORMS="cpu",
        TF_CPP_MIN_LOG_LEVEL="3",
        XDG_CACHE_HOME=str(cache),
        PANTARHEI_CACHE=str(cache / "pantarhei"),
        NUMBA_CACHE_DIR=str(cache / "numba"),
        PYTENSOR_FLAGS=f"base_compiledir={cache / 'pytensor'}",
        TORCHINDUCTOR_CACHE_DIR=str(cache / "inductor"),
        JAX_COMPILATION_CACHE_DIR=str(cache / "jax"),
        JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
    )
    return variables
