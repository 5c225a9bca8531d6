"""One case in ten is larger than the others in one way: blocks, tiles and vectors have sizes of their own.

A kernel that works in blocks of 16 filters, of 32 columns or of 8 images is right below and wrong at or beyond them.
The other cases are small, so that they are quick and combine everything; these take one and enlarge one extent.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.operations import Operation

CYCLE, HUGE_EVERY = 10, 100
MOST_PRODUCTS = 200_000
"""So that a candidate in plain Python loops still answers in a fraction of a second."""

_BLOCKS = (8, 16, 32, 48, 64, 128)
_BEYOND = (9, 17, 33, 67, 131, 259)
"""Whole blocks of any usual size, and one or a few more than all of them but the largest."""

_WHOLE = ((16, 17), (28, 28), (33, 31), (56, 56), (112, 113))
"""Images that a window may be as large as."""


class Turns(Choices):
    """The choices of a large case, and how many times its way was taken before it."""

    taken = 0


def enlarged(operation: Operation, case: Any, limits: Limits, seed: int, number: int) -> Any:
    """Return a case that is larger in one way, inside the limits; the case itself where none is."""
    choices = Turns(seed, operation.name, number, "larger")
    every = (_channels, _filters, _columns, _rows, _depthwise, _images, _far, _kernels, _whole)
    kinds = [kind for kind in every if list(kind(case, choices))]
    kinds.sort(key=lambda kind: kind is not _filters)  # these first, so that the 20th case has more channels
    choices.taken, turn = divmod(number // CYCLE, max(len(kinds), 1))
    ways = [way for kind in kinds[turn:] + kinds[:turn] for way in kind(case, choices)]
    if number % HUGE_EVERY == HUGE_EVERY // 2 - 1:
        ways = [*_huge(case), *ways]
    for changes in ways:
        larger = dataclasses.replace(case, **changes)
        if _is_possible(operation, larger) and inside(limits, larger):
            return larger
    return case


def _filters(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield more filters."""
    yield from _counts("f", case, choices)


def _channels(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield more channels."""
    yield from _counts("c", case, choices)


def _counts(name: str, case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield larger counts in every group of what a field counts; with few of everything else where they are many."""
    if hasattr(case, name):
        groups = getattr(case, "groups", 1)
        for count in _many(choices):
            yield {**_fewer_images(case), name: count * groups}
            yield {**_fewest(case, name), name: count}


def _depthwise(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield many groups of one channel, with one filter or two each."""
    if hasattr(case, "groups"):
        for count in _many(choices):
            for filters in choices.shuffled((1, 1, 2)):
                yield {**_fewer_images(case), "groups": count, "c": count, "f": count * filters}


def _images(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield a batch beyond whole blocks, every other time perhaps one of them, with few or next to nothing else."""
    if hasattr(case, "n"):
        alone = {name: 1 for name in ("c", "f", "groups", "dilation") if hasattr(case, name)} | _smallest_kernel(case)
        many = (*_BLOCKS[1:5], *_BEYOND[2:]) if choices.taken % 2 else _BEYOND[2:]
        for counts in (choices.shuffled(many), _BEYOND[:2]):
            for count in counts:
                yield {"n": count}
                for few in (choices.pick((3, 9)), 1):
                    yield {
                        **_fewest(case, "n"),
                        **{name: few for name in ("c", "f") if hasattr(case, name)},
                        "n": count,
                    }
            yield {**alone, "n": counts[0]}


def _smallest_kernel(case: Any) -> dict[str, Any]:
    """Return the change that leaves a kernel of two taps, where there is one, and no padding."""
    if not hasattr(case, "kernel_size"):
        return {}
    is_alone = isinstance(case.kernel_size, int)
    return {"kernel_size": 2 if is_alone else (*(1,) * (len(case.kernel_size) - 1), 2), "padding": 0}


def _columns(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield a wider image, with as many results in the last vector as before."""
    yield from _longer("w", case, choices)


def _rows(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield a higher image, with as many results in the last strip as before."""
    yield from _longer("h", case, choices)


def _longer(name: str, case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield whole blocks more of an axis; with few of everything else where that is too much."""
    if hasattr(case, name):
        stride = getattr(case, "stride", 1) or getattr(case, "kernel_size", 1)
        step = stride if isinstance(stride, int) else stride[("h", "w").index(name) - 2]
        for more in choices.shuffled((16, 32, 48, 64)):
            yield {**_fewer_images(case), name: getattr(case, name) + more * step}
            yield {**_fewest(case, name), name: getattr(case, name) + more * step}


def _far(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield a stride or a dilation larger than the others have: in turn, and every other stride with SAME padding."""
    if hasattr(case, "kernel_size") and hasattr(case, "stride"):
        axes = 1 if isinstance(case.kernel_size, int) else len(case.kernel_size)
        names = ["stride", *(["dilation"] if hasattr(case, "dilation") else []), "stride"]
        turn = choices.taken % len(names)
        for name in names[turn:] + names[:turn]:
            far = _steps(axes, choices)
            sides = () if hasattr(case, "output_padding") else ("h", "w")  # whose results a stride makes more
            grown = {side: getattr(case, side) + 20 for side in sides if hasattr(case, side)}
            changes = {**_fewest(case, ""), **grown, name: far[0] if axes == 1 else far}
            if name == "stride" and _may_be_same(case) and choices.taken % 2 == 0:
                yield {**changes, "padding": "same"}
            yield changes


def _kernels(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield a kernel of more taps than a block of them, dilated as often as not, in an image hardly larger."""
    if hasattr(case, "kernel_size") and hasattr(case, "stride"):
        axes = 1 if isinstance(case.kernel_size, int) else len(case.kernel_size)
        for spread in choices.shuffled((1, 2)):
            for most in ((9, 11, 17), (8, 9, 11)) if choices.taken % 3 < 2 else ((6, 7, 8),):
                size = (*(2,) * (axes - 2), *(choices.pick(most) for _ in range(min(axes, 2))))
                sides = dict(zip(("d", "h", "w")[3 - axes :], size, strict=True))
                grown = {side: spread * (taps - 1) + choices.between(1, 9) for side, taps in sides.items()}
                changes = {**_fewest(case, ""), "kernel_size": size[0] if axes == 1 else size}
                if hasattr(case, "dilation"):
                    changes["dilation"] = spread
                yield changes if hasattr(case, "output_padding") else changes | grown


def _may_be_same(case: Any) -> bool:
    """Return whether the operation has a padding that gives as many results as there are positions to begin at."""
    return hasattr(case, "groups") and not hasattr(case, "output_padding")


def _steps(axes: int, choices: Turns) -> tuple[int, ...]:
    """Return large strides or dilations: two that alternate, or every other time perhaps the same for every axis."""
    if choices.taken % 2 == 0:
        one, other = choices.pick(((3, 4), (4, 3)))
    else:
        one, other = choices.pick(((3, 4), (4, 3), (5, 8), (8, 5), (3, 3), (4, 4), (5, 5)))
    return (one, other, one)[:axes]


def _whole(case: Any, choices: Turns) -> Iterator[dict[str, Any]]:
    """Yield a window that is the whole image: global pooling, every other time of more elements than a byte counts."""
    if hasattr(case, "ceil_mode"):
        plain = {"stride": None, "padding": 0, "ceil_mode": False} | (
            {"dilation": 1} if hasattr(case, "dilation") else {}
        )
        if choices.taken % 2 == 0:
            height, width = choices.pick(_WHOLE)
            by_count = {"divisor_override": None} if hasattr(case, "divisor_override") else {}
            yield plain | by_count | {"n": 1, "c": 2, "h": height, "w": width, "kernel_size": (height, width)}
        yield plain | {"kernel_size": (case.h, case.w)}


def _fewer_images(case: Any) -> dict[str, int]:
    """Return the change that leaves two images at most."""
    return {"n": min(case.n, 2)} if hasattr(case, "n") else {}


def _many(choices: Turns) -> tuple[int, ...]:
    """Return numbers of channels or images, most wanted first: every other time more than any usual block holds."""
    first = choices.pick((*_BLOCKS[2:], *_BEYOND[2:4]) if choices.taken % 2 else _BEYOND[4:])
    rest = [count for count in choices.shuffled((*_BLOCKS, *_BEYOND)) if count < first]
    return first, *sorted(rest, key=lambda count: count < _BLOCKS[2])


def _fewest(case: Any, name: str) -> dict[str, int]:
    """Return the changes that leave one group, one image, and three channels and filters, except of `name`."""
    counts = {"n": 1, "c": 3, "f": 3, "groups": 1}
    return {field: count for field, count in counts.items() if hasattr(case, field) and field != name}


def _huge(case: Any) -> Iterator[dict[str, Any]]:
    """Yield changes that make x a hundred thousand numbers, of which a large stride uses few."""
    if not hasattr(case, "kernel_size") or not hasattr(case, "stride"):
        return
    small = {name: 1 for name in ("n", "c", "f", "groups", "dilation") if hasattr(case, name)} | {"padding": 0}
    axes = [name for name in ("d", "h", "w") if hasattr(case, name)]
    if hasattr(case, "output_padding"):  # whose results a stride makes more
        yield {**small, "h": 317, "w": 331, "kernel_size": (1, 1), "stride": 1, "output_padding": 0}
    elif len(axes) == 1:
        yield {**small, "w": 104_927, "kernel_size": 2, "stride": 7}
        yield {**small, "w": 104_927, "kernel_size": 1, "stride": 7}
    else:
        sizes = {"d": 11, "h": 97, "w": 101} if len(axes) == 3 else {"h": 317, "w": 331}
        for kernel in ((2, 2, 3), (1, 1, 2), (1, 1, 1)):
            yield {**small, **sizes, "kernel_size": kernel[-len(axes) :], "stride": (3, 5, 7)[-len(axes) :]}


def _is_possible(operation: Operation, case: Any) -> bool:
    """Return whether there is such a case, and it is no more work than it may be."""
    try:
        shapes = operation.operand_shapes(case)
        outputs = operation.outputs(case)
    except ValueError:
        return False
    products = max(math.prod(output.shape) * output.products for output in outputs)
    return products <= MOST_PRODUCTS and max(map(math.prod, shapes.values())) <= MOST_PRODUCTS
