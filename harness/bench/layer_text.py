"""The text a command line names a layer by: ``n16c64h56f64k3s1p1``.

It is a string of letters, each followed by a number, in any order::

    n batch (1)   c channels   h height   w width (h)   f filters   g groups (1)   b 1 for a bias (0)
    k kernel      s stride (1)   p padding (0)   d dilation (1)     each also along one axis: kh kw sh sw ph pw dh dw

A pool has ``max`` or ``avg`` before it, no filters, groups or bias, and its stride is the kernel unless given. The
text that a `Workload` prints leaves out what it need not say, so there is one for each.
"""

import re
from typing import Any

from convoracle.harness.bench.workload import Workload
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.pool2d_case import AvgPool2dCase, MaxPool2dCase

_LETTERS = re.compile(r"([kspd][hw]|[nchwfkspdgb])(\d+)")
_KNOWN = {"conv": "nchwfkspdgb", "max": "nchwkspd", "avg": "nchwksp"}
_SEED = 1000
"""Any seed that no shrinking starts from: nothing is drawn from it."""


def parse(text: str, dtype: str = "float32") -> Workload:
    """Return the workload of a text.

    Parameters
    ----------
    text : str
        Letters and numbers, see above; blanks do not count.
    dtype : {"float32", "float64"}
        Of its arrays.

    Returns
    -------
    Workload

    Raises
    ------
    ValueError
        If the text is malformed, says something twice or names a layer that cannot be.

    Examples
    --------
    >>> str(parse("c64 n16 h56 f64 k3 s1 p1"))
    'n16c64h56f64k3p1'
    >>> parse("max n16c64h112k3s2p1").case.output_shape()
    (16, 64, 56, 56)
    """
    words = text.split()
    kind = words.pop(0) if words and words[0] in ("max", "avg") else "conv"
    try:
        numbers = _numbers("".join(words), _KNOWN[kind])
        fields = _fields(numbers, kind)
    except ValueError as error:
        raise ValueError(
            f"layer {text!r}: {error}; allowed: letters with a number each, as in 'n16c64h56f64k3s1p1' (also w, g, d, "
            "b, kh, kw, sh, sw, ph, pw, dh, dw), or a pool as in 'max n16c64h112k3s2p1'"
        ) from error
    try:
        workload = _workload(kind, {**fields, "dtype": dtype, "seed": _SEED})
        workload.case.output_shape()
    except ValueError as error:
        raise ValueError(f"layer {text!r}: {error}") from error
    return workload


def _numbers(letters: str, known: str) -> dict[str, int]:
    """Return what each letter says."""
    found: dict[str, int] = {}
    position = 0
    while position < len(letters):
        match = _LETTERS.match(letters, position)
        if match is None or match[1][0] not in known:
            raise ValueError(f"cannot read {letters[position:]!r}")
        name, number = match[1], int(match[2])
        if name in found:
            raise ValueError(f"{name!r} is there twice")
        if number < 1 and name[0] not in "pb":
            raise ValueError(f"{name!r} must be at least 1")
        found[name] = number
        position = match.end()
    return found


def _fields(numbers: dict[str, int], kind: str) -> dict[str, Any]:
    """Return the fields of a case, but for its dtype."""
    for name in ("c", "h", *("f" * (kind == "conv"))):
        if name not in numbers:
            raise ValueError(f"{name!r} is missing")
    kernel = _pair(numbers, "k", (None, None))
    fields: dict[str, Any] = {
        "n": numbers.get("n", 1),
        "c": numbers["c"],
        "h": numbers["h"],
        "w": numbers.get("w", numbers["h"]),
        "kernel_size": kernel,
        "stride": _pair(numbers, "s", (1, 1) if kind == "conv" else kernel),
        "padding": _pair(numbers, "p", (0, 0)),
    }
    if kind != "avg":
        fields["dilation"] = _pair(numbers, "d", (1, 1))
    if kind == "conv":
        if numbers.get("b", 0) > 1:
            raise ValueError(f"'b' must be 0 or 1, got {numbers['b']}")
        fields |= {"f": numbers["f"], "groups": numbers.get("g", 1), "bias": bool(numbers.get("b", 0))}
    return fields


def _pair(numbers: dict[str, int], letter: str, default: tuple[int | None, int | None]) -> tuple[int, int]:
    """Return (height, width) of a letter that may stand for both axes or have one of its own for each."""
    if {letter, f"{letter}h", f"{letter}w"} <= numbers.keys():
        raise ValueError(f"{letter!r} says what {letter}h and {letter}w say already")
    height, width = (
        numbers.get(f"{letter}{axis}", numbers.get(letter, other)) for axis, other in zip("hw", default, strict=True)
    )
    if height is None or width is None:
        raise ValueError(f"{letter!r} is missing")
    return height, width


def _workload(kind: str, fields: dict[str, Any]) -> Workload:
    """Return the workload with these fields."""
    if kind == "conv":
        return Workload("conv2d", Conv2dCase(**fields, layout=("C", "C")))
    case = MaxPool2dCase if kind == "max" else AvgPool2dCase
    return Workload(f"{kind}_pool2d", case(**fields, ceil_mode=False, layout=("C",)))
