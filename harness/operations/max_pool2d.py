"""Max pooling and its gradient, as the harness sees them."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.operations.base import Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.geometry import pair, pair_form
from convoracle.harness.operations.pool2d_case import MaxPool2dCase, draw_case, draw_dilation, simpler_pool2d
from convoracle.harness.oracle import compiled


class _OfMaxPool2d(Operation):
    """What max pooling and its gradient have in common: the case."""

    case_type = MaxPool2dCase
    limit_names: ClassVar[tuple[str, ...]] = (
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "ceil_mode",
        "return_indices",
    )

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> MaxPool2dCase:
        dilation = draw_dilation(choices, limits)
        indices = choices.pick(within(limits, "return_indices", [False, True]))
        return draw_case(
            MaxPool2dCase,
            choices,
            limits,
            dtypes,
            index,
            dilation,
            dilation=pair_form(choices, dilation),
            return_indices=indices,
        )

    def simpler(self, case: MaxPool2dCase) -> Iterator[tuple[str, list[Any]]]:
        return simpler_pool2d(case)

    def alone(self, case: MaxPool2dCase) -> MaxPool2dCase | None:
        return dataclasses.replace(case, n=1)


class MaxPool2d(_OfMaxPool2d):
    """``max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)``."""

    name = "max_pool2d"
    options: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "ceil_mode", "return_indices")

    def operand_shapes(self, case: MaxPool2dCase) -> dict[str, tuple[int, ...]]:
        case.output_shape()
        return {"x": case.x_shape()}

    def arguments(self, case: MaxPool2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], case.kernel_size), {name: getattr(case, name) for name in self.options}

    def special_operands(self, case: MaxPool2dCase) -> tuple[str, ...]:
        return ("x",)

    def outputs(self, case: MaxPool2dCase) -> tuple[Output, ...]:
        shape = case.output_shape()
        values = Output("result", shape, lambda arrays: max_pool(case, arrays["x"])[0])
        indices = Output("indices", shape, lambda arrays: max_pool(case, arrays["x"])[1], is_index=True)
        return (values, indices) if case.return_indices else (values,)


class MaxPool2dBackward(_OfMaxPool2d):
    """``max_pool2d_backward(grad_output, indices, input_shape)``."""

    name = "max_pool2d_backward"
    options: ClassVar[tuple[str, ...]] = ()
    limit_names: ClassVar[tuple[str, ...]] = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def operand_shapes(self, case: MaxPool2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "indices": case.output_shape()}

    def index_operands(self, case: MaxPool2dCase) -> dict[str, np.ndarray]:
        values = Choices(case.seed, "indices").integers(case.x_shape(), -2, 2).astype(np.float64)
        return {"indices": max_pool(case, values)[1]}

    def arguments(self, case: MaxPool2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["indices"], case.x_shape()), {}

    def outputs(self, case: MaxPool2dCase) -> tuple[Output, ...]:
        windows = math.prod(pair(case.kernel_size))
        return (
            Output(
                name="grad_x",
                shape=case.x_shape(),
                compute=lambda arrays: reference.max_pool2d_backward(
                    arrays["grad_output"],
                    arrays["indices"],
                    case.x_shape(),
                    loops=compiled(reference.max_pool2d_backward_loops),
                ),
                terms=(("grad_output",),),
                products=windows,
                roundings=windows,
            ),
        )

    def special_operands(self, case: MaxPool2dCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: MaxPool2dCase) -> Adjoints:
        def gathered(arrays: Arrays, direction: np.ndarray) -> np.ndarray:
            planes = direction.reshape(*direction.shape[:2], -1)
            where = arrays["indices"].reshape(*planes.shape[:2], -1).astype(np.int64)
            return np.take_along_axis(planes, where, axis=2).reshape(arrays["grad_output"].shape)

        return {"grad_x": gathered}


def max_pool(case: MaxPool2dCase, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the oracle's maxima and where they are."""
    values, indices = reference.max_pool2d(
        x,
        case.kernel_size,
        case.stride,
        case.padding,
        case.dilation,
        case.ceil_mode,
        return_indices=True,
        loops=compiled(reference.max_pool2d_loops),
    )
    return values, indices
