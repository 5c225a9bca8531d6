"""A tiny layer near another case: with the numbers of channels, filters, groups and images at which kernels differ.

Kernels work by vectors and blocks of channels or filters, of one group or of several, and some have a way of their own
for maps of one column, for depthwise layers, for whole batches of four. The cases of a campaign are too few for all
of these numbers with one another, but a layer of a few positions is quick to ask about. So most cases ask for another
one in a single call; one in a few of these asks for much of something instead, see `very_large`.
"""

import dataclasses
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import LAYOUTS
from convoracle.harness.cases.everyday import (
    CONVOLUTIONS,
    MORE_CONVOLUTIONS,
    MORE_POOLS,
    MORE_TRANSPOSED,
    POOLS,
    TRANSPOSED,
    Layer,
    has_layers,
    is_small,
    options_of,
)
from convoracle.harness.checks.very_large import one_of_everything, very_large
from convoracle.harness.operations import Operation

LARGE_EVERY = 4
"""One other layer in so many is a large one."""

_VECTORS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 24, 32, 48)
_MOST = 72
"""The most channels or filters of a group, where any number may be drawn."""

_GROUPS = ((2, 8), (4, 4), (5, 3), (7, 2), (8, 2), (8, 8), (16, 2), (16, 4), (32, 2), (32, 4))
"""Groups, and channels and filters of each."""

_DEPTHWISE = (*range(8, 65, 8), 3, 4, 6, 12)
_IMAGES = (1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 32, 48, 64)
_WHOLE = ((6, 6), (7, 7), (12, 13), (16, 17), (28, 28), (8, 33))
_ATTEMPTS = 8


def another_layer(operation: Operation, case: Any) -> Any | None:
    """Return a layer of the same operation and dtype as a case, with other sizes; None where there are no kernels."""
    if has_layers(operation) and case.seed // 6 % LARGE_EVERY == 1:
        return very_large(operation, in_c_order(case), Choices(case.seed, "another layer"))
    return tiny_layer(operation, case)


def tiny_layer(operation: Operation, case: Any) -> Any | None:
    """Return such a layer that is tiny; every other one lies in memory in another way than C order."""
    if not has_layers(operation):
        return None
    choices = Choices(case.seed, "another layer")
    plain = in_c_order(case)
    layout = tuple(choices.pick(LAYOUTS) for _ in case.layout) if choices.happens(2) else plain.layout
    names = [name for name in ("d", "h", "w") if hasattr(case, name)]
    if choices.happens(10) and len(names) == 2 and not hasattr(case, "output_padding"):
        return _of_one_window(operation, plain, choices, names)
    options = _options(plain, choices)
    more = _positions(choices, names)
    images = choices.pick(_IMAGES)
    for attempt in range(_ATTEMPTS):
        counts = _counts(case, choices) if attempt < _ATTEMPTS // 2 else _few(case, choices)
        last = attempt > _ATTEMPTS - 3
        other = dataclasses.replace(plain, layout=layout, n=1 if last else images, **options, **counts)
        sizes = {name: _least(other, axis) + more[name] // (1 + last) for axis, name in enumerate(names)}
        other = dataclasses.replace(other, **sizes)
        if is_small(operation, other):
            return other
    return None


def in_c_order(case: Any) -> Any:
    """Return a case whose arrays lie in C order."""
    return dataclasses.replace(case, layout=("C",) * len(case.layout))


def _of_one_window(operation: Operation, case: Any, choices: Choices, names: list[str]) -> Any | None:
    """Return a kernel that is as large as the image, with few of everything else."""
    whole = choices.pick(_WHOLE)
    sizes = {"h": whole[0], "w": whole[1], "kernel_size": whole, "c": choices.pick((1, 2, 3, 32))}
    other = dataclasses.replace(case, **one_of_everything(case, names) | sizes)
    return other if is_small(operation, other) else None


def _options(case: Any, choices: Choices) -> dict[str, Any]:
    """Return the options of a layer as networks have them, or, one in three, no changes."""
    if choices.happens(3):
        return {}
    is_pool, is_transposed = hasattr(case, "ceil_mode"), hasattr(case, "output_padding")
    usual: tuple[Layer, ...] = CONVOLUTIONS
    more: tuple[Layer, ...] = MORE_CONVOLUTIONS
    if is_pool or is_transposed:
        usual, more = (POOLS, MORE_POOLS) if is_pool else (TRANSPOSED, MORE_TRANSPOSED)
    return options_of(case, choices.pick(more if choices.happens(2) else usual))


def _positions(choices: Choices, names: list[str]) -> dict[str, int]:
    """Return how much larger than the smallest x is along each axis: one in four has a long one."""
    longer = choices.pick(names) if choices.happens(4) else ""
    return {
        name: choices.pick((0, 0, 1, 1, 2, 3, 4)) + (choices.between(4, 40) if name == longer else 0) for name in names
    }


def _counts(case: Any, choices: Choices) -> dict[str, int]:
    """Return numbers of channels, filters and groups: vectors of each, or of one group, or of groups of one channel."""
    if not hasattr(case, "groups"):
        return {"c": _any(choices)}
    kind = choices.below(6)
    if kind == 5:  # as many groups as networks have
        groups, size = choices.pick(_GROUPS)
        return {"c": groups * size, "f": groups * size, "groups": groups}
    if kind == 4:  # the first layer, or the last
        few, many = choices.pick((1, 1, 3)), _any(choices)
        return {"c": few, "f": many, "groups": 1} if choices.happens(2) else {"c": many, "f": few, "groups": 1}
    if kind == 3:  # vectors of filters, or of channels, across groups
        whole = choices.pick((8, 16, 24, 32, 48))
        groups = choices.pick([count for count in (2, 3, 4, 8) if whole % count == 0])
        counts = {"f": whole, "c": choices.pick(_VECTORS[:11]) * groups}
        return {**counts, "groups": groups} if choices.happens(2) else {"f": counts["c"], "c": whole, "groups": groups}
    groups = (1, choices.pick(_VECTORS[1:]), choices.pick(_DEPTHWISE))[kind]
    channels = 1 if kind == 2 else _any(choices)
    filters = choices.pick((1, 1, 2, 3, 4)) if kind == 2 else choices.pick((channels, _any(choices)))
    return {"c": channels * groups, "f": filters * groups, "groups": groups}


def _few(case: Any, choices: Choices) -> dict[str, int]:
    """Return hardly any channels and filters, for a kernel or a map that is large itself."""
    counts = {"c": choices.between(1, 3)}
    return counts | ({"f": choices.between(1, 3), "groups": 1} if hasattr(case, "groups") else {})


def _any(choices: Choices) -> int:
    """Return a number of channels or filters: of vectors, every other time."""
    return choices.between(1, _MOST) if choices.happens(2) else choices.pick(_VECTORS)


def _least(case: Any, axis: int) -> int:
    """Return the smallest size of an axis for which there is a result."""
    if hasattr(case, "output_padding"):
        return 1

    def along(value: Any) -> Any:
        return value if isinstance(value, int) else value[axis]

    extent = getattr(case, "dilation", 1)
    extent = along(extent) * (along(case.kernel_size) - 1) + 1
    if isinstance(case.padding, str):
        return 1
    padding = along(case.padding)
    return max(1, extent - (2 * padding if isinstance(padding, int) else sum(padding)))
