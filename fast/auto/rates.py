"""The rates of this machine: measured once, when they are first needed, and kept in a file of the user's cache.

The file is named after the machine and the versions that it was measured with, and says them again inside. It appears
at once, whole, and only if there is none yet: processes that start together measure together, but all use the file of
the first, and so choose alike. A file that cannot be used is written anew. Where none can be written, every process
measures for itself, and `Provenance.note` says why.
"""

import hashlib
import json
import os
import tempfile
import threading
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from convoracle.fast.auto.machine import Rates, measure_rates

FORMAT = 2
VARIABLE = "CONVORACLE_CACHE_DIR"


class Provenance(NamedTuple):
    """The rates of this machine, and where they come from."""

    rates: Rates
    path: Path
    note: str
    """A sentence for a reader: kept since when, or measured just now, or why it cannot be kept."""


_lock = threading.Lock()
_known: Provenance | None = None


def rates() -> Rates:
    """Return the rates of this machine; they stay the same as long as the process lives."""
    return provenance().rates


def provenance() -> Provenance:
    """Return the rates of this machine and where they come from."""
    global _known
    if _known is None:
        with _lock:
            if _known is None:
                _known = _find(cache_directory())
    return _known


def cache_directory() -> Path:
    """Return where the rates are kept: CONVORACLE_CACHE_DIR, or a folder in the user's cache."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("convoracle", appauthor=False)


def machine() -> dict[str, Any]:
    """Return what the rates depend on: the processor, what Numba compiles for, and the versions."""
    import numba
    from llvmlite import binding

    from convoracle.fast.simd.vectors import VECTOR_BITS

    settings: Any = numba.config
    return {
        "format": FORMAT,
        "convoracle": metadata.version("convoracle"),
        "numba": numba.__version__,
        "processor": settings.CPU_NAME or binding.get_host_cpu_name(),
        "vector_bits": VECTOR_BITS,
        "processors": os.cpu_count(),
    }


def _find(directory: Path) -> Provenance:
    """Read the rates, or measure and keep them."""
    here = machine()
    name = hashlib.sha256(json.dumps(here, sort_keys=True).encode()).hexdigest()[:16]
    path = directory / f"rates-{name}.json"
    kept = _read(path, here)
    if kept is not None:
        return Provenance(kept, path, "measured on this machine before")
    measured = measure_rates()
    try:
        won = _write(path, {**here, "rates": measured._asdict()})
    except OSError as error:
        return Provenance(measured, path, f"measured now, and cannot be kept: {error}")
    other = None if won else _read(path, here)
    return Provenance(other or measured, path, "measured now, and kept")


def _read(path: Path, here: dict[str, Any]) -> Rates | None:
    """Return the rates in a file, or None if there are none that can be used."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = Rates(**content.pop("rates"))
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    is_sound = all(isinstance(rate, float) and 0 < rate < 1e30 for rate in found)
    return found if is_sound and content == here else None


def _write(path: Path, content: dict[str, Any]) -> bool:
    """Write a file at once, unless another process has just written a sound one; tell whether it was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.stem, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        here = {name: value for name, value in content.items() if name != "rates"}
        try:
            os.link(temporary, path)
        except OSError:  # it exists, or the file system has no links
            if _read(path, here) is not None:
                return False
            os.replace(temporary, path)
            return True
        return True
    finally:
        Path(temporary).unlink(missing_ok=True)


def _forget_lock() -> None:
    """Start anew in a forked child, whose parent may have been measuring in another thread."""
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
