"""Transposed convolution and its gradients, as the harness sees them."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations.base import Adjoint, Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.conv2d import along_bias
from convoracle.harness.operations.conv_transpose2d_case import (
    ConvTranspose2dCase,
    draw_case,
    simpler_conv_transpose2d,
)
from convoracle.harness.operations.geometry import pair
from convoracle.harness.oracle import compiled


class _OfConvTranspose2d(Operation):
    """What the transposed convolution and its gradients have in common: the case."""

    case_type = ConvTranspose2dCase
    options: ClassVar[tuple[str, ...]] = ("stride", "padding", "output_padding", "groups", "dilation")
    limit_names: ClassVar[tuple[str, ...]] = ("kernel_size", *options)

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> ConvTranspose2dCase:
        return draw_case(choices, limits, dtypes, index)

    def simpler(self, case: ConvTranspose2dCase) -> Iterator[tuple[str, list[Any]]]:
        return simpler_conv_transpose2d(case)


class ConvTranspose2d(_OfConvTranspose2d):
    """``conv_transpose2d(x, weight, bias, *, stride, padding, output_padding, groups, dilation)``."""

    name = "conv_transpose2d"
    limit_names: ClassVar[tuple[str, ...]] = (*_OfConvTranspose2d.limit_names, "bias")

    def operand_shapes(self, case: ConvTranspose2dCase) -> dict[str, tuple[int, ...]]:
        case.output_shape()
        shapes: dict[str, tuple[int, ...]] = {"x": case.x_shape(), "weight": case.weight_shape()}
        return {**shapes, "bias": (case.f,)} if case.bias else shapes

    def arguments(self, case: ConvTranspose2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], arrays["weight"], arrays.get("bias")), case.options()

    def outputs(self, case: ConvTranspose2dCase) -> tuple[Output, ...]:
        products = case.c // case.groups * math.prod(case.kernel_size)
        return (
            Output(
                name="result",
                shape=case.output_shape(),
                compute=lambda arrays: reference.conv_transpose2d(
                    arrays["x"],
                    arrays["weight"],
                    arrays.get("bias"),
                    **case.options(),
                    loops=compiled(reference.conv_transpose2d_loops),
                ),
                terms=(("x", "weight"), ("bias",)) if case.bias else (("x", "weight"),),
                products=products,
                roundings=products + case.bias,
                norms=((1, 2, 3), (0, 2, 3)),
                transform_bits=case.transform_bits(),
            ),
        )

    def special_operands(self, case: ConvTranspose2dCase) -> tuple[str, ...]:
        return ("x",)

    def alone(self, case: ConvTranspose2dCase) -> ConvTranspose2dCase | None:
        return dataclasses.replace(case, n=1)


class ConvTranspose2dInputGrad(_OfConvTranspose2d):
    """``conv_transpose2d_input_grad(grad_output, weight, input_shape, *, stride, padding, output_padding, ...)``."""

    name = "conv_transpose2d_input_grad"

    def operand_shapes(self, case: ConvTranspose2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "weight": case.weight_shape()}

    def arguments(self, case: ConvTranspose2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["weight"], case.x_shape()), case.options()

    def outputs(self, case: ConvTranspose2dCase) -> tuple[Output, ...]:
        return (input_grad_output(case),)

    def special_operands(self, case: ConvTranspose2dCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: ConvTranspose2dCase) -> Adjoints:
        return {"grad_x": along_x(case)}

    def alone(self, case: ConvTranspose2dCase) -> ConvTranspose2dCase | None:
        return dataclasses.replace(case, n=1)


class ConvTranspose2dWeightGrad(_OfConvTranspose2d):
    """``conv_transpose2d_weight_grad(grad_output, x, weight_shape, *, stride, padding, output_padding, ...)``."""

    name = "conv_transpose2d_weight_grad"

    def operand_shapes(self, case: ConvTranspose2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "x": case.x_shape()}

    def arguments(self, case: ConvTranspose2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], case.weight_shape()), case.options()

    def outputs(self, case: ConvTranspose2dCase) -> tuple[Output, ...]:
        return (weight_grad_output(case),)

    def special_operands(self, case: ConvTranspose2dCase) -> tuple[str, ...]:
        return ("grad_output",) if pair(case.stride) == (1, 1) else ()

    def adjoints(self, case: ConvTranspose2dCase) -> Adjoints:
        return {"grad_weight": along_weight(case)}


class ConvTranspose2dBiasGrad(_OfConvTranspose2d):
    """``conv_transpose2d_bias_grad(grad_output)``."""

    name = "conv_transpose2d_bias_grad"
    options: ClassVar[tuple[str, ...]] = ()
    limit_names: ClassVar[tuple[str, ...]] = ()

    def operand_shapes(self, case: ConvTranspose2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape()}

    def arguments(self, case: ConvTranspose2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"],), {}

    def outputs(self, case: ConvTranspose2dCase) -> tuple[Output, ...]:
        return (bias_grad_output(case),)

    def special_operands(self, case: ConvTranspose2dCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: ConvTranspose2dCase) -> Adjoints:
        return {"grad_bias": along_bias}


class ConvTranspose2dBackward(_OfConvTranspose2d):
    """``conv_transpose2d_backward(grad_output, x, weight, *, stride, padding, ...)``: all three gradients."""

    name = "conv_transpose2d_backward"

    def operand_shapes(self, case: ConvTranspose2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "x": case.x_shape(), "weight": case.weight_shape()}

    def arguments(self, case: ConvTranspose2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], arrays["weight"]), case.options()

    def outputs(self, case: ConvTranspose2dCase) -> tuple[Output, ...]:
        return input_grad_output(case), weight_grad_output(case), bias_grad_output(case)

    def adjoints(self, case: ConvTranspose2dCase) -> Adjoints:
        return {"grad_x": along_x(case), "grad_weight": along_weight(case), "grad_bias": along_bias}


def along_x(case: ConvTranspose2dCase) -> Adjoint:
    """Return the transposed convolution as a function of x."""
    return lambda arrays, direction: _convolved(case, direction, arrays["weight"])


def along_weight(case: ConvTranspose2dCase) -> Adjoint:
    """Return the transposed convolution as a function of the weight."""
    return lambda arrays, direction: _convolved(case, arrays["x"], direction)


def _convolved(case: ConvTranspose2dCase, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    result: np.ndarray = reference.conv_transpose2d(
        x, weight, None, **case.options(), loops=compiled(reference.conv_transpose2d_loops)
    )
    return result


def input_grad_output(case: ConvTranspose2dCase) -> Output:
    """Return the gradient for x: each element sums at most F / groups * kH * kW products."""
    products = case.f // case.groups * math.prod(case.kernel_size)
    return Output(
        name="grad_x",
        shape=case.x_shape(),
        compute=lambda arrays: reference.conv_transpose2d_input_grad(
            arrays["grad_output"],
            arrays["weight"],
            case.x_shape(),
            **case.options(),
            loops=compiled(reference.conv_transpose2d_input_grad_loops),
        ),
        terms=(("grad_output", "weight"),),
        products=products,
        roundings=products,
        norms=((1, 2, 3), (1, 2, 3)),
        transform_bits=case.transform_bits(),
    )


def weight_grad_output(case: ConvTranspose2dCase) -> Output:
    """Return the gradient for the weight: each element sums at most N * H * W products, one for each value of x."""
    products = case.n * case.h * case.w
    return Output(
        name="grad_weight",
        shape=case.weight_shape(),
        compute=lambda arrays: reference.conv_transpose2d_weight_grad(
            arrays["grad_output"],
            arrays["x"],
            case.weight_shape(),
            **case.options(),
            loops=compiled(reference.conv_transpose2d_weight_grad_loops),
        ),
        terms=(("grad_output", "x"),),
        products=products,
        roundings=products,
        norms=((0, 1, 2, 3), (0, 2, 3)),
        transform_bits=case.transform_bits(),
    )


def bias_grad_output(case: ConvTranspose2dCase) -> Output:
    """Return the gradient for the bias: each element sums N * H_out * W_out values."""
    products = case.n * math.prod(case.output_shape()[2:])
    return Output(
        name="grad_bias",
        shape=(case.f,),
        compute=lambda arrays: reference.conv_transpose2d_bias_grad(
            arrays["grad_output"], loops=compiled(reference.conv2d_bias_grad_loops)
        ),
        terms=(("grad_output",),),
        products=products,
        roundings=products,
    )
