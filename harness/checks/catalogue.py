"""The checks by name: what each decides, and by what measure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One check.

    Parameters
    ----------
    name : str
        What ``--check`` and ``--skip`` call it.
    decides : str
        What it finds out.
    tolerance : str
        How far from right is still right.
    parts : tuple of str
        What failures call its parts, where it has any.
    """

    name: str
    decides: str
    tolerance: str
    parts: tuple[str, ...] = ()


CHECKS = {
    check.name: check
    for check in (
        Check("form", "shape, dtype and type, before any value", "none", ("shape", "dtype", "raised")),
        Check("exact", "integers, every partial sum of which is exactly representable: proved case by case", "none"),
        Check("exact by rounding", "integers so small that the proven error is below one half: rounded", "none"),
        Check("bounded", "random, wide and cancelling floats", "Higham's bound, element by element"),
        Check("normwise", "the same, for algorithms that go through a transform", "the transform's bound"),
        Check("projection", "a network's layer at its real size, summed over its channels (--network)", "none"),
        Check("relations", "laws that need no oracle: linearity, shift, stride, padding, permutations, ...", "none"),
        Check(
            "specials", "NaN and infinities reach what they must and nothing else; subnormals; huge and tiny", "none"
        ),
        Check("gradient", "a gradient is the adjoint of the forward operation", "none"),
        Check(
            "contract",
            "inputs unmodified, results not shared, not cached, the same in any thread, layout, order and batch",
            "none",
            (
                "inputs unmodified",
                "no aliasing",
                "no stale results",
                "fresh data",
                "same call again",
                "other options",
                "any order",
                "read-only, layout, thread",
                "batch",
                "nothing replaced",
            ),
        ),
        Check("concurrency", "two threads that call at the same time get what each gets alone", "none"),
    )
}
"""Name to check, in the order in which they are made."""

_FAMILY = {part: check.name for check in CHECKS.values() for part in (check.name, *check.parts)}


def family(check: str) -> str:
    """Return the check that a failure's ``check`` is part of."""
    return _FAMILY.get(check, check)


def full_name(check: str) -> str:
    """Return a failure's ``check`` behind the one it is part of, which ``--check`` takes."""
    return check if family(check) == check else f"{family(check)}, {check}"


def chosen(only: Iterable[str] = (), without: Iterable[str] = ()) -> frozenset[str]:
    """Return the checks to make: all, or `only` some, `without` others.

    Raises
    ------
    ValueError
        For a check there is none of, or if none is left.
    """
    only, without = tuple(only), tuple(without)
    for name in (*only, *without):
        if name in CHECKS:
            continue
        if name in _FAMILY:
            raise ValueError(f"{name!r} is a part of the check {family(name)!r}, which is made as a whole")
        raise ValueError(f"unknown check {name!r}; known: {', '.join(CHECKS)}")
    left = frozenset(only or CHECKS) - frozenset(without)
    if not left:
        raise ValueError("every check is left out, so that nothing would be verified")
    return left
