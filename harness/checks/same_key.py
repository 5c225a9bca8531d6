"""The cases that a key which is not the whole key takes for another: what was kept for that one is found again.

Plans, tables, packed weights and buffers are kept from call to call, by whatever their author thought they depend on.
Each function here makes a case that is equal in what is often taken for enough, and different in what is kept:

=========================  ===========================================  ==============================
the case                   is equal in                                  what may be kept by that
=========================  ===========================================  ==============================
`turned`                   all counts: of pixels, taps, windows, bytes  columns, tables of places
`of_the_same_plane`        the size of x spread by the stride           a plane whose holes stay zero
`of_the_same_padded_size`  the size of x with its padding               a border that stays zero
`of_the_same_window`       the size of a kernel spread by its dilation  a kernel whose holes stay zero
`of_the_same_ends`         x and the result, not the kernel             where windows begin
`of_the_same_arrays`       all arrays, not dilation and padding         where taps are
`in_other_groups`          x, the result and the kernel's size          which channels a filter reads
`of_other_bias`            everything but whether there is a bias       what is done after the sums
`of_nearly_as_many`        channels and filters, rounded up to vectors  lanes that nobody cleared
`of_the_same_digits`       a key that is written down                   tables of places
`of_as_many_weights`       how many weights there are                   weights in another order
=========================  ===========================================  ==============================

The case itself comes right before such a one, and again after it.
"""

import contextlib
import dataclasses
import math
from collections.abc import Callable
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.everyday import MOST_PRODUCTS, is_small
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.checks.other_options import of_the_same_padded_size, wider
from convoracle.harness.operations.base import Operation

MOST = 2 * MOST_PRODUCTS
"""Such a case may be larger than other small ones: it is about as large as the one before it."""

SameKey = Callable[[Operation, Any], Any | None]


def of_the_same_key(operation: Operation, case: Any, limits: Limits, fewer: bool = False) -> Any | None:
    """Return such a case inside the limits, of any kind that there is one of; with `fewer`, of few lanes if it can."""
    kinds = Choices(case.seed, "same key").shuffled(KINDS)
    for kind in (of_nearly_as_many, *kinds) if fewer else kinds:
        other = possible(kind, operation, case)
        if other is not None and inside(limits, other):
            return other
    return None


def possible(kind: SameKey, operation: Operation, case: Any) -> Any | None:
    """Return a case of one kind, if there is one and it is no more work than others."""
    with contextlib.suppress(ValueError):  # an impossible case
        other = kind(operation, case)
        if other is not None and is_small(operation, other, MOST):
            return other
    return None


def turned(_: Operation, case: Any) -> Any | None:
    """Return the case with its axes the other way round."""
    axes = _axes(case)
    if not axes:
        return None
    options = {name: getattr(case, name) for name in _OF_AXES if hasattr(case, name)}
    other = dataclasses.replace(
        case,
        **{name: getattr(case, opposite) for name, opposite in zip(axes, axes[::-1], strict=True)},
        **{name: value[::-1] if isinstance(value, tuple) else value for name, value in options.items()},
    )
    return None if other == case else other


def of_the_same_plane(_: Operation, case: Any) -> Any | None:
    """Return a transposed convolution without holes whose x is as large as the case's with them, or with holes."""
    if not hasattr(case, "output_padding"):
        return None
    axes, strides = _axes(case), _each(case, case.stride)
    sizes = [(getattr(case, name) - 1) * step + 1 for name, step in zip(axes, strides, strict=True)]
    steps = [2 if step == 1 and size > 2 and size % 2 else 1 for size, step in zip(sizes, strides, strict=True)]
    if tuple(steps) == strides:
        return None
    dense = {name: (size - 1) // step + 1 for name, size, step in zip(axes, sizes, steps, strict=True)}
    return dataclasses.replace(case, **dense, stride=_as_given(case.stride, steps), output_padding=0)


def of_the_same_window(_: Operation, case: Any) -> Any | None:
    """Return a case whose kernel is dense where this one's is dilated, or the other way round."""
    if not _axes(case) or not hasattr(case, "dilation"):
        return None
    kernel, dilation = [], []
    for taps, step in zip(_each(case, case.kernel_size), _each(case, case.dilation), strict=True):
        is_spread = step == 1 and taps > 2 and taps % 2 == 1
        dilation.append(2 if is_spread else 1)
        kernel.append((taps + 1) // 2 if is_spread else (taps - 1) * step + 1)
    if tuple(kernel) == _each(case, case.kernel_size):
        return None
    without = {"output_padding": 0} if hasattr(case, "output_padding") else {}
    options = {
        "kernel_size": _as_given(case.kernel_size, kernel),
        "dilation": _as_given(case.dilation, dilation),
    }
    return dataclasses.replace(case, **options, **without)


def of_the_same_ends(_: Operation, case: Any) -> Any | None:
    """Return a case with two taps more or less along each axis, and padding that makes up for them."""
    if not _axes(case) or not hasattr(case, "padding") or isinstance(case.padding, str):
        return None
    for step in Choices(case.seed, "same ends").shuffled((1, -1)):
        padding = wider(case.padding, [step * spread for spread in _each(case, getattr(case, "dilation", 1))])
        kernel = [taps + 2 * step for taps in _each(case, case.kernel_size)]
        if padding is not None and min(kernel) > 0:
            # A pool without a stride steps by its kernel, which is another one now.
            stride = {"stride": case.kernel_size} if case.stride is None else {}
            kernel_size = _as_given(case.kernel_size, kernel)
            return dataclasses.replace(case, kernel_size=kernel_size, padding=padding, **stride)
    return None


def of_the_same_arrays(_: Operation, case: Any) -> Any | None:
    """Return a case with another dilation, and padding that makes up for it."""
    if not _axes(case) or not hasattr(case, "dilation") or isinstance(case.padding, str):
        return None
    kernel = _each(case, case.kernel_size)
    for step in Choices(case.seed, "same arrays").shuffled((1, -1)):
        steps = [step * (taps % 2) for taps in kernel]
        dilation = [one + more for one, more in zip(_each(case, case.dilation), steps, strict=True)]
        padding = wider(case.padding, [more * (taps // 2) for more, taps in zip(steps, kernel, strict=True)])
        if padding is not None and min(dilation) > 0 and any(steps):
            return dataclasses.replace(case, dilation=_as_given(case.dilation, dilation), padding=padding)
    return None


def in_other_groups(_: Operation, case: Any) -> Any | None:
    """Return a case with as many channels and filters in another number of groups."""
    if not hasattr(case, "groups"):
        return None
    most = math.gcd(case.c, case.f)
    others = [groups for groups in range(1, most + 1) if most % groups == 0 and groups != case.groups]
    return dataclasses.replace(case, groups=Choices(case.seed, "other groups").pick(others)) if others else None


def of_the_same_digits(_: Operation, case: Any) -> Any | None:
    """Return a case whose height and width, written one after the other, are the same digits."""
    if not {"h", "w"} <= set(_axes(case)):
        return None
    digits = f"{case.h}{case.w}"
    sizes = [(digits[:end], digits[end:]) for end in range(1, len(digits)) if digits[end] != "0"]
    others = [(int(h), int(w)) for h, w in sizes if int(h) != case.h]
    if not others:
        return None
    height, width = Choices(case.seed, "same digits").pick(others)
    return dataclasses.replace(case, h=height, w=width)


def of_as_many_weights(_: Operation, case: Any) -> Any | None:
    """Return a case with taps for channels and channels for taps, along one axis."""
    if not _axes(case) or not hasattr(case, "f") or case.groups > 1 or isinstance(case.kernel_size, int):
        return None
    *others, last = case.kernel_size
    return None if last == case.c else dataclasses.replace(case, c=last, kernel_size=(*others, case.c))


def of_other_bias(operation: Operation, case: Any) -> Any | None:
    """Return a case with a bias where this one has none, or without one."""
    if not hasattr(case, "bias"):
        return None
    other = dataclasses.replace(case, bias=not case.bias)
    return None if operation.operand_shapes(other) == operation.operand_shapes(case) else other


def of_nearly_as_many(_: Operation, case: Any) -> Any | None:
    """Return a case with one channel less, or one filter; or one more of what there is only one of."""
    if getattr(case, "groups", 1) > 1 or not hasattr(case, "c"):
        return None
    name = Choices(case.seed, "nearly as many").pick([name for name in ("c", "c", "f") if hasattr(case, name)])
    count = getattr(case, name)
    return dataclasses.replace(case, **{name: count - 1 if count > 1 else 2})


RARE: tuple[SameKey, ...] = (
    of_the_same_plane,
    of_the_same_window,
    of_the_same_ends,
    of_the_same_arrays,
    in_other_groups,
    of_nearly_as_many,
    of_the_same_digits,
    of_as_many_weights,
)
USUAL: tuple[SameKey, ...] = (turned, of_the_same_padded_size, of_other_bias)
KINDS: tuple[SameKey, ...] = (*USUAL, *RARE, *RARE)
"""Those that there are fewer of come twice as often to their turn."""

_OF_AXES = ("kernel_size", "stride", "padding", "dilation", "output_padding")


def _axes(case: Any) -> list[str]:
    """Return the names of a case's sizes along the axes of its kernel; none where there is no kernel."""
    return [name for name in ("d", "h", "w") if hasattr(case, "kernel_size") and hasattr(case, name)]


def _each(case: Any, value: Any) -> tuple[int, ...]:
    """Return an option as one value for each axis of the kernel."""
    return (value,) * len(_axes(case)) if isinstance(value, int) else tuple(value)


def _as_given(given: Any, values: list[int]) -> Any:
    """Return one value for each axis as an option was given: a single number where it stood for a single axis."""
    return values[0] if isinstance(given, int) and len(values) == 1 else tuple(values)
