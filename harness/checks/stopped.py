"""A call that is stopped at a line of it while another thread does something, and then goes on.

What two calls share is mixed up only if they meet at the wrong moment, and left alone they may not for a long time. But
whoever writes a workspace at one line and reads it at another is at the wrong moment everywhere in between, so that a
few lines at random will do. Lines are those of Python: a compiled kernel is one of them.
"""

import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

T = TypeVar("T")

Line = tuple[CodeType, int]

LIBRARIES = frozenset({"numba", "numpy", "scipy", "threading", "torch"})
OURS = frozenset(
    f"convoracle.harness.{name}"
    for name in ("adapters", "campaigns.alive", "candidates.candidate", "checks.concurrency")
)
"""Where nobody stops: what calls share in libraries is their concern, and they have many lines; ours share nothing."""


def lines_of(call: Callable[[], T]) -> tuple[T, list[Line]]:
    """Make a call; return what it returns, and its lines, each once, as they are first come to."""
    lines: dict[Line, None] = {}
    return _watched(call, lambda line: lines.setdefault(line)), list(lines)


def stopped_at(line: Line, call: Callable[[], T], meanwhile: Callable[[], Any]) -> T:
    """Make a call, and do something else when it first comes to a line; return what the call returns."""

    def arrived(here: Line) -> None:
        if here == line:
            sys.settrace(None)  # all that is left runs at its own speed
            meanwhile()

    return _watched(call, arrived, line[0])


def _watched(call: Callable[[], T], arrived: Callable[[Line], Any], only: CodeType | None = None) -> T:
    """Make a call, and tell about every line of it before it is run, or only about those of one function."""

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if only is not None and frame.f_code is not only:
            return None
        module = frame.f_globals.get("__name__", "")
        if module in OURS or module.partition(".")[0] in LIBRARIES:
            return None
        if event == "line":
            arrived((frame.f_code, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call()
    finally:
        sys.settrace(before)
