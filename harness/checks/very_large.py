"""A layer with very many of something, in one call: grids, blocks, tiles, tables and indices end somewhere.

Indices of 8 and 16 bits end, and so do grids of 65,535, blocks of 1,024 threads or channels, tiles of the positions of
a map and of its rows. And programs choose: a layer of many channels, of many positions, of more than a million
products or numbers is given to another kernel than all those small ones. A layer that is large in one or two ways and
has one of everything else is still answered within a fraction of a second by loops in plain Python.
"""

import dataclasses
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.everyday import Layer, is_small, options_of
from convoracle.harness.operations import Operation

MOST_PRODUCTS = 3_000_000
"""Of those that are large by their products; the others have a tenth of it at most."""

NUMBERS_EVERY = 40
"""One very large layer in so many has a million numbers, which take ten times as long as any other."""

_LONG = (1031, 2053, 4099, 16_411, 65_543)
_SIDES = (65, 66, 71, 96, 113, 129, 131)
_PLAIN = Layer(1, 1, 0)


def very_large(operation: Operation, case: Any, choices: Choices) -> Any | None:
    """Return a layer that is very large in one way; None where that is too much all the same."""
    names = [name for name in ("d", "h", "w") if hasattr(case, name)]
    kinds = [_images, _planes, _channels, _row, _row, _map, _map]
    if hasattr(case, "groups"):
        kinds = [*kinds, _channels, _groups, _taps, _deep, _deep, _products, _products, _many_groups]
    kind = _numbers if case.seed % NUMBERS_EVERY == 5 else choices.pick(kinds)
    changes = one_of_everything(case, names) | kind(case, choices, names)
    larger = dataclasses.replace(case, **changes)
    return larger if is_small(operation, larger, most=MOST_PRODUCTS) else None


def _images(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return more images than 16 bits count."""
    return {"n": 65_543}


def _planes(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return more planes than that."""
    return {"n": 251, "c": 263}


def _channels(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return more channels, or filters, than a block has threads."""
    return {choices.pick([name for name in ("c", "f") if hasattr(case, name)]): choices.pick((1031, 2053))}


def _groups(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return as many groups."""
    return dict.fromkeys(("c", "f", "groups"), 1031)


def _row(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return a map that is long along one axis, with a kernel of one tap or three."""
    long = choices.pick(names)
    options = options_of(case, choices.pick((_PLAIN, Layer(3, 1, 1), Layer(3, 2, 1))))
    return {**options, long: choices.pick(_LONG), **_twice(case, choices)}


def _map(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return a map of thousands of positions, with a kernel of a few taps."""
    layers = (Layer(3, 1, 1), Layer(2, 2, 0), Layer(3, 2, 1), Layer(3, 1, 0), Layer(5, 1, 2), _PLAIN)
    sizes = {name: choices.pick(_SIDES) for name in names[-2:]}
    return {**options_of(case, choices.pick(layers)), **sizes, **_twice(case, choices)}


def _taps(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return a kernel of very many taps along one axis, in a group or two."""
    taps, long = choices.pick((31, 64, 65, 128)), choices.pick(names)
    size = tuple(taps if name == long else choices.between(1, 2) for name in names)
    counts = {"c": 4, "f": 6, "groups": 2} if choices.happens(2) else {"c": 3, "f": 2}
    padding = choices.pick((0, taps // 2)) if isinstance(case.kernel_size, int) else 0
    changes = {"kernel_size": taps if isinstance(case.kernel_size, int) else size, "padding": padding, **counts}
    return {**changes, **{name: size[axis] + choices.between(0, 9) for axis, name in enumerate(names)}}


def _twice(case: Any, choices: Choices) -> dict[str, Any]:
    """Return one or two of the channels, in groups or in one, or of the images."""
    if choices.happens(3):
        return {}
    if hasattr(case, "groups") and choices.happens(2):
        return dict.fromkeys(("c", "f", "groups"), 2)
    return {"c": 2} if choices.happens(2) else {"n": 2}


def _numbers(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return more than a million numbers, of which a large stride uses few."""
    if hasattr(case, "output_padding"):  # whose results a stride makes more
        return {**options_of(case, Layer(1, 4, 0)), **dict.fromkeys(names, 257)}
    sizes = (1_048_583,) if len(names) == 1 else (1031, 1033) if len(names) == 2 else (41, 157, 163)
    return {**options_of(case, Layer(2, 5, 0)), **dict(zip(names, sizes, strict=True))}


def _deep(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return many channels and many filters at a few positions."""
    if choices.happens(2):
        counts = {"c": choices.pick((64, 128, 192, 256)), "f": choices.pick((64, 128, 192, 256))}
        return {**counts, **{name: choices.between(1, 3) for name in names}}
    layer = choices.pick((Layer(3, 1, 1), Layer(3, 2, 1), Layer(3, 1, 0)))
    counts = {"c": choices.pick((32, 64, 67, 96)), "f": choices.pick((32, 64, 67, 96))}
    return {**options_of(case, layer), **counts, **{name: choices.between(3, 5) for name in names[-2:]}}


def _products(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return a layer of more than a million products, as networks have them."""
    layer, channels, filters, side = choices.pick(
        (
            (Layer(3, 1, 1), 32, 32, 13),
            (Layer(3, 1, 1), 16, 24, 20),
            (Layer(1, 1, 0), 64, 96, 15),
            (Layer(5, 1, 2), 16, 16, 14),
            (Layer(3, 2, 1), 32, 48, 19),
            (Layer(7, 2, 3), 3, 16, 56),
        )
    )
    if hasattr(case, "output_padding") and layer.stride > 1:
        side //= 2 * layer.stride
    return {**options_of(case, layer), "c": channels, "f": filters, **dict.fromkeys(names[-2:], side)}


def _many_groups(case: Any, choices: Choices, names: list[str]) -> dict[str, Any]:
    """Return groups of a few channels, as many as networks have."""
    groups, size = choices.pick(((32, 4), (32, 8), (16, 16), (64, 2))), choices.pick((3, 4, 7))
    counts = {"groups": groups[0], "c": groups[0] * groups[1], "f": groups[0] * groups[1]}
    return {
        **options_of(case, choices.pick((Layer(3, 1, 1), Layer(3, 2, 1)))),
        **counts,
        **dict.fromkeys(names[-2:], size),
    }


def one_of_everything(case: Any, names: list[str]) -> dict[str, Any]:
    """Return the changes that leave one of everything, and options that change nothing."""
    one = 1 if isinstance(case.kernel_size, int) else (1,) * len(names)
    changes: dict[str, Any] = {"kernel_size": one, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
    changes |= {"n": 1, "c": 1, "f": 1, "groups": 1, "divisor_override": None} | dict.fromkeys(names, 1)
    return {name: value for name, value in changes.items() if hasattr(case, name)}
