"""A module as a new process would have it: imported once more, and with it the modules that lie beside it."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType


@contextlib.contextmanager
def imported_anew(name: str) -> Iterator[None]:
    """Import a module, and what it imports from its own folder, once more; afterwards everything is as it was.

    Whatever it keeps in names of its own (caches, plans, workspaces) begins empty. What lies elsewhere stays.
    """
    beside = _beside(sys.modules[name])
    for one in beside:
        del sys.modules[one]
    try:
        importlib.import_module(name)
        yield
    finally:
        for one in _beside(sys.modules.get(name)):
            sys.modules.pop(one, None)
        sys.modules.update(beside)


def _beside(module: ModuleType | None) -> dict[str, ModuleType]:
    """Return the modules whose files lie in the folder of a module, by name, itself among them."""
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return {}
    folder = os.path.dirname(file)
    kept = {name: one for name, one in list(sys.modules.items()) if _folder(one) == folder and name != "__main__"}
    return {**kept, module.__name__: module}


def _folder(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return os.path.dirname(file) if isinstance(file, str) else None
