"""From LLVM text to machine code: LLVM for the processor at hand, and the compiled functions.

A piece of text is parsed, verified, optimized and emitted as an object file; `llvm_text`,
`optimized_llvm` and `assembly` return what one structure is after the first, third and last step:

    from pantarhei.engines.native.codegen import jit
    print(jit.assembly(structure))

Functions are kept for the life of the process, by structure, and on disk by their text and all that
decides their code (object_cache.py). Each is compiled by itself, so that plans share them; those
requested at once are linked together. llvmlite is imported when the first engine is made;
`Unavailable` has the reason where that fails.
"""

from __future__ import annotations

import ctypes
import hashlib
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from importlib import machinery, util
from typing import Any, NamedTuple

from pantarhei.engines.native.codegen.builder import Module
from pantarhei.engines.native.codegen.object_cache import ObjectCache, chosen_folder
from pantarhei.engines.native.codegen.runtime_functions import write_product, write_walk
from pantarhei.engines.native.kernels.kernel import Compilable
from pantarhei.engines.native.machine import host_machine
from pantarhei.engines.native.runtime.entry import EntryCompiler, write_enter
from pantarhei.engines.native.runtime.task_functions import write_task_functions
from pantarhei.engines.native.runtime.thread_pool import ThreadPool

# The passes that texts go through; changes whenever `_machine_code` does.
PIPELINE = "level 2, loops vectorised and interleaved"


class Unavailable(Exception):
    """This machine or installation cannot run machine code made here; the message says why."""


class Piece(NamedTuple):
    """A module in LLVM's language: whether passes run over it, and at which level it is emitted."""

    text: str
    passes: bool = True
    level: int = 2
    name: str = ""  # of its function


class Compiler:
    """Compiled functions by structure. One for the process; threads may share it."""

    def __init__(self) -> None:
        try:
            # Imported when used: most programs that import the package never compile.
            import llvmlite.binding as llvm

            cython_blas = _cython_blas()
        except ImportError as error:
            raise Unavailable(f"{error.name or error} cannot be imported") from error
        self._llvm: Any = llvm
        self._lock = threading.RLock()
        self._engines: list[Any] = []
        self._kernels: dict[Compilable, int] = {}
        self._addresses: dict[str, int] = {}
        self._cache = ObjectCache(chosen_folder())
        self.built = 0  # how many pieces this process compiled, and did not find on disk
        try:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
            self._target = llvm.Target.from_default_triple()
            self._processor = {
                "cpu": llvm.get_host_cpu_name(),
                "features": llvm.get_host_cpu_features().flatten(),
            }
            self._gemm = {
                "float": _capsule(cython_blas.__pyx_capi__["sgemm"]),
                "double": _capsule(cython_blas.__pyx_capi__["dgemm"]),
            }
            self._machine = self._new_machine()
        except (RuntimeError, KeyError, OSError) as error:
            raise Unavailable(f"LLVM or BLAS does not work on this machine: {error}") from error
        version = ".".join(map(str, llvm.llvm_version_info))
        self._environment = "\n".join(
            [f"LLVM {version}", self._target.triple, *self._processor.values(), PIPELINE]
        )
        fixed = self._linked(_fixed_pieces(self._target.triple))
        self.product = {each: fixed(f"product_{each}") for each in ("float", "double")}
        self.alone = {each: fixed(f"alone_{each}") for each in ("float", "double")}
        self.spread = fixed("spread")
        self.machine = host_machine()
        self.pool = ThreadPool(fixed, _library(cython_blas))
        # The GIL is released during these calls.
        self.walk = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(fixed("walk"))
        self.entry = EntryCompiler(fixed("enter"), self.walk)

    def gemm(self, type: str) -> int:
        """Address of BLAS's product for a type."""
        return self._gemm[type]

    def thread_control(self) -> int | None:
        """Address of the pool, whose functions control BLAS' threads; None where they cannot."""
        return self.pool.address if self.pool.divides_products else None

    def kernels(self, structures: Iterable[Compilable]) -> dict[Compilable, int]:
        """Addresses of the functions of all these structures."""
        with self._lock:
            wanted = list(dict.fromkeys(structures))
            missing = {each: piece_of(each) for each in wanted if each not in self._kernels}
            new = {
                piece.name: piece for piece in missing.values() if piece.name not in self._addresses
            }
            if new:
                address = self._linked(list(new.values()))
                self._addresses.update((name, address(name)) for name in new)
            for structure, piece in missing.items():
                self._kernels[structure] = self._addresses[piece.name]
            return {each: self._kernels[each] for each in wanted}

    def _linked(self, pieces: Sequence[Piece]) -> Callable[[str], int]:
        """Gives the addresses of the functions of these, with code from the disk where it is."""
        llvm = self._llvm
        # An engine owns its machine and a module; all that it has to run is added as machine code.
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._new_machine())
        for piece in pieces:
            key = "\n".join([self._environment, str(piece.passes), str(piece.level), piece.text])
            code = self._cache.read(key)
            if code is None:
                code = self._machine_code(piece)
                self._cache.write(key, code)
            engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        self._engines.append(engine)  # machine code lives as long as its engine
        return engine.get_function_address

    def _machine_code(self, piece: Piece) -> bytes:
        """Compiles a module to an object file."""
        self.built += 1
        machine = self._machine if piece.level == 2 else self._new_machine(piece.level)
        return bytes(machine.emit_object(self._module(piece, machine)))

    def _module(self, piece: Piece, machine: Any) -> Any:
        """LLVM's module of a piece: parsed, verified, and optimized where the piece requires it."""
        module = self._llvm.parse_assembly(piece.text)
        module.verify()
        if piece.passes:
            self._optimize(module, machine)
        return module

    def _optimize(self, module: Any, machine: Any) -> None:
        """Runs the passes that `PIPELINE` names."""
        llvm = self._llvm
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = True
        options.loop_interleaving = True
        options.slp_vectorization = False
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)

    def optimized_llvm(self, structure: Compilable) -> str:
        """The LLVM text of a structure after LLVM's passes."""
        with self._lock:
            return str(self._module(piece_of(structure), self._machine))

    def assembly(self, structure: Compilable) -> str:
        """The assembly of a structure for this processor."""
        with self._lock:
            module = self._module(piece_of(structure), self._machine)
            return str(self._machine.emit_assembly(module))

    def _new_machine(self, level: int = 2) -> Any:
        return self._target.create_target_machine(**self._processor, opt=level, jit=True)


def _fixed_pieces(triple: str) -> list[Piece]:
    """The functions that do not depend on a program, as they are written.

    What every call goes through is emitted at level 2; the rest does little itself.
    """
    often, seldom = Module(), Module()
    write_walk(often)
    write_enter(often)
    for type in ("float", "double"):
        write_product(seldom, type)
    write_task_functions(seldom, triple)
    return [Piece(often.text, passes=False), Piece(seldom.text, passes=False, level=0)]


def piece_of(structure: Compilable) -> Piece:
    """A structure's module, with a name for its function that no other function has."""
    text = structure.text
    name = f"kernel_{hashlib.sha256(text.encode()).hexdigest()}"
    return Piece(text.replace("@kernel(", f"@{name}(", 1), structure.optimized, name=name)


def llvm_text(structure: Compilable) -> str:
    """The LLVM text of a structure as the builder writes it."""
    return piece_of(structure).text


def optimized_llvm(structure: Compilable) -> str:
    """The LLVM text of a structure after LLVM's passes, for this processor."""
    return compiler().optimized_llvm(structure)


def assembly(structure: Compilable) -> str:
    """The assembly of a structure for this processor."""
    return compiler().assembly(structure)


def _cython_blas() -> Any:
    """SciPy's module of BLAS pointers, without the rest of its linear algebra (0.1 s to import)."""
    package = util.find_spec("scipy")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
    if sys.platform == "win32":
        import scipy  # noqa: F401 - Windows finds BLAS through it

    kinds = (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES)
    folder = f"{package.submodule_search_locations[0]}/linalg"
    spec = machinery.FileFinder(folder, kinds).find_spec("cython_blas")
    if spec is None or spec.loader is None:
        from scipy.linalg import cython_blas

        return cython_blas
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _library(module: Any) -> ctypes.CDLL | None:
    """A module's shared library; what it depends on is found through it, too."""
    try:
        return ctypes.CDLL(module.__file__)
    except (OSError, AttributeError):
        return None


def _capsule(capsule: Any) -> int:
    """The address in a PyCapsule."""
    api = ctypes.pythonapi
    name = api.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer = api.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(pointer(capsule, name(capsule)))


_compiler: Compiler | None = None
_making = threading.Lock()


def compiler() -> Compiler:
    """The compiler of this process; made when it is first used.

    Raises:
      Unavailable: llvmlite, a target for this processor, or SciPy's BLAS is missing.
    """
    global _compiler
    with _making:
        if _compiler is None:
            _compiler = Compiler()
        return _compiler
