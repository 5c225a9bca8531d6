"""Drawing sizes, strides, padding and dilation: awkward by default."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import LAYOUTS
from convoracle.harness.cases.limits import Limits, within

Pair = tuple[int, int]
IntOrPair = int | Pair

SIMPLE_SEEDS = 8
"""Seeds below this are for shrinking; no campaign draws them, and the first half of them stands for small integers."""

CYCLE = 20
"""Every so many cases the strata repeat."""


def is_wide(index: int) -> bool:
    """Return whether this is one of the eight in twenty with N >= 3, a kernel >= 5, C/groups >= 5, W_out > 8."""
    return index % CYCLE < 8


def coincides(index: int) -> bool:
    """Return whether case `index` is one of the two in twenty whose extents coincide on purpose."""
    return index % CYCLE >= 18


def is_trivial(index: int) -> bool:
    """Return whether this is the one case in twenty of a 1x1 kernel with stride 1, for which shortcuts are taken."""
    return index % CYCLE == 17


def output_sizes(choices: Choices, index: int) -> tuple[int, int]:
    """Return (H_out, W_out); the eight wide cases of a cycle go through every remainder of W_out modulo 8."""
    if not is_wide(index):
        return choices.between(1, 6), choices.between(1, 11)
    tail = (index + index // CYCLE) % 8
    return choices.between(1, 3), tail + (8 if tail else choices.pick([16, 24]))


def input_size(out: int, span: int, stride: int, padding: int, choices: Choices, period: int = 1) -> int:
    """Return an input size that gives `out` outputs, or `period` times as many strides more as it takes to be positive.

    `span` is the kernel's extent with dilation, `padding` both sides together. The part of the input that no window
    reaches is drawn too.
    """
    size = (out - 1) * stride + span + choices.below(stride) - padding
    while size < 1:
        size += period * stride
    return size


def pair_form(choices: Choices, pair: tuple[int, int]) -> int | tuple[int, int]:
    """Return a pair as users write it: sometimes one integer where both are equal."""
    return pair[0] if pair[0] == pair[1] and choices.happens(2) else pair


def draw_pair(choices: Choices, limits: Limits, name: str, options: Sequence[int]) -> tuple[int, int]:
    """Return one value for each axis, inside the limits, which may also list whole pairs."""
    limit = limits.get(name)
    if limit is not None and not callable(limit):
        whole = [value for value in limit if isinstance(value, tuple)]
        if whole:
            return pair(choices.pick(whole))
    kept = within(limits, name, options)
    return choices.pick(kept), choices.pick(kept)


def draw_layouts(choices: Choices, count: int) -> tuple[str, ...]:
    """Return a memory layout for each of `count` operands; C order for half of them."""
    return tuple("C" if choices.happens(2) else choices.pick(LAYOUTS) for _ in range(count))


def distinct(value: int, taken: set[int]) -> int:
    """Return the first integer from `value` on that is not taken, and take it."""
    while value in taken:
        value += 1
    taken.add(value)
    return value


def retry(draw: Callable[[], Any], is_allowed: Callable[[Any], bool], what: str) -> Any:
    """Return the first drawn value that is allowed; ValueError where a thousand are not."""
    for _ in range(1000):
        value = draw()
        if is_allowed(value):
            return value
    raise ValueError(f"limits leave nothing to test: no {what} was allowed in 1000 attempts")


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Return an option as one value for each axis."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def simpler_pairs(value: int | tuple[int, int] | None, low: int) -> list[Any]:
    """Return `low`, then pairs up to `value`, simplest first, and the value in its own form."""
    if value is None:
        return [None]
    first, second = pair(value)
    pairs: list[Any] = [(a, b) for a in range(low, first + 1) for b in range(low, second + 1)]
    pairs.sort(key=lambda item: (item[0] + item[1], item))
    return [low, *pairs[1:-1], value] if len(pairs) > 1 else [value]


def simpler_common(case: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield simpler values of the fields that every case has."""
    for axis in ("n", "h", "w"):
        yield axis, list(range(1, getattr(case, axis) + 1))
    yield from simpler_data(case)


def simpler_data(case: Any) -> Iterator[tuple[str, list[Any]]]:
    """Yield simpler values of the fields that say what is in the arrays and how they lie in memory."""
    plain = ("C",) * len(case.layout)
    yield "layout", [plain, case.layout] if case.layout != plain else [plain]
    yield "seed", [*range(min(case.seed, SIMPLE_SEEDS)), case.seed]
