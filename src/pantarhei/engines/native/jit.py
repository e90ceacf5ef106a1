"""From text to machine code: LLVM for the processor at hand, and the cache of compiled functions.

Functions are kept for the life of the process, by structure. Those asked for at once share a
module. llvmlite is imported when the first engine is asked for; `Unavailable` tells why not.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterable, Sequence
from importlib import machinery, util
from typing import Any

from pantarhei.engines.native.emit import Nest, Structure
from pantarhei.engines.native.entry import ENTRY, Entry
from pantarhei.engines.native.fixed import FIXED, product


class Unavailable(Exception):
    """This machine or installation cannot run machine code made here; the message says why."""


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
        self._kernels: dict[Structure, int] = {}
        self._count = 0
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
        except (RuntimeError, KeyError, OSError) as error:
            raise Unavailable(f"LLVM or BLAS does not work on this machine: {error}") from error
        fixed = self._build(FIXED + ENTRY + product("float") + product("double"))
        self.product = {each: fixed(f"product_{each}") for each in ("float", "double")}
        # Python's lock is released during these calls.
        self.walk = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(fixed("walk"))
        self.entry = Entry(fixed("enter"), self.walk)

    def gemm(self, type: str) -> int:
        """Address of BLAS's product for a type."""
        return self._gemm[type]

    def kernels(self, structures: Iterable[Structure]) -> dict[Structure, int]:
        """Addresses of the functions of all these structures."""
        with self._lock:
            wanted = list(dict.fromkeys(structures))
            missing = [each for each in wanted if each not in self._kernels]
            if missing:
                self._compile(missing)
            return {each: self._kernels[each] for each in wanted}

    def _compile(self, structures: Sequence[Structure]) -> None:
        texts: list[str] = []
        declarations: set[str] = set()
        notes: list[str] = []
        names: dict[Structure, str] = {}
        for index, structure in enumerate(structures):
            names[structure] = f"kernel{self._count}"
            self._count += 1
            nest = Nest(structure, names[structure])
            loop, group, parallel = 3 * index, 3 * index + 1, 3 * index + 2
            text = nest.text.replace("!LOOP", f"!{loop}").replace("!GROUP", f"!{group}")
            texts.append(text)
            declarations |= nest.code.intrinsics
            notes.append(f"!{loop} = distinct !{{!{loop}, !{parallel}}}")
            notes.append(f"!{group} = distinct !{{}}")
            notes.append(f'!{parallel} = !{{!"llvm.loop.parallel_accesses", !{group}}}')
        address = self._build("\n".join([*texts, *sorted(declarations), *notes]))
        self._kernels.update((each, address(name)) for each, name in names.items())

    def _build(self, text: str) -> Any:
        """Compiles a module; what it returns gives the addresses of its functions."""
        llvm = self._llvm
        # An engine owns its machine; the next module needs another one.
        machine = self._target.create_target_machine(**self._processor, opt=2, jit=True)
        module = llvm.parse_assembly(text)
        module.verify()
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = True
        options.loop_interleaving = True
        options.slp_vectorization = False
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
        self._engines.append(engine)  # machine code lives as long as its engine
        return engine.get_function_address


def _cython_blas() -> Any:
    """SciPy's module of BLAS pointers, without the rest of its linear algebra (0.1 s to import)."""
    import scipy

    kinds = (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES)
    spec = machinery.FileFinder(f"{scipy.__path__[0]}/linalg", kinds).find_spec("cython_blas")
    if spec is None or spec.loader is None:
        from scipy.linalg import cython_blas

        return cython_blas
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    """The compiler of this process; made when it is first asked for.

    Raises:
      Unavailable: llvmlite, a target for this processor, or SciPy's BLAS is missing.
    """
    global _compiler
    with _making:
        if _compiler is None:
            _compiler = Compiler()
        return _compiler
