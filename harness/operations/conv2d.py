"""Two-dimensional convolution and its gradients, as the harness sees them."""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations.base import Adjoint, Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.conv2d_case import Conv2dCase, draw_case, simpler_conv2d
from convoracle.harness.operations.geometry import pair
from convoracle.harness.oracle import compiled


def special_in_convolution(sides: Iterable[tuple[int, int]], has_bias: bool) -> tuple[str, ...]:
    """Return the operands of a convolution with one right answer to NaN and infinities: a weight meets no padding."""
    unpadded = not any(before or after for before, after in sides)
    return ("x", *("weight",) * unpadded, *("bias",) * has_bias)


class _OfConv2d(Operation):
    """What the convolution and its gradients have in common: the case."""

    case_type = Conv2dCase
    options: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "groups")
    limit_names: ClassVar[tuple[str, ...]] = ("kernel_size", "stride", "padding", "dilation", "groups")

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> Conv2dCase:
        return draw_case(choices, limits, dtypes, index)

    def simpler(self, case: Conv2dCase) -> Iterator[tuple[str, list[Any]]]:
        return simpler_conv2d(case)


class Conv2d(_OfConv2d):
    """``conv2d(x, weight, bias, *, stride, padding, dilation, groups)``."""

    name = "conv2d"
    limit_names: ClassVar[tuple[str, ...]] = (*_OfConv2d.limit_names, "bias")

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        case.output_shape()
        shapes: dict[str, tuple[int, ...]] = {"x": case.x_shape(), "weight": case.weight_shape()}
        return {**shapes, "bias": (case.f,)} if case.bias else shapes

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], arrays["weight"], arrays.get("bias")), case.options()

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        products = math.prod(case.weight_shape()[1:])
        return (
            Output(
                name="result",
                shape=case.output_shape(),
                compute=lambda arrays: reference.conv2d(
                    arrays["x"],
                    arrays["weight"],
                    arrays.get("bias"),
                    **case.options(),
                    loops=compiled(reference.conv2d_loops),
                ),
                terms=(("x", "weight"), ("bias",)) if case.bias else (("x", "weight"),),
                products=products,
                roundings=products + case.bias,
                norms=((1, 2, 3), (1, 2, 3)),
                transform_bits=case.transform_bits(),
                winograd_terms=case.weight_shape()[1] if case.suits_winograd() else 0,
            ),
        )

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return special_in_convolution(case.sides(), case.bias)

    def alone(self, case: Conv2dCase) -> Conv2dCase | None:
        return dataclasses.replace(case, n=1)


class Conv2dInputGrad(_OfConv2d):
    """``conv2d_input_grad(grad_output, weight, input_shape, *, stride, padding, dilation, groups)``."""

    name = "conv2d_input_grad"

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "weight": case.weight_shape()}

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["weight"], case.x_shape()), case.options()

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        return (input_grad_output(case),)

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: Conv2dCase) -> Adjoints:
        return {"grad_x": along_x(case)}

    def alone(self, case: Conv2dCase) -> Conv2dCase | None:
        return dataclasses.replace(case, n=1)


class Conv2dWeightGrad(_OfConv2d):
    """``conv2d_weight_grad(grad_output, x, weight_shape, *, stride, padding, dilation, groups)``."""

    name = "conv2d_weight_grad"

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        case.weight_shape()
        return {"grad_output": case.output_shape(), "x": case.x_shape()}

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], case.weight_shape()), case.options()

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        return (weight_grad_output(case),)

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return ("x",) if pair(case.stride) == (1, 1) else ()

    def adjoints(self, case: Conv2dCase) -> Adjoints:
        return {"grad_weight": along_weight(case)}


class Conv2dBiasGrad(_OfConv2d):
    """``conv2d_bias_grad(grad_output)``."""

    name = "conv2d_bias_grad"
    options: ClassVar[tuple[str, ...]] = ()
    limit_names: ClassVar[tuple[str, ...]] = ()

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape()}

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"],), {}

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        return (bias_grad_output(case),)

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: Conv2dCase) -> Adjoints:
        return {"grad_bias": along_bias}


class Conv2dBackward(_OfConv2d):
    """``conv2d_backward(grad_output, x, weight, *, stride, padding, dilation, groups)``: all three gradients."""

    name = "conv2d_backward"

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "x": case.x_shape(), "weight": case.weight_shape()}

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], arrays["weight"]), case.options()

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        return input_grad_output(case), weight_grad_output(case), bias_grad_output(case)

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return ("x",) if pair(case.stride) == (1, 1) else ()

    def adjoints(self, case: Conv2dCase) -> Adjoints:
        return {"grad_x": along_x(case), "grad_weight": along_weight(case), "grad_bias": along_bias}


def along_x(case: Conv2dCase) -> Adjoint:
    """Return the convolution as a function of x."""
    return lambda arrays, direction: _convolved(case, direction, arrays["weight"])


def along_weight(case: Conv2dCase) -> Adjoint:
    """Return the convolution as a function of the weight."""
    return lambda arrays, direction: _convolved(case, arrays["x"], direction)


def along_bias(arrays: Arrays, direction: np.ndarray) -> np.ndarray:
    """Return a bias where a convolution adds it, over every image and position."""
    rank = arrays["grad_output"].ndim
    return np.broadcast_to(direction.reshape(1, -1, *(1,) * (rank - 2)), arrays["grad_output"].shape)


def _convolved(case: Conv2dCase, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    result: np.ndarray = reference.conv2d(x, weight, None, **case.options(), loops=compiled(reference.conv2d_loops))
    return result


def input_grad_output(case: Conv2dCase) -> Output:
    """Return the gradient for x: each element sums at most F / groups * kH * kW products."""
    products = case.f // case.groups * math.prod(case.kernel_size)
    return Output(
        name="grad_x",
        shape=case.x_shape(),
        compute=lambda arrays: reference.conv2d_input_grad(
            arrays["grad_output"],
            arrays["weight"],
            case.x_shape(),
            **case.options(),
            loops=compiled(reference.conv2d_input_grad_scatter_loops),
        ),
        terms=(("grad_output", "weight"),),
        products=products,
        roundings=products,
        norms=((1, 2, 3), (0, 2, 3)),
        transform_bits=case.transform_bits(),
        winograd_terms=case.f // case.groups if case.suits_winograd() else 0,
    )


def weight_grad_output(case: Conv2dCase) -> Output:
    """Return the gradient for the weight: each element sums at most N * H_out * W_out products."""
    products = case.n * math.prod(case.output_size())
    return Output(
        name="grad_weight",
        shape=case.weight_shape(),
        compute=lambda arrays: reference.conv2d_weight_grad(
            arrays["grad_output"],
            arrays["x"],
            case.weight_shape(),
            **case.options(),
            loops=compiled(reference.conv2d_weight_grad_loops),
        ),
        terms=(("x", "grad_output"),),
        products=products,
        roundings=products,
        norms=((0, 1, 2, 3), (0, 2, 3)),
        transform_bits=case.transform_bits(),
        winograd_terms=products if case.suits_winograd() else 0,
    )


def bias_grad_output(case: Conv2dCase) -> Output:
    """Return the gradient for the bias: each element sums N * H_out * W_out values."""
    products = case.n * math.prod(case.output_size())
    return Output(
        name="grad_bias",
        shape=(case.f,),
        compute=lambda arrays: reference.conv2d_bias_grad(
            arrays["grad_output"], loops=compiled(reference.conv2d_bias_grad_loops)
        ),
        terms=(("grad_output",),),
        products=products,
        roundings=products,
    )
