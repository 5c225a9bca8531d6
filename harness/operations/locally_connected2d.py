"""The locally connected layer and its gradients, as the harness sees them."""

import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations.base import Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.conv2d_case import Conv2dCase, draw_case, simpler_conv2d
from convoracle.harness.oracle import compiled


class _OfLocallyConnected2d(Operation):
    """What the layer and its gradients have in common: the case of a convolution of one group."""

    case_type = Conv2dCase
    options: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation")
    limit_names: ClassVar[tuple[str, ...]] = ("kernel_size", *options)

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> Conv2dCase:
        return draw_case(choices, {**limits, "groups": {1}}, dtypes, index)

    def simpler(self, case: Conv2dCase) -> Iterator[tuple[str, list[Any]]]:
        return simpler_conv2d(case)

    def called_with(self, case: Conv2dCase) -> dict[str, Any]:
        """Return the keywords of a call."""
        return {name: getattr(case, name) for name in self.options}

    def weight_shape(self, case: Conv2dCase) -> tuple[int, ...]:
        """Return (H_out, W_out, F, C, kH, kW)."""
        if case.groups != 1:
            raise ValueError(f"groups={case.groups}: the layer has one group")
        return *case.output_size(), *case.weight_shape()


class LocallyConnected2d(_OfLocallyConnected2d):
    """``locally_connected2d(x, weight, bias, *, stride, padding, dilation)``."""

    name = "locally_connected2d"
    limit_names: ClassVar[tuple[str, ...]] = (*_OfLocallyConnected2d.limit_names, "bias")

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {"x": case.x_shape(), "weight": self.weight_shape(case)}
        return {**shapes, "bias": case.output_shape()[1:]} if case.bias else shapes

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], arrays["weight"], arrays.get("bias")), self.called_with(case)

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        products = case.c * math.prod(case.kernel_size)
        return (
            Output(
                name="result",
                shape=case.output_shape(),
                compute=lambda arrays: reference.locally_connected2d(
                    arrays["x"],
                    arrays["weight"],
                    arrays.get("bias"),
                    **self.called_with(case),
                    loops=compiled(reference.locally_connected2d_loops),
                ),
                terms=(("x", "weight"), ("bias",)) if case.bias else (("x", "weight"),),
                products=products,
                roundings=products + case.bias,
            ),
        )

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return ("x",)

    def alone(self, case: Conv2dCase) -> Conv2dCase | None:
        return dataclasses.replace(case, n=1)


class LocallyConnected2dBackward(_OfLocallyConnected2d):
    """``locally_connected2d_backward(grad_output, x, weight, *, stride, padding, dilation)``: all three gradients."""

    name = "locally_connected2d_backward"

    def operand_shapes(self, case: Conv2dCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "x": case.x_shape(), "weight": self.weight_shape(case)}

    def arguments(self, case: Conv2dCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], arrays["weight"]), self.called_with(case)

    def outputs(self, case: Conv2dCase) -> tuple[Output, ...]:
        grads: tuple[tuple[str, tuple[int, ...], tuple[str, ...], int], ...] = (
            ("grad_x", case.x_shape(), ("grad_output", "weight"), case.f * math.prod(case.kernel_size)),
            ("grad_weight", self.weight_shape(case), ("grad_output", "x"), case.n),
            ("grad_bias", case.output_shape()[1:], ("grad_output",), case.n),
        )
        return tuple(
            Output(
                name=name,
                shape=shape,
                compute=functools.partial(self.gradient, case, position),
                terms=(term,),
                products=products,
                roundings=products,
            )
            for position, (name, shape, term, products) in enumerate(grads)
        )

    def special_operands(self, case: Conv2dCase) -> tuple[str, ...]:
        return ("x",)

    def adjoints(self, case: Conv2dCase) -> Adjoints:
        def connected(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
            result: np.ndarray = reference.locally_connected2d(
                x, weight, **self.called_with(case), loops=compiled(reference.locally_connected2d_loops)
            )
            return result

        return {
            "grad_x": lambda arrays, direction: connected(direction, arrays["weight"]),
            "grad_weight": lambda arrays, direction: connected(arrays["x"], direction),
            "grad_bias": lambda arrays, direction: np.broadcast_to(direction, arrays["grad_output"].shape),
        }

    def gradient(self, case: Conv2dCase, position: int, arrays: Arrays) -> np.ndarray:
        """Return the gradient at one position of the reference's three."""
        grads: tuple[np.ndarray, ...] = reference.locally_connected2d_backward(
            arrays["grad_output"],
            arrays["x"],
            arrays["weight"],
            **self.called_with(case),
            loops=compiled(reference.locally_connected2d_backward_loops),
        )
        return grads[position]
