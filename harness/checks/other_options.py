"""The cases near another: that differ in one option, or in one size, or whose result is what they are given."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.operations.base import Operation, outputs_of

_OTHER_VALUES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("stride", (1, 2, (1, 2), (2, 1), 3)),
    ("padding", (0, 1, (0, 1), (1, 0), 2)),
    ("dilation", (1, 2, (1, 2), (2, 1))),
    ("ceil_mode", (False, True)),
    ("count_include_pad", (False, True)),
    ("divisor_override", (None, 1, 3, -2, -1)),
    ("output_padding", (0, 1, (0, 1), (1, 0))),
    ("return_indices", (False, True)),
    ("kernel_size", ((1, 2), (2, 1), (2, 3), (3, 2), 2, 3)),
    ("axis", (0, 1, -1)),
    ("grad_output", (1, 2, -3)),
)
"""What an option is changed to when the arrays stay the same."""


class OtherOptions:
    """Every such case, in a random order, each worked out when it is first looked at: most often the first will do."""

    def __init__(self, operation: Operation, case: Any) -> None:
        self._found: list[Any] = []
        self._rest = _others(operation, case)

    def __iter__(self) -> Iterator[Any]:
        yield from self._found
        for other in self._rest:
            self._found.append(other)
            yield other


def _others(operation: Operation, case: Any) -> Iterator[Any]:
    """Yield the cases."""
    shapes = operation.operand_shapes(case)
    names = [name for name, _ in _OTHER_VALUES if name in operation.options and hasattr(case, name)]
    if hasattr(case, "ceil_mode") and operation.options:  # a kernel of a pool is no array
        names.append("kernel_size")
    changes = [(name, value) for name, values in _OTHER_VALUES if name in names for value in values]
    choices = Choices(case.seed, "other options")
    changes = choices.shuffled(changes)
    if "groups" in operation.options and "output_padding" not in operation.options and choices.happens(3):
        changes = [("padding", _moved(case.padding)), *changes]
    for name, value in changes:
        if value == getattr(case, name):
            continue
        other = dataclasses.replace(case, **{name: value})
        with contextlib.suppress(ValueError):  # an impossible case
            if operation.operand_shapes(other) == shapes:
                yield other


def _moved(padding: Any) -> Any:
    """Return as much padding, at the other ends: who sees sums alone cannot tell them apart."""
    if isinstance(padding, str):
        return "same" if padding == "same_lower" else "same_lower"
    if isinstance(padding, int):
        return padding
    sides = [(side, side) if isinstance(side, int) else tuple(side) for side in padding]
    if all(first == last for first, last in sides):
        return tuple((0, first + last) for first, last in sides)
    return tuple((last, first) for first, last in sides)


def without_change(case: Any) -> Any | None:
    """Return the case of a kernel of a single tap, in steps of one; None where there are no kernels."""
    if not hasattr(case, "kernel_size"):
        return None
    one = 1 if isinstance(case.kernel_size, int) else (1,) * len(case.kernel_size)
    plain = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "output_padding": 0, "f": case.c}
    plain |= {"bias": False, "divisor_override": None}
    return dataclasses.replace(
        case, kernel_size=one, **{name: value for name, value in plain.items() if hasattr(case, name)}
    )


def of_nearly_the_same_size(operation: Operation, case: Any) -> Any | None:
    """Return a case with a row or a column more or less, whose other arrays keep their shapes if they can.

    Without rows and columns it has one image more or less.
    """
    shapes, closest = _shapes(operation, case), None
    names = [name for name in ("h", "w") if hasattr(case, name)] or ["n"]
    changes = [(name, step) for name in names for step in (1, -1)]
    most = -1
    for name, step in Choices(case.seed, "other size").shuffled(changes):
        if getattr(case, name) + step > 0:
            other = dataclasses.replace(case, **{name: getattr(case, name) + step})
            with contextlib.suppress(ValueError):  # an impossible case
                kept = sum(a == b for a, b in zip(shapes, _shapes(operation, other), strict=True))
                if kept > most:
                    closest, most = other, kept
    return closest


def of_the_same_padded_size(operation: Operation, case: Any) -> Any | None:
    """Return a case with other padding and as large an image with it: a buffer kept by that size has other borders."""
    names = [name for name in ("h", "w") if hasattr(case, name)]
    if not hasattr(case, "padding") or not hasattr(case, "stride") or hasattr(case, "output_padding"):
        return None
    if hasattr(case, "d") or isinstance(case.padding, str):
        return None
    for step in Choices(case.seed, "padded size").shuffled((1, -1)):
        for axes in (names, *([name] for name in names[1:])):  # along all axes, or where that cannot be along the last
            changes = {name: getattr(case, name) - 2 * step for name in axes}
            padding = wider(case.padding, [step * (name in axes) for name in names])
            if min(changes.values()) > 0 and padding is not None:
                other = dataclasses.replace(case, **changes, padding=padding)
                with contextlib.suppress(ValueError):  # an impossible case
                    _shapes(operation, other)
                    return other
    return None


def wider(padding: Any, more: list[int]) -> Any:
    """Return padding with so much more at both ends of each axis; None where that is less than nothing."""
    if isinstance(padding, int) and len(set(more)) == 1:
        return padding + more[0] if padding + more[0] >= 0 else None
    sides = []
    for side, step in zip((padding,) * len(more) if isinstance(padding, int) else padding, more, strict=True):
        sides.append(side + step if isinstance(side, int) else tuple(end + step for end in side))
    least = min(side if isinstance(side, int) else min(side) for side in sides)
    return tuple(sides) if least >= 0 else None


def of_the_same_extent(operation: Operation, case: Any) -> Any | None:
    """Return a case with a stride of one whose results lie side by side where this one's lie apart; None without one.

    What is spread by the stride has the same size in both: a buffer kept by that size has other zeros in it.
    """
    names = [name for name in ("h", "w") if hasattr(case, name)]
    if not hasattr(case, "stride") or not hasattr(case, "groups") or hasattr(case, "output_padding"):
        return None
    if len(names) < 2 or hasattr(case, "d") or isinstance(case.padding, str):
        return None
    strides = (case.stride,) * 2 if isinstance(case.stride, int) else case.stride
    side_by_side = dataclasses.replace(case, stride=1)
    with contextlib.suppress(ValueError):  # an impossible case
        sizes = side_by_side.output_shape()[2:]
        less = [(size - 1) % stride for size, stride in zip(sizes, strides, strict=True)]
        shorter = {name: getattr(case, name) - rest for name, rest in zip(names, less, strict=True)}
        other = dataclasses.replace(side_by_side, **shorter)
        if max(strides) > 1 and min(size for shape in _shapes(operation, other) for size in shape) > 0:
            return other
    return None


def _shapes(operation: Operation, case: Any) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of all that goes in and comes out."""
    return (*operation.operand_shapes(case).values(), *(output.shape for output in outputs_of(operation, case)))
