"""A tiny layer near another case: with the numbers of channels, filters, groups and images at which kernels differ.

Kernels work by vectors and blocks of channels or filters, of one group or of several, and some have a way of their own
for maps of one column, for depthwise layers, for whole batches of four. The cases of a campaign are too few for all
of these numbers with one another, but a layer of a few positions is quick to ask about. So most cases ask for another
one in a single call, and a few for more than 65,536 or 1,024 of something: grids, blocks of threads and indices of 16
bits end there.
"""

import dataclasses
from typing import Any

from convoracle.harness.choices import Choices
from convoracle.harness.everyday import CONVOLUTIONS, POOLS, TRANSPOSED, has_layers, is_small, options_of
from convoracle.harness.operations import Operation

HUGE_EVERY, MANY_EVERY = 40, 20
"""One case in so many asks for very many images or planes of one number, or for many channels, filters or groups."""

_VECTORS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 24, 32, 48)
_DEPTHWISE = (*range(8, 65, 8), 3, 4, 6, 12)
_IMAGES = (1, 1, 1, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24, 32, 48, 64)
_HUGE, _MANY = ("n", "n", "n", "planes"), ("c", "f", "groups")
_WHOLE = ((6, 6), (7, 7), (12, 13), (16, 17), (28, 28), (8, 33))
_ATTEMPTS = 6


def another_layer(operation: Operation, case: Any) -> Any | None:
    """Return a layer of the same operation and dtype as a case, with other sizes; None where there are no kernels."""
    if not has_layers(operation):
        return None
    choices = Choices(case.seed, "another layer")
    kinds = _HUGE if case.seed % HUGE_EVERY == 5 else _MANY if case.seed % MANY_EVERY == 3 else ()
    if kinds:
        huge = dataclasses.replace(case, **_very_many(case, choices, kinds))
        return huge if is_small(operation, huge, most=200_000) else None
    for _ in range(_ATTEMPTS):
        other = dataclasses.replace(case, **_sizes(case, choices))
        if is_small(operation, other):
            return other
    return None


def _sizes(case: Any, choices: Choices) -> dict[str, Any]:
    """Return options as the case has them, or those of an everyday layer, and counts and sizes for a few positions.

    Or a kernel that is as large as the image, with few of everything else.
    """
    names = [name for name in ("d", "h", "w") if hasattr(case, name)]
    if choices.happens(10) and len(names) == 2:
        whole = choices.pick(_WHOLE)
        sizes = {"h": whole[0], "w": whole[1], "kernel_size": whole, "c": choices.pick((1, 2, 3))}
        return _one_of_everything(case, names) | (sizes if not hasattr(case, "output_padding") else {})
    changes = {"n": choices.pick(_IMAGES), **_counts(case, choices)}
    if choices.happens(2):
        is_pool, is_transposed = hasattr(case, "ceil_mode"), hasattr(case, "output_padding")
        layer = choices.pick(POOLS if is_pool else TRANSPOSED if is_transposed else CONVOLUTIONS)
        changes |= options_of(case, layer)
    options = dataclasses.replace(case, **changes)
    for axis, name in enumerate(names):
        changes[name] = _least(options, axis) + choices.pick((0, 0, 1, 1, 2, 3, 4))
    return changes


def _counts(case: Any, choices: Choices) -> dict[str, int]:
    """Return numbers of channels, filters and groups: vectors of each, or of one group, or of groups of one channel."""
    if not hasattr(case, "groups"):
        return {"c": choices.pick(_VECTORS)}
    kind = choices.below(4)
    if kind == 3:  # vectors of filters, or of channels, across groups
        whole = choices.pick((8, 16, 24, 32, 48))
        groups = choices.pick([count for count in (2, 3, 4, 8) if whole % count == 0])
        counts = {"f": whole, "c": choices.pick(_VECTORS[:11]) * groups}
        return {**counts, "groups": groups} if choices.happens(2) else {"f": counts["c"], "c": whole, "groups": groups}
    groups = (1, choices.pick(_VECTORS[1:]), choices.pick(_DEPTHWISE))[kind]
    channels = 1 if kind == 2 else choices.pick(_VECTORS)
    filters = choices.pick((1, 1, 2)) if kind == 2 else choices.pick((channels, choices.pick(_VECTORS)))
    return {"c": channels * groups, "f": filters * groups, "groups": groups}


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


def _very_many(case: Any, choices: Choices, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return the changes that leave a 1x1 kernel, and one of everything but of one thing."""
    changes = _one_of_everything(case, [name for name in ("d", "h", "w") if hasattr(case, name)])
    kind = choices.pick([name for name in kinds if name == "planes" or name in changes])
    if kind == "planes":
        return changes | {"n": 251, "c": 263}
    if kind == "groups":
        return changes | dict.fromkeys(("c", "f", "groups"), 1031)
    return changes | {kind: 65_543 if kind == "n" else choices.pick((1031, 2053))}


def _one_of_everything(case: Any, names: list[str]) -> dict[str, Any]:
    """Return the changes that leave one of everything, and options that change nothing."""
    one = 1 if isinstance(case.kernel_size, int) else (1,) * len(names)
    changes: dict[str, Any] = {"kernel_size": one, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    changes |= {"n": 1, "c": 1, "f": 1, "groups": 1, "divisor_override": None} | dict.fromkeys(names, 1)
    return {name: value for name, value in changes.items() if hasattr(case, name)}
