"""So many threads for everything that is timed: this package's, BLAS's and PyTorch's."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from convoracle.harness.candidates.source import CannotRun


@contextmanager
def thread_limit(threads: int) -> Iterator[None]:
    """Use `threads` threads inside the block; ONNX Runtime is told when its session is made.

    Raises
    ------
    CannotRun
        If Numba was started with fewer.
    """
    with ExitStack() as undo:
        numba = _importable("numba")
        if numba is not None:
            most = numba.config.NUMBA_NUM_THREADS
            if threads > most:
                raise CannotRun(f"--threads {threads}: Numba has {most}; NUMBA_NUM_THREADS sets how many")
            undo.callback(numba.set_num_threads, numba.get_num_threads())
            numba.set_num_threads(threads)
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            undo.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(threads)
        threadpoolctl = _importable("threadpoolctl")
        if threadpoolctl is not None:
            undo.enter_context(threadpoolctl.threadpool_limits(threads, user_api="blas"))
        yield


def limits_blas() -> bool:
    """Return whether BLAS keeps to the number of threads, too; it does where `threadpoolctl` is installed."""
    return _importable("threadpoolctl") is not None


def _importable(name: str) -> Any:
    """Return a module, or None where it is missing or broken."""
    try:
        return importlib.import_module(name)
    except Exception:
        return None
