"""Downsampling and upsampling by whole factors."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.coverage.axes import NARROW, WIDE, eighths, size
from convoracle.harness.coverage.block import Block, Feature, binned, grid
from convoracle.harness.coverage.channels import pool_channels
from convoracle.harness.coverage.layer_family import LayerFamily, Numbers
from convoracle.harness.coverage.plan import Pins
from convoracle.harness.operations import Operation, geometry
from convoracle.harness.operations.geometry import pair, pair_form
from convoracle.harness.operations.resampling import ResamplingCase


class ResamplingFamily(LayerFamily):
    """The fine maps are (n, c, h, w), the coarse ones every factor-th row and column of them."""

    layouts: tuple[str, ...] = ("x",)

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation, {})

    def geometry_blocks(self) -> list[Block]:
        return [_axis("h", False), _axis("w", True), pool_channels()]

    def number_limits(self) -> Mapping[str, str]:
        return {f"factor_{letter}": "factor" for letter in "hw"}

    def numbers_of(self, case: Any) -> dict[str, int]:
        factors = dict(zip(("factor_h", "factor_w"), pair(case.factor), strict=True))
        return {"n": case.n, "c": case.c, "n_h": case.h, "n_w": case.w, **factors}

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        return numbers["n"], numbers["c"], numbers["n_h"], numbers["n_w"]

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        return (numbers["n"] == numbers["c"],)

    def is_square(self, numbers: Numbers) -> Any:
        return numbers["factor_h"] == numbers["factor_w"]

    def pins(self, number: int) -> Pins:
        pins = dict(super().pins(number))
        if geometry.is_trivial(number):
            pins |= {f"factor_{letter}": ("1",) for letter in "hw"}
        return pins

    def wide_pins(self, rest: int, is_tall: bool) -> Pins:
        return {**super().wide_pins(rest, is_tall), "tail_w": (f"{rest} mod 8",)}

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> ResamplingCase:
        return ResamplingCase(
            n=numbers["n"],
            c=numbers["c"],
            h=numbers["n_h"],
            w=numbers["n_w"],
            factor=pair_form(choices, (numbers["factor_h"], numbers["factor_w"])),
            **flags,
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )


@functools.cache
def _axis(letter: str, is_last: bool) -> Block:
    """Return the block of one axis: factor, size of the fine maps."""
    features = (
        Feature(f"factor_{letter}", ("1", "2", "3", "4 or more")),
        Feature(f"rest_{letter}", ("none", "some")),
        size(f"size_{letter}"),
        eighths(f"tail_{letter}"),
    )

    def classify(rows: np.ndarray) -> np.ndarray:
        factor, fine = rows.T
        coarse = -(-fine // factor)
        rest = (fine % factor > 0).astype(int)
        sizes = binned(coarse, [2, 9] if is_last else [2, 4])
        return np.column_stack([np.minimum(factor, 4) - 1, rest, sizes, coarse % 8])

    factor, coarse, rest = grid(range(1, 5), range(1, (WIDE if is_last else NARROW) + 1), range(4)).T
    fine = (coarse - 1) * factor + 1 + rest
    options = np.stack([factor, fine], -1)[rest < factor]
    return Block(f"axis_{letter}", (f"factor_{letter}", f"n_{letter}"), features, classify, options)
