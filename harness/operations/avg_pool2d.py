"""Mean pooling and its gradient, as the harness sees them."""

import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.operations.base import Adjoints, Arrays, Operation, Output, Part
from convoracle.harness.operations.geometry import pair
from convoracle.harness.operations.pool2d_case import AvgPool2dCase, draw_case, simpler_pool2d
from convoracle.harness.oracle import compiled


class _OfAvgPool2d(Operation):
    """What mean pooling and its gradient have in common: the case."""

    case_type = AvgPool2dCase
    options: ClassVar[tuple[str, ...]] = ("stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
    limit_names: ClassVar[tuple[str, ...]] = ("kernel_size", *options)
    takes_integers = False

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> AvgPool2dCase:
        return draw_case(
            AvgPool2dCase,
            choices,
            limits,
            dtypes,
            index,
            count_include_pad=choices.pick(within(limits, "count_include_pad", [True, False])),
            divisor_override=choices.pick(within(limits, "divisor_override", [None, None, None, 1, 3, -7])),
        )

    def simpler(self, case: AvgPool2dCase) -> Iterator[tuple[str, list[Any]]]:
        return simpler_pool2d(case)

    def alone(self, case: AvgPool2dCase) -> AvgPool2dCase | None:
        return dataclasses.replace(case, n=1)


class AvgPool2d(_OfAvgPool2d):
    """``avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)``."""

    name = "avg_pool2d"

    def operand_shapes(self, case: AvgPool2dCase) -> dict[str, tuple[int, ...]]:
        case.output_shape()
        return {"x": case.x_shape()}

    def arguments(self, case: AvgPool2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], case.kernel_size), {name: getattr(case, name) for name in self.options}

    def special_operands(self, case: AvgPool2dCase) -> tuple[str, ...]:
        return ("x",)

    def outputs(self, case: AvgPool2dCase) -> tuple[Output, ...]:
        products = math.prod(pair(case.kernel_size))

        def pool(arrays: Arrays, divisor_override: int | None) -> np.ndarray:
            result: np.ndarray = reference.avg_pool2d(
                arrays["x"],
                case.kernel_size,
                case.stride,
                case.padding,
                case.ceil_mode,
                case.count_include_pad,
                divisor_override,
                loops=compiled(reference.avg_pool2d_loops),
            )
            return result

        return (
            Output(
                name="result",
                shape=case.output_shape(),
                compute=lambda arrays: pool(arrays, case.divisor_override),
                terms=(("x",),),
                products=products,
                roundings=products + 2,
                parts=(Part(lambda arrays: pool(arrays, 1), divisors(case)),),
                box_norm=products / float(np.min(np.abs(divisors(case)))),
                transform_bits=case.transform_bits(),
            ),
        )


class AvgPool2dBackward(_OfAvgPool2d):
    """``avg_pool2d_backward(grad_output, input_shape, kernel_size, stride, padding, ...)``."""

    name = "avg_pool2d_backward"

    def operand_shapes(self, case: AvgPool2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape()}

    def arguments(self, case: AvgPool2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (
            (arrays["grad_output"], case.x_shape(), case.kernel_size),
            {name: getattr(case, name) for name in self.options},
        )

    def outputs(self, case: AvgPool2dCase) -> tuple[Output, ...]:
        kernel = pair(case.kernel_size)
        steps = kernel if case.stride is None else pair(case.stride)
        windows = math.prod(-(-k // s) for k, s in zip(kernel, steps, strict=True))
        by_window = divisors(case)

        def spread(grad_output: np.ndarray, divisor_override: int | None) -> np.ndarray:
            result: np.ndarray = reference.avg_pool2d_backward(
                grad_output,
                case.x_shape(),
                case.kernel_size,
                case.stride,
                case.padding,
                case.ceil_mode,
                case.count_include_pad,
                divisor_override,
                loops=compiled(reference.avg_pool2d_backward_loops),
            )
            return result

        def of_windows_divided_by(divisor: int) -> Part:
            return Part(
                lambda arrays: spread(np.where(by_window == divisor, arrays["grad_output"], 0.0), 1),
                np.array(divisor, dtype=np.int64),
            )

        distinct = [int(divisor) for divisor in np.unique(by_window)]
        return (
            Output(
                name="grad_x",
                shape=case.x_shape(),
                compute=lambda arrays: spread(arrays["grad_output"], case.divisor_override),
                terms=(("grad_output",),),
                products=windows,
                roundings=windows + 2,
                parts=tuple(of_windows_divided_by(divisor) for divisor in distinct),
                multiple=math.lcm(*distinct),
            ),
        )

    def special_operands(self, case: AvgPool2dCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: AvgPool2dCase) -> Adjoints:
        options = {name: getattr(case, name) for name in self.options}
        return {
            "grad_x": lambda arrays, direction: reference.avg_pool2d(
                direction, case.kernel_size, **options, loops=compiled(reference.avg_pool2d_loops)
            )
        }


def divisors(case: AvgPool2dCase) -> np.ndarray:
    """Return what each window's sum is divided by, (H_out, W_out)."""
    return _divisors(
        (case.h, case.w),
        case.kernel_size,
        case.stride,
        case.padding,
        case.ceil_mode,
        case.count_include_pad,
        case.divisor_override,
    )


@functools.lru_cache(maxsize=1024)
def _divisors(*options: Any) -> np.ndarray:
    """Return what the lecture's loops count; remembered, since a case is asked for them many times."""
    by_window: np.ndarray = reference.avg_pool2d_divisors(*options)
    by_window.flags.writeable = False
    return by_window
