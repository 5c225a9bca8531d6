"""Mistakes about how windows slide: options taken for one another, dropped, or put on the wrong side."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from convoracle.harness.explain.mistakes.windows import Axis, replaced

Axes = tuple[Axis, ...]


@dataclass(frozen=True)
class AxisMistake:
    """A change of the axes of a case, and what it amounts to in words; None where it changes nothing."""

    says: str
    change: Callable[[Any, Axes], Axes | None]
    cost: int = 1
    moves_padding: bool = False
    """Whether SAME padding comes out otherwise too, where it is worked out after the mistake."""


OPTIONS = {
    "stride": (("stride",), 1),
    "dilation": (("dilation",), 1),
    "padding": (("before", "after"), 0),
    "kernel_size": (("kernel",), 1),
    "output_padding": (("extra",), 0),
}
"""Option to the fields of an axis it decides, and the value that means none."""


def axis_mistakes(options: tuple[str, ...], names: str) -> Iterator[AxisMistake]:
    """Yield the mistakes that are possible with these options, on axes of these names."""
    for option in options:
        yield from _of_option(option, names)
    if len(names) > 1:
        fields = [field for option in options for field in OPTIONS[option][0]]
        yield AxisMistake(
            "with the axes of every option in reverse order", lambda case, axes: _reversed(axes, fields), 2
        )
    if "padding" in options:
        yield from _of_padding(names)
    if "stride" in options and "dilation" in options:
        yield AxisMistake(
            "with stride and dilation exchanged",
            lambda case, axes: replaced(
                axes,
                stride=tuple(axis.dilation for axis in axes),
                dilation=tuple(axis.stride for axis in axes),
            ),
            moves_padding=True,
        )
        yield AxisMistake(
            "with the stride in place of the dilation",
            lambda case, axes: replaced(axes, dilation=tuple(axis.stride for axis in axes)),
            moves_padding=True,
        )
        yield AxisMistake(
            "with the dilation in place of the stride",
            lambda case, axes: replaced(axes, stride=tuple(axis.dilation for axis in axes)),
            moves_padding=True,
        )
    if "output_padding" in options:
        yield AxisMistake(
            "with output_padding before the output, not after it",
            lambda case, axes: _sides(axes, lambda axis: (axis.before + axis.extra, axis.after - axis.extra)),
        )
        yield AxisMistake(
            "with the output moved by output_padding",
            lambda case, axes: _sides(axes, lambda axis: (axis.before - axis.extra, axis.after + axis.extra)),
        )
    if "dilation" in options:
        yield AxisMistake("with dilation counted as holes between taps", _holes, moves_padding=True)


def _of_option(option: str, names: str) -> Iterator[AxisMistake]:
    fields, none = OPTIONS[option]
    moves = option in ("stride", "dilation")
    if len(names) > 1:
        swapped = (
            f"with {option}_{names[0]} and {option}_{names[1]} swapped"
            if len(names) == 2
            else f"with the axes of {option} in reverse order"
        )
        yield AxisMistake(swapped, lambda case, axes: _reversed(axes, list(fields)), moves_padding=moves)
        for position in (0, len(names) - 1):
            yield AxisMistake(
                f"with {option}_{names[position]} for every axis",
                functools.partial(
                    lambda position, case, axes: replaced(
                        axes, **{field: getattr(axes[position], field) for field in fields}
                    ),
                    position,
                ),
                moves_padding=moves,
            )
        for position, name in enumerate(names):
            if option != "kernel_size":
                yield AxisMistake(
                    f"with {option}_{name} ignored",
                    functools.partial(
                        lambda position, case, axes: _one_changed(axes, position, dict.fromkeys(fields, none)), position
                    ),
                    moves_padding=moves,
                )
    if option != "kernel_size":
        yield AxisMistake(
            f"with {option} ignored",
            lambda case, axes: replaced(axes, **dict.fromkeys(fields, none)),
            moves_padding=moves,
        )


def _of_padding(names: str) -> Iterator[AxisMistake]:
    sides: dict[str, Callable[[Axis], tuple[int, int]]] = {
        "with the padding before and after each axis swapped": lambda axis: (axis.after, axis.before),
        "with all of the padding before the input, none after": lambda axis: (axis.before + axis.after, 0),
        "with all of the padding after the input, none before": lambda axis: (0, axis.before + axis.after),
        "with the padding after the input dropped": lambda axis: (axis.before, 0),
        "with the padding before the input dropped": lambda axis: (0, axis.after),
        "with the padding before the input on both sides": lambda axis: (axis.before, axis.before),
        "with the padding after the input on both sides": lambda axis: (axis.after, axis.after),
        "with the padding shared out evenly, the odd one after": lambda axis: _halves(axis, 0),
        "with the padding shared out evenly, the odd one before": lambda axis: _halves(axis, 1),
        "with windows that start one element early": lambda axis: (axis.before + 1, axis.after - 1),
        "with windows that start one element late": lambda axis: (axis.before - 1, axis.after + 1),
        "with padding multiplied by the stride": lambda axis: (axis.before * axis.stride, axis.after * axis.stride),
        "with padding multiplied by the dilation": lambda axis: (
            axis.before * axis.dilation,
            axis.after * axis.dilation,
        ),
        "with padding cut to the kernel's radius": lambda axis: (
            min(axis.before, axis.kernel // 2),
            min(axis.after, axis.kernel // 2),
        ),
        "with half the kernel as padding": lambda axis: (axis.kernel // 2, axis.kernel // 2),
    }
    for says, of_axis in sides.items():
        yield AxisMistake(says, functools.partial(lambda of_axis, case, axes: _sides(axes, of_axis), of_axis))
    for position, name in enumerate(names) if len(names) > 1 else ():
        yield AxisMistake(
            f"with the padding before and after {name} swapped",
            functools.partial(
                lambda position, case, axes: _one_changed(
                    axes, position, {"before": axes[position].after, "after": axes[position].before}
                ),
                position,
            ),
        )
    if len(names) == 2:
        yield AxisMistake("with the padding read as ((top, left), (bottom, right))", _corners)
    same = {
        "with SAME padding that ignores the stride": lambda axis: _same(axis, axis.size - 1, axis.span),
        "with SAME padding that ignores the dilation": lambda axis: _same(
            axis, (axis.windows - 1) * axis.stride, axis.kernel
        ),
    }
    for says, of_axis in same.items():
        yield AxisMistake(
            says,
            functools.partial(
                lambda of_axis, case, axes: _sides(axes, of_axis) if str(case.padding).startswith("same") else axes,
                of_axis,
            ),
        )
    for says, fields in (
        {
            "with SAME padding worked out from stride_h and stride_w swapped": ["stride"],
            "with SAME padding worked out from dilation_h and dilation_w swapped": ["dilation"],
            "with SAME padding worked out from kernel_h and kernel_w swapped": ["kernel"],
            "with SAME padding worked out from height and width swapped": ["size"],
        }.items()
        if len(names) == 2
        else ()
    ):
        yield AxisMistake(
            says, functools.partial(lambda fields, case, axes: _same_of(case, axes, _reversed(axes, fields)), fields)
        )
    if len(names) > 1:
        yield AxisMistake(
            "with SAME padding worked out from one stride for every axis",
            lambda case, axes: _same_of(case, axes, replaced(axes, stride=axes[0].stride)),
        )
    yield AxisMistake(
        "with SAME padding worked out without the dilation",
        lambda case, axes: _same_of(case, axes, replaced(axes, dilation=1)),
    )
    for outside, says in (
        ("edge", "with padding that repeats the edge"),
        ("mirror", "with padding that mirrors the input"),
        ("around", "with padding that wraps around"),
    ):
        yield AxisMistake(says, functools.partial(lambda outside, case, axes: replaced(axes, outside=outside), outside))


def with_same_padding(case: Any, axes: Axes) -> Axes:
    """Return the axes with SAME padding worked out from their own numbers, where that is what the case has."""
    if not str(getattr(case, "padding", "")).startswith("same"):
        return axes
    sides = []
    for axis in axes:
        total = max((-(-axis.size // axis.stride) - 1) * axis.stride + axis.span - axis.size, 0)
        sides.append(((total + (case.padding == "same_lower")) // 2, total))
    return replaced(
        axes, before=tuple(before for before, _ in sides), after=tuple(total - before for before, total in sides)
    )


def _same_of(case: Any, axes: Axes, others: Axes) -> Axes:
    """Return the axes with the SAME padding of others, where the case has such padding."""
    if not str(getattr(case, "padding", "")).startswith("same"):
        return axes
    padded = with_same_padding(case, others)
    return replaced(axes, before=tuple(axis.before for axis in padded), after=tuple(axis.after for axis in padded))


def _reversed(axes: Axes, fields: list[str]) -> Axes:
    return replaced(axes, **{field: tuple(getattr(axis, field) for axis in axes[::-1]) for field in fields})


def _one_changed(axes: Axes, position: int, values: dict[str, int]) -> Axes:
    return tuple(
        dataclasses.replace(axis, **values) if i == position else axis  # type: ignore[arg-type]
        for i, axis in enumerate(axes)
    )


def _sides(axes: Axes, of_axis: Callable[[Axis], tuple[int, int]]) -> Axes:
    sides = [of_axis(axis) for axis in axes]
    return replaced(axes, before=tuple(b for b, _ in sides), after=tuple(a for _, a in sides))


def _halves(axis: Axis, odd: int) -> tuple[int, int]:
    total = axis.before + axis.after
    before = (total + odd) // 2
    return before, total - before


def _corners(case: Any, axes: Axes) -> Axes:
    (top, bottom), (left, right) = ((axis.before, axis.after) for axis in axes)
    return replaced(axes, before=(top, bottom), after=(left, right))


def _same(axis: Axis, reach: int, span: int) -> tuple[int, int]:
    total = max(reach + span - axis.size, 0)
    return total // 2, total - total // 2


def _holes(case: Any, axes: Axes) -> Axes:
    return replaced(axes, dilation=tuple(axis.dilation + 1 for axis in axes))
