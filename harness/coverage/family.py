"""What a family of operations has in common where its cases are counted and made: blocks, and a case from options."""

import functools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import LAYOUTS
from convoracle.harness.cases.limits import Limits, allowed
from convoracle.harness.coverage.block import Block, of_values
from convoracle.harness.coverage.plan import Pins
from convoracle.harness.operations import Operation, geometry

_LAYOUT_CLASSES = ("C", "permuted", "permuted", "sliced", "reversed", "sliced")
Numbers = Mapping[str, Any]
"""The numbers of a case, or of many cases as arrays, by field of their blocks."""


class Family(ABC):
    """The operations of one geometry. `flags` are fields of a case with few values, independent of all others."""

    def __init__(self, operation: Operation, flags: Mapping[str, tuple[Any, ...]]) -> None:
        self.operation = operation
        self.flags = flags

    layouts: tuple[str, ...] = ("x", "weight")
    letters = "hw"

    @abstractmethod
    def geometry_blocks(self) -> list[Block]:
        """Return the blocks of sizes and channels."""

    @abstractmethod
    def numbers_of(self, case: Any) -> dict[str, int]:
        """Return the numbers of the geometry blocks that a case has."""

    @abstractmethod
    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        """Return the sizes that are all different unless they coincide on purpose."""

    def elements(self, numbers: Numbers) -> Any:
        """Return how many elements x has."""
        channels = numbers["c"] * numbers.get("groups", 1)
        sizes = [numbers[f"n_{letter}"] for letter in self.letters]
        return product([numbers["n"], channels, *sizes])

    def products(self, numbers: Numbers) -> Any:
        """Return how many products a case has, which is what its loops take: of a pool, no more than elements."""
        return self.elements(numbers)

    @abstractmethod
    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        """Return which of the equalities that some bugs need there are."""

    @abstractmethod
    def is_square(self, numbers: Numbers) -> Any:
        """Return whether two axes have equal kernels: seldom, since that hides which is which."""

    @abstractmethod
    def is_plain(self, numbers: Numbers) -> Any:
        """Return whether the padding can be written as one integer: most cases have it where their levels do."""

    @abstractmethod
    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> Any:
        """Return the case with these numbers, its options written in one of the forms that users write."""

    @abstractmethod
    def number_limits(self) -> Mapping[str, str]:
        """Return the limit that each number of the geometry blocks is under, where it is under one."""

    def blocks(self, limits: Limits) -> list[Block]:
        """Return all blocks but the dtype's, with the options that the limits allow one by one.

        Raises
        ------
        ValueError
            If the limits leave nothing of some block.
        """
        blocks = [self._limited(block, limits) for block in self.geometry_blocks()]
        blocks += [of_values(f"layout of {operand}", LAYOUTS, _LAYOUT_CLASSES) for operand in self.layouts]
        for name, values in self.flags.items():
            block = of_values(name, [str(value) for value in values])
            kept = np.array([allowed(limits.get(name), value) for value in values])
            blocks.append(block.restricted(kept))
        for block in blocks:
            if not len(block.options):
                raise ValueError(f"limits leave nothing of {block.name}")
        return blocks

    def _limited(self, block: Block, limits: Limits) -> Block:
        """Return a block with the options whose numbers a limit allows, or has in some tuple."""
        kept = np.ones(len(block.options), bool)
        for position, field in enumerate(block.fields):
            limit = limits.get(self.number_limits().get(field, ""))
            if limit is None:
                continue
            values = np.unique(block.options[:, position])
            fine = [value for value in values if self.is_allowed(field, int(value), limit)]
            kept &= np.isin(block.options[:, position], fine)
        return block.restricted(kept)

    def is_allowed(self, field: str, value: int, limit: Any) -> bool:
        """Return whether a number is in a limit by itself, or in one of its tuples; a function is asked."""
        if callable(limit):
            return bool(limit(value))
        return value in limit or any(isinstance(one, tuple) and value in one for one in limit)

    def values_of(self, case: Any) -> list[list[int]]:
        """Return the numbers of each block of a case, flags, and layouts included, as `blocks` has them."""
        numbers = self.numbers_of(case)
        rows = [[numbers[field] for field in block.fields] for block in self.geometry_blocks()]
        layouts = [case.layout[min(position, len(case.layout) - 1)] for position in range(len(self.layouts))]
        rows += [[LAYOUTS.index(layout)] for layout in layouts]
        return rows + [[values.index(getattr(case, name))] for name, values in self.flags.items()]

    def pins(self, number: int) -> Pins:
        """Return what case `number` has to have: see `convoracle.harness.operations.geometry`."""
        index = number % geometry.CYCLE
        pins: dict[str, tuple[str, ...]] = {}
        if geometry.is_wide(number):
            rest = (number + number // geometry.CYCLE) % 8
            pins |= self.wide_pins(rest, index % 3 == 0)
        if geometry.is_trivial(number):
            pins |= {f"{name}_{letter}": ("1",) for name in ("kernel", "stride") for letter in "dhw"}
        return pins

    def wide_pins(self, rest: int, is_tall: bool) -> Pins:
        """Return what a wide case has: many images and channels, a large kernel, many columns with this rest by 8."""
        return {
            "size_w": ("many",),
            "tail_w": (f"{rest} mod 16", f"{rest + 8} mod 16"),
            "images": ("3 or more",),
            "channels": ("5 or more",),
            "channels in a group": ("5 or more",),
            "kernel_h" if is_tall and "h" in self.letters else "kernel_w": ("large",),
        }


def product(factors: Sequence[Any]) -> Any:
    """Return the product of numbers, or of arrays of as many: for a few factors, NumPy's takes ten times longer."""
    return functools.reduce(operator.mul, factors)


def of_dtypes(dtypes: Sequence[str]) -> Block:
    """Return the block of the dtype: integers are one class."""
    return of_values("dtype", dtypes, ["int" if dtype.startswith("int") else dtype for dtype in dtypes])


def some(choices: Choices, forms: Sequence[Any], is_allowed: Callable[[Any], bool]) -> Any:
    """Return one of the forms that is allowed; the first, most explicit one where none is."""
    fine = [form for form in forms if is_allowed(form)]
    return choices.pick(fine or forms[:1])
