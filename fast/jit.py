"""How kernels are compiled: `kernel` for functions called from Python, `inner` for those called by kernels only.

An inner function gets no way in from Python, which saves a third of its compilation. All are compiled to leave Python's
lock, for any one thread (`convoracle.fast.threads` shares the work out), and kept in Numba's cache on disk.

Before Numba loads a function from there, it sets up all that it can compile: every implementation of every function it
knows, which takes longer than everything else up to the first result. Machine code needs none of that to be run, so it
is left to whoever compiles.

Compiling takes seconds. Whoever waits for it longer than one is told why, by a warning to the logger "convoracle":
without any set-up Python's logging prints it, one line on the standard error stream, and a program that wants silence
says ``logging.getLogger("convoracle").setLevel("ERROR")``.
"""

import gc
import logging
import threading
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import caching, event, runtime
from numba.core.dispatcher import Dispatcher
from numba.extending import _Intrinsic

_KERNEL: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy", "no_cfunc_wrapper": True}
_INNER: dict[str, Any] = {**_KERNEL, "no_cpython_wrapper": True}


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that is called from Python, when it is called first."""
    return _compiled(function, _KERNEL)


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that is called by compiled functions only, with the first of them."""
    return _compiled(function, _INNER)


def _compiled(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Compile a function for any arguments, and keep the result if there is a folder that can be written to."""
    if any(isinstance(cell.cell_contents, Dispatcher | _Intrinsic) for cell in function.__closure__ or ()):
        raise TypeError(f"{function.__name__} closes over a compiled function: Numba's cache would never find it again")
    try:
        dispatcher = njit(**options)(function)
    except RuntimeError:
        return njit(**{**options, "cache": False})(function)
    # Parts of Numba that are not public: where there are none of these names, its cache stays as it is.
    cache = getattr(dispatcher, "_cache", None)
    if type(cache) is caching.FunctionCache and all(hasattr(cache, name) for name in _NEEDED):
        cache.__class__ = _QuickCache
    return dispatcher


_NEEDED = ("_load_overload", "_guard_against_spurious_io_errors")


class _QuickCache(caching.FunctionCache):
    """Numba's cache of a function, which loads it without setting up the compiler."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept for a signature, or None; only the counting of references is set up for it."""
        runtime.rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


PATIENCE = 1.0
"""Seconds of compiling in silence."""


def _is_ours(dispatcher: Dispatcher) -> bool:
    """Return whether a function is one of this package."""
    return bool(dispatcher.py_func.__module__.startswith("convoracle."))


class _Announcer(event.Listener):
    """Says once, in a process, that kernels of this package are being compiled, if it takes long."""

    def __init__(self) -> None:
        self.depth = threading.local()
        self.is_said = False

    def on_start(self, compiling: Any) -> None:
        """Start to wait when a kernel's compilation starts; those of its inner functions are part of it."""
        depth = getattr(self.depth, "value", 0)
        self.depth.value = depth + 1
        dispatcher = compiling.data["dispatcher"]
        if depth == 0 and not self.is_said and _is_ours(dispatcher):
            self.depth.timer = threading.Timer(PATIENCE, self.say, [dispatcher])
            self.depth.timer.daemon = True
            self.depth.timer.start()

    def on_end(self, compiling: Any) -> None:
        """Stop waiting."""
        self.depth.value -= 1
        if self.depth.value == 0 and hasattr(self.depth, "timer"):
            self.depth.timer.cancel()
            del self.depth.timer

    def say(self, dispatcher: Any) -> None:
        """Say it."""
        if not self.is_said:
            self.is_said = True
            folder = dispatcher.stats.cache_path
            kept = f"once; kept in {folder}" if folder else "each time: set NUMBA_CACHE_DIR to keep them"
            logging.getLogger("convoracle").warning("convoracle: compiling kernels for this machine (%s)", kept)


class _Uncollected(event.Listener):
    """Lets nobody look for garbage while kernels of this package are compiled.

    What a compiler makes stays to the end, and looking through it again and again takes a twelfth of the time.
    """

    def __init__(self) -> None:
        self.depth = 0  # of one thread at a time: compilers have a lock
        self.is_to_go_on = False

    def on_start(self, compiling: Any) -> None:
        """Stop the collection when a kernel's compilation starts."""
        if _is_ours(compiling.data["dispatcher"]):
            if self.depth == 0:
                self.is_to_go_on = gc.isenabled()
                gc.disable()
            self.depth += 1

    def on_end(self, compiling: Any) -> None:
        """Let it go on, if it did before."""
        if _is_ours(compiling.data["dispatcher"]):
            self.depth -= 1
            if self.depth == 0 and self.is_to_go_on:
                gc.enable()


event.register("numba:compile", _Announcer())
event.register("numba:compile", _Uncollected())
