"""Candidates by name, as a command line gives them: a backend, a peer library, or ``module:function``."""

import dataclasses
import functools
import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import convoracle
from convoracle.fast import registry
from convoracle.harness.adapters import ADAPTERS
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.imported_anew import imported_anew
from convoracle.harness.operations import OPERATIONS

PEERS = {
    "torch": "convoracle.harness.peers.torch_candidate",
    "onnxruntime": "convoracle.harness.peers.onnxruntime_candidate",
}
"""Libraries that come with an adapter. Each module has `REQUIRES` and `CANDIDATES`, operation to Candidate."""


class CannotRun(Exception):
    """A candidate that cannot be tried at all: nothing is known about whether it is right."""


@dataclass(frozen=True)
class Source:
    """Where a candidate comes from: plain text, so that another process can load it.

    Parameters
    ----------
    kind : {"backend", "peer", "function"}
        What `name` is the name of.
    name : str
        ``"numba"``, ``"torch"``, ``"my_module:my_conv2d"``.
    accuracy : str, optional
        Overrides what the candidate declares. A backend that chooses among algorithms is also asked to keep it.
    adapters : tuple of str
        Those of `convoracle.harness.adapters.ADAPTERS` that a function is put into, the innermost first.
    """

    kind: str
    name: str
    accuracy: str | None = None
    adapters: tuple[str, ...] = ()

    @classmethod
    def of_candidate(cls, name: str, accuracy: str | None = None, adapters: tuple[str, ...] = ()) -> "Source":
        """Return the source a ``--candidate`` names."""
        if name in PEERS:
            return cls("peer", name, accuracy)
        return cls("function", name, accuracy, adapters)

    @property
    def is_trusted(self) -> bool:
        """Whether a long silence means that it is being compiled, not that it hangs."""
        return self.kind != "function"

    @property
    def option(self) -> str:
        """The part of a command line that names it."""
        # Who is asked for more than he declares is asked for it again; `normwise` is added where a command is made.
        asked = " --accuracy componentwise" if self.accuracy == "componentwise" else ""
        if self.kind == "backend":
            return f"--backend {self.name}{asked}"
        return " ".join([f"--candidate {self.name}", *(f"--adapter {adapter}" for adapter in self.adapters)]) + asked

    def operations(self) -> tuple[str, ...]:
        """Return the operations it can be verified for.

        A function is not imported for this, so that its module cannot harm the process that asks: its name has to be
        that of an operation, or the operation has to be given.

        Raises
        ------
        CannotRun
            If it does not exist here, or nothing says which operation it is.
        """
        if self.kind == "backend":
            try:
                variants = registry.variants_of(self.name)
            except (ImportError, ValueError) as error:
                raise CannotRun(str(error)) from error
            reason = registry.missing(self.name)
            if reason is not None:
                raise CannotRun(f"backend {self.name!r} needs {reason}")
            return tuple(name for name in OPERATIONS if name in variants)
        if self.kind == "peer":
            return tuple(self._peer())
        function = self.name.rpartition(":")[2].rpartition(".")[2]
        if function not in OPERATIONS:
            raise CannotRun(
                f"candidate {self.name!r}: its name is no operation's, so name the operation before it: "
                f"convoracle verify OPERATION --candidate {self.name}"
            )
        return (function,)

    def load(self, operation: str) -> Candidate:
        """Return the candidate for one operation."""
        candidate = self._load(operation)
        if self.accuracy is None:
            return candidate
        return dataclasses.replace(candidate, accuracy=self.accuracy, command=self.option)

    def _load(self, operation: str) -> Candidate:
        if self.kind == "backend":
            try:
                variant = registry.variant(operation, self.name)
            except (ImportError, ValueError) as error:
                raise CannotRun(str(error)) from error
            return Candidate(
                functools.partial(getattr(convoracle, operation), backend=self.name, **self._asked(variant)),
                self.name,
                variant.limits,
                variant.accuracy,
                variant.dtypes,
                self.option,
                concurrent=True,
            )
        if self.kind == "peer":
            candidates = self._peer()
            if operation not in candidates:
                raise CannotRun(f"{self.name} has no {operation}; it has {', '.join(candidates)}")
            return candidates[operation]
        function = self._adapted(operation)
        return Candidate(
            function,
            self.name,
            getattr(function, "limits", {}),
            getattr(function, "accuracy", "componentwise"),
            tuple(getattr(function, "dtypes", ("float32", "float64"))),
            self.option,
            getattr(function, "concurrent", None),
            functools.partial(self._anew, operation),
        )

    def _adapted(self, operation: str) -> Any:
        """Return the function inside its adapters."""
        function = self._function()
        for adapter in self.adapters:
            function = ADAPTERS[adapter](function, operation)
        return function

    def _anew(self, operation: str) -> Any:
        """Return the function inside its adapters from a module that is imported once more."""
        try:
            with imported_anew(self._module()):
                return self._adapted(operation)
        except Exception as error:  # whatever a module does when it is imported twice
            raise CannotRun(f"candidate {self.name!r} cannot be imported twice: {error}") from error

    def _module(self) -> str:
        """Return the name of the module, whose folder is made known if it is given as a file."""
        module = self.name.rpartition(":")[0]
        folder = os.getcwd()
        if module.endswith(".py"):
            folder, file = os.path.split(os.path.abspath(module))
            module = file.removesuffix(".py")
        if folder not in sys.path:
            sys.path.insert(0, folder)
        return module

    def _asked(self, variant: registry.Variant) -> dict[str, str]:
        """Return the accuracy to ask a backend for: what it keeps by itself need not be asked for."""
        is_asked = variant.is_chooser and self.accuracy is not None and self.accuracy != variant.accuracy
        return {"accuracy": str(self.accuracy)} if is_asked and variant.accuracy == "normwise" else {}

    def _peer(self) -> dict[str, Candidate]:
        module = importlib.import_module(PEERS[self.name])
        for needed in module.REQUIRES:
            try:
                importlib.import_module(needed)
            except Exception as error:
                raise CannotRun(
                    f"candidate {self.name!r} needs {needed}, which cannot be imported here "
                    f"({type(error).__name__}: {error}); pip install 'convoracle[peers]' brings it"
                ) from error
        candidates: dict[str, Candidate] = module.CANDIDATES
        return candidates

    def _function(self) -> Any:
        module, colon, path = self.name.rpartition(":")
        if not (module and colon and path):
            raise CannotRun(
                f"candidate {self.name!r} is not MODULE:FUNCTION; allowed: MODULE:FUNCTION, FILE.py:FUNCTION, "
                f"{', '.join(PEERS)}"
            )
        try:
            found: Any = importlib.import_module(self._module())
            for attribute in path.split("."):
                found = getattr(found, attribute)
        except Exception as error:
            raise CannotRun(f"candidate {self.name!r} cannot be imported: {type(error).__name__}: {error}") from error
        if not callable(found):
            raise CannotRun(f"candidate {self.name!r} must be callable, got {type(found).__name__}")
        return found
