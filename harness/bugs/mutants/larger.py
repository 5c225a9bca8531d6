"""Right for every layer that is quick to compute: programs choose other kernels for what is long, deep or much.

Each is wrong in the way of a tail or of a block, but on one side of a threshold only that tests stay below.
"""

import math
from collections.abc import Callable
from typing import Any

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, mutant, pair

ADDED = "2026-11-22"


def past(axis: int, most: int) -> Function:
    """Return a function whose result is zero along an axis past so many places."""

    def wrong(right: Function, *operands: Any, **options: Any) -> Any:
        result = right(*operands, **options)
        result[(slice(None),) * axis + (slice(most, None),)] = 0
        return result

    return wrong


def without_the_last_filter(is_chosen: Callable[..., bool]) -> Function:
    """Return a convolution whose last filter is zero where another kernel is chosen."""

    def wrong(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
        if is_chosen(x, weight, **options):
            weight = weight.copy()
            weight[-1] = 0
        return right(x, weight, *others, **options)

    return wrong


def is_a_map(x: Any, weight: Any, **options: Any) -> bool:
    """Return whether a 3x3 kernel goes over 4,096 positions."""
    return weight.shape[2:] == (3, 3) and math.prod(x.shape[2:]) >= 4096


def is_deep(x: Any, weight: Any, **options: Any) -> bool:
    """Return whether there are 64 channels and 64 filters."""
    return weight.shape[1] >= 64 and len(weight) >= 64


def is_much(x: Any, weight: Any, **options: Any) -> bool:
    """Return whether there are more than a million products."""
    return math.prod(weight.shape) * len(x) * math.prod(x.shape[2:]) > 2**20


def long_kernels_of_the_first_group(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Filters of 32 taps and more are packed for one group (as in modular/modular#6129, for 128)."""
    groups = options["groups"]
    if groups > 1 and max(weight.shape[2:]) >= 32:
        weight = weight.copy().reshape(groups, -1, *weight.shape[1:])
        weight[1:] = weight[:1]
        weight = weight.reshape(-1, *weight.shape[2:])
    return right(x, weight, *others, **options)


def far_upsampling(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """At a stride of 8 or more a kernel loses its last column (much as in john-rocky/coreai-model-zoo#18)."""
    if max(pair(options["stride"])) >= 8:
        weight = weight.copy()
        weight[..., -1] = 0
    return right(x, weight, *others, **options)


TABLE: tuple[tuple[str, str, str, Function], ...] = (
    ("conv2d", "columns past 1024", "the oracle's with zeros from column 1,024 on", past(3, 1024)),
    ("conv2d", "map of 4096", "the oracle's without the last filter, for 3x3 kernels over 4,096 positions or more",
     without_the_last_filter(is_a_map)),
    ("conv2d", "64 by 64", "the oracle's without the last filter, for 64 channels and 64 filters or more",
     without_the_last_filter(is_deep)),
    ("conv2d", "a million products", "the oracle's without the last filter, where there are 2**20 products or more",
     without_the_last_filter(is_much)),
    ("conv2d", "long kernels of the first group",
     "the oracle's with the first group's filters for all, where they are 32 taps long or longer",
     long_kernels_of_the_first_group),
    ("conv_transpose2d", "far upsampling",
     "the oracle's without the kernel's last column at a stride of 8 or more", far_upsampling),
    ("avg_pool2d_backward", "columns past 1024", "the oracle's with zeros from column 1,024 on", past(3, 1024)),
)  # fmt: skip

LARGER: tuple[Bug, ...] = tuple(
    mutant(operation, "tail", name, says, wrong, added=ADDED, first_sight=False)
    for operation, name, says, wrong in TABLE
)
"""Found by recording how far the calls of a campaign go."""
