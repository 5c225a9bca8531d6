"""A wrong implementation, and what is known about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("structure", "tail", "numerics", "data", "state", "contract")
"""The classes a bug belongs to.

structure: the wrong formula, wherever a parameter is not trivial. tail: wrong only at some sizes, the remainder of a
block. numerics: the right formula, with too few bits. data: wrong for some values only (NaN, ties, large, negative).
state: right at first, wrong when called again. contract: right values, and a broken promise (an input written to, a
result that is shared, a layout misread, a dtype).
"""


@dataclass(frozen=True)
class Bug:
    """An implementation of one operation that is wrong in one known way.

    Parameters
    ----------
    name : str
        Unique: the operation, a slash, and the mistake in a few words: ``"conv2d/strides swapped"``.
    operation : str
        What it claims to be.
    kind : str
        One of `KINDS`.
    says : str
        What its result is, as the end of the sentence "the result equals ...": ``"the oracle's with stride_h and
        stride_w swapped"``. A diagnosis quotes it.
    make : callable
        Returns a fresh candidate: called as the operation's public function is, it shares no state with others.
    accuracy : str
        The bound it promises to keep.
    dtypes : tuple of str
        The dtypes it takes.
    limits : mapping
        What it claims to support, as `verify` takes it.
    concurrent : bool, optional
        Whether it promises to be right in several threads at once.
    raises : bool
        The bug is that it raises: an exception then is a kill.
    added : str
        The date it was added, if later than the first list.
    first_sight : bool, optional
        For a later one, whether the harness caught it as it then was.
    """

    name: str
    operation: str
    kind: str
    says: str
    make: Callable[[], Callable[..., Any]]
    accuracy: str = "componentwise"
    dtypes: tuple[str, ...] = ("float32", "float64")
    limits: Mapping[str, Any] = field(default_factory=dict)
    concurrent: bool | None = None
    raises: bool = False
    added: str = ""
    first_sight: bool | None = None


@dataclass(frozen=True)
class HistoricalBug(Bug):
    """A bug that a released library had.

    Parameters
    ----------
    project, thread : str
        Whose, and the number of the issue or pull request: ``"onnxruntime"``, ``"#24681"``.
    address : str
        Where the thread can be read.
    story : str
        Two sentences: what users saw, and what was wrong.
    """

    project: str = ""
    thread: str = ""
    address: str = ""
    story: str = ""
