"""A layer to be timed: a convolution or a pool at one size, and what its passes have to do."""

import dataclasses
import math
from dataclasses import dataclass

from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Operation
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.geometry import pair
from convoracle.harness.operations.pool2d_case import Pool2dCase

PASSES = ("forward", "backward", "input_grad", "weight_grad")
"""Backward is all gradients in one call; the last two, of convolutions only, are one of them."""


@dataclass(frozen=True)
class Workload:
    """A convolution or a pool at one size.

    Parameters
    ----------
    kind : {"conv2d", "max_pool2d", "avg_pool2d"}
        The forward operation.
    case : Conv2dCase or Pool2dCase
        Its geometry, batch and dtype.
    """

    kind: str
    case: Conv2dCase | Pool2dCase

    @property
    def is_convolution(self) -> bool:
        """Whether it multiplies; a pool only moves numbers."""
        return isinstance(self.case, Conv2dCase)

    def operation(self, direction: str) -> Operation:
        """Return the operation of one of `PASSES`."""
        return OPERATIONS[self.kind if direction == "forward" else f"{self.kind}_{direction}"]

    def has(self, direction: str) -> bool:
        """Return whether there is such a pass: a pool has no weights."""
        return self.is_convolution or direction in ("forward", "backward")

    def operations(self, direction: str) -> int:
        """Return how many floating-point operations a convolution's pass takes by its definition; 0 for a pool.

        Two for each multiply-add. Backward is two products as large as the forward one; the sums of the bias's
        gradient are not counted.
        """
        if not isinstance(self.case, Conv2dCase):
            return 0
        macs = math.prod(self.case.output_shape()) * math.prod(self.case.weight_shape()[1:])
        return 2 * macs * (2 if direction == "backward" else 1)

    def bytes_moved(self, direction: str) -> int:
        """Return the bytes of all operands and results, each read or written once: the least there is to move."""
        operation = self.operation(direction)
        itemsize = {"float32": 4, "float64": 8}[self.case.dtype]
        read = sum(
            math.prod(shape) * (8 if name == "indices" else itemsize)
            for name, shape in operation.operand_shapes(self.case).items()
        )
        return read + self.bytes_returned(direction)

    def bytes_returned(self, direction: str) -> int:
        """Return the bytes of the results."""
        itemsize = {"float32": 4, "float64": 8}[self.case.dtype]
        return itemsize * sum(math.prod(output.shape) for output in self.operation(direction).outputs(self.case))

    def with_batch(self, batch: int) -> "Workload":
        """Return the same layer on so many images."""
        return dataclasses.replace(self, case=dataclasses.replace(self.case, n=batch))

    def __str__(self) -> str:
        case = self.case
        text = f"n{case.n}c{case.c}h{case.h}" + (f"w{case.w}" if case.w != case.h else "")
        kernel = pair(case.kernel_size)
        if isinstance(case, Conv2dCase):
            text += f"f{case.f}" + _letters("k", kernel, None) + _letters("s", pair(case.stride), (1, 1))
            (top, _), (left, _) = case.sides()
            text += _letters("p", (top, left), (0, 0)) + _letters("d", pair(case.dilation), (1, 1))
            return text + (f"g{case.groups}" if case.groups > 1 else "") + ("b1" if case.bias else "")
        text += _letters("k", kernel, None)
        text += _letters("s", kernel if case.stride is None else pair(case.stride), kernel)
        text += _letters("p", pair(case.padding), (0, 0)) + _letters("d", case.dilations(), (1, 1))
        return f"{self.kind.removesuffix('_pool2d')} {text}"


def _letters(letter: str, value: tuple[int, int], default: tuple[int, int] | None) -> str:
    """Return a pair as text: nothing where it is the default, one number where both are equal."""
    if value == default:
        return ""
    return f"{letter}{value[0]}" if value[0] == value[1] else f"{letter}h{value[0]}{letter}w{value[1]}"
