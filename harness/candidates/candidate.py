"""The implementation under test: any callable, with what it says about itself."""

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.arguments import check_names
from convoracle.harness.cases.limits import OF_DATA, Limits, check
from convoracle.harness.operations import Operation

ACCURACIES = ("componentwise", "normwise")
DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64")


@dataclass(frozen=True)
class Candidate:
    """A callable to be verified.

    Parameters
    ----------
    function : callable
        Called with the operation's leading arguments by position and its options by keyword.
    name : str
        What reports call it.
    limits : mapping, optional
        Parameter name to the values it supports, or to a function that says whether it supports a value.
    accuracy : {"componentwise", "normwise"}
        The bound it promises to keep.
    dtypes : tuple of str
        The dtypes it promises to take.
    command : str, optional
        The part of a command line that names it; None if no command can reach it.
    concurrent : bool or None
        Whether it promises to be right when several threads call it at once; None if it does not say.
    anew : callable, optional
        Returns the function as a new process would have it, with nothing kept of any call; None if nothing can.
    """

    function: Callable[..., Any]
    name: str
    limits: Limits = field(default_factory=dict)
    accuracy: str = "componentwise"
    dtypes: tuple[str, ...] = ("float32", "float64")
    command: str | None = None
    concurrent: bool | None = None
    anew: Callable[[], Callable[..., Any]] | None = field(default=None, compare=False, repr=False)

    def promised(self, checks: frozenset[str]) -> frozenset[str]:
        """Return those of some checks that are about what the candidate promises."""
        return checks - {"concurrency"} if self.concurrent is False else checks

    def taking(self, dtypes: tuple[str, ...] | None, operation: Operation) -> "Candidate":
        """Return the candidate with only those of its dtypes that are asked for and that the operation has.

        Raises
        ------
        ValueError
            If none is left.
        """
        kept = tuple(
            dtype
            for dtype in self.dtypes
            if (dtypes is None or dtype in dtypes) and (operation.takes_integers or not dtype.startswith("int"))
        )
        if not kept:
            is_function = ":" in (self.command or "")  # no backend, and not one of the peers
            raise ValueError(
                f"{operation.name}: {self.name} takes {', '.join(self.dtypes)}, none of which was asked for "
                f"({', '.join(dtypes or ())})" + "; what it takes it declares, by an attribute dtypes" * is_function
            )
        return dataclasses.replace(self, dtypes=kept)

    def checked_for(self, operation: Operation) -> "Candidate":
        """Return self, or raise TypeError or ValueError for a declaration that makes no sense for the operation."""
        if not callable(self.function):
            raise TypeError(f"{operation.name}: the candidate must be callable, got {self.function!r}")
        if self.accuracy not in ACCURACIES:
            raise ValueError(f"{operation.name}: unknown accuracy {self.accuracy!r}; known: {', '.join(ACCURACIES)}")
        if not self.dtypes:
            raise ValueError(f"{operation.name}: no dtypes to verify; allowed: {', '.join(DTYPES)}")
        for dtype in self.dtypes:
            if dtype not in DTYPES:
                raise ValueError(f"{operation.name}: unknown dtype {dtype!r}; known: {', '.join(DTYPES)}")
            if dtype.startswith("int") and not operation.takes_integers:
                raise ValueError(f"{operation.name}: dtype {dtype} is not part of this operation; floats are")
        if self.concurrent not in (None, False, True):
            raise TypeError(f"{operation.name}: concurrent must be True or False, got {self.concurrent!r}")
        check(self.limits, (*operation.limit_names, *OF_DATA), operation.name, getattr(operation.case_type, "axes", 2))
        return self

    def bound_to(self, operation: Operation) -> Callable[..., Any]:
        """Return the callable to call: options the candidate's signature lacks are left out if its limits fix them.

        A candidate that declares ``limits={"dilation": {1}}`` need not have a parameter of that name.
        """
        left_out = self.left_out(operation)
        if not left_out:
            return self.function

        def call(*positional: Any, **keywords: Any) -> Any:
            return self.function(*positional, **{k: v for k, v in keywords.items() if k not in left_out})

        return call

    def left_out(self, operation: Operation) -> list[str]:
        """Return the options that a call leaves out."""
        return [name for name in operation.options if self._is_fixed(name) and not _accepts(self.function, name)]

    def _is_fixed(self, name: str) -> bool:
        limit = self.limits.get(name)
        return limit is not None and not callable(limit) and len(limit) == 1


def declared(
    operation: str,
    function: Callable[..., Any],
    limits: Limits | None,
    accuracy: str,
    dtypes: str | Sequence[str],
    concurrent: bool | None = None,
) -> Candidate:
    """Return a callable as a candidate; limits that are not given are its own, if it has any."""
    name, command = named(function)
    own: Limits = getattr(function, "limits", {})
    kept = own if limits is None else limits
    if kept != own:
        command = None  # the command line learns limits from the function alone
    elif command is not None and accuracy == "componentwise" != getattr(function, "accuracy", accuracy):
        command += " --accuracy componentwise"
    taken = check_names(operation, "dtypes", dtypes)
    promise = getattr(function, "concurrent", None)
    if concurrent not in (None, promise):
        command = None
    return Candidate(function, name, kept, accuracy, taken, command, promise if concurrent is None else concurrent)


def named(function: Callable[..., Any]) -> tuple[str, str | None]:
    """Return a readable name for a callable, and the ``--candidate`` option that reaches it, if one does."""
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    reachable = module and module != "__main__" and name.isidentifier() and getattr(function, "__qualname__", None)
    return (f"{module}:{name}", f"--candidate {module}:{name}") if reachable else (name, None)


def _accepts(function: Callable[..., Any], keyword: str) -> bool:
    """Return whether a callable takes a keyword; True where its signature cannot be read."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True
    return keyword in parameters or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
