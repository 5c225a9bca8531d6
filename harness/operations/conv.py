"""One- and three-dimensional convolution and their gradients, as the harness sees them."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations.base import Adjoint, Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.conv2d import along_bias, special_in_convolution
from convoracle.harness.operations.conv_case import Conv1dCase, Conv3dCase, ConvCase, draw_case, simpler_conv
from convoracle.harness.oracle import compiled


class _OfConv(Operation):
    """What a convolution and its gradients have in common: the case, and the reference's functions by name."""

    case_type: ClassVar[type[ConvCase]]
    primitive: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "groups")
    limit_names: ClassVar[tuple[str, ...]] = ("kernel_size", *options)

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> ConvCase:
        return draw_case(self.case_type, choices, limits, dtypes, index)

    def simpler(self, case: ConvCase) -> Iterator[tuple[str, list[Any]]]:
        return simpler_conv(case)

    def refer(self, gradient: str, *arguments: Any, **options: Any) -> np.ndarray:
        """Return what the reference's function says, its loops compiled; `gradient` is the end of its name."""
        name = f"{self.primitive}{gradient}"
        loops = compiled(getattr(reference, f"{name}_loops"))
        result: np.ndarray = getattr(reference, name)(*arguments, **options, loops=loops)
        return result

    def along_x(self, case: ConvCase) -> Adjoint:
        """Return the convolution as a function of x."""
        return lambda arrays, direction: self.refer("", direction, arrays["weight"], None, **case.options())

    def along_weight(self, case: ConvCase) -> Adjoint:
        """Return the convolution as a function of the weight."""
        return lambda arrays, direction: self.refer("", arrays["x"], direction, None, **case.options())

    def input_grad(self, case: ConvCase) -> Output:
        """Return the gradient for x: each element sums at most F / groups * kernel products."""
        products = case.f // case.groups * math.prod(case.kernel())
        inner = tuple(range(2, 2 + case.axes))
        return Output(
            name="grad_x",
            shape=case.x_shape(),
            compute=lambda arrays: self.refer(
                "_input_grad", arrays["grad_output"], arrays["weight"], case.x_shape(), **case.options()
            ),
            terms=(("grad_output", "weight"),),
            products=products,
            roundings=products,
            norms=((1, *inner), (0, *inner)),
            transform_bits=case.transform_bits(),
        )

    def weight_grad(self, case: ConvCase) -> Output:
        """Return the gradient for the weight: each element sums at most N * output products."""
        products = case.n * math.prod(case.output_shape()[2:])
        inner = tuple(range(2, 2 + case.axes))
        return Output(
            name="grad_weight",
            shape=case.weight_shape(),
            compute=lambda arrays: self.refer(
                "_weight_grad", arrays["grad_output"], arrays["x"], case.weight_shape(), **case.options()
            ),
            terms=(("x", "grad_output"),),
            products=products,
            roundings=products,
            norms=((0, 1, *inner), (0, *inner)),
            transform_bits=case.transform_bits(),
        )

    def bias_grad(self, case: ConvCase) -> Output:
        """Return the gradient for the bias: each element sums N * output values."""
        products = case.n * math.prod(case.output_shape()[2:])
        return Output(
            name="grad_bias",
            shape=(case.f,),
            compute=lambda arrays: self.refer("_bias_grad", arrays["grad_output"]),
            terms=(("grad_output",),),
            products=products,
            roundings=products,
        )


class _Conv(_OfConv):
    """``conv(x, weight, bias, *, stride, padding, dilation, groups)``."""

    limit_names: ClassVar[tuple[str, ...]] = (*_OfConv.limit_names, "bias")

    def operand_shapes(self, case: ConvCase) -> dict[str, tuple[int, ...]]:
        case.output_shape()
        shapes: dict[str, tuple[int, ...]] = {"x": case.x_shape(), "weight": case.weight_shape()}
        return {**shapes, "bias": (case.f,)} if case.bias else shapes

    def arguments(self, case: ConvCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], arrays["weight"], arrays.get("bias")), case.options()

    def outputs(self, case: ConvCase) -> tuple[Output, ...]:
        products = math.prod(case.weight_shape()[1:])
        every = tuple(range(1, 2 + case.axes))
        return (
            Output(
                name="result",
                shape=case.output_shape(),
                compute=lambda arrays: self.refer(
                    "", arrays["x"], arrays["weight"], arrays.get("bias"), **case.options()
                ),
                terms=(("x", "weight"), ("bias",)) if case.bias else (("x", "weight"),),
                products=products,
                roundings=products + case.bias,
                norms=(every, every),
                transform_bits=case.transform_bits(),
            ),
        )

    def special_operands(self, case: ConvCase) -> tuple[str, ...]:
        return special_in_convolution(case.geometry().padding, case.bias)

    def alone(self, case: ConvCase) -> ConvCase | None:
        return dataclasses.replace(case, n=1)


class _ConvInputGrad(_OfConv):
    """``conv_input_grad(grad_output, weight, input_shape, *, stride, padding, dilation, groups)``."""

    def operand_shapes(self, case: ConvCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "weight": case.weight_shape()}

    def arguments(self, case: ConvCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["weight"], case.x_shape()), case.options()

    def outputs(self, case: ConvCase) -> tuple[Output, ...]:
        return (self.input_grad(case),)

    def special_operands(self, case: ConvCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: ConvCase) -> Adjoints:
        return {"grad_x": self.along_x(case)}

    def alone(self, case: ConvCase) -> ConvCase | None:
        return dataclasses.replace(case, n=1)


class _ConvWeightGrad(_OfConv):
    """``conv_weight_grad(grad_output, x, weight_shape, *, stride, padding, dilation, groups)``."""

    def operand_shapes(self, case: ConvCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "x": case.x_shape()}

    def arguments(self, case: ConvCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], case.weight_shape()), case.options()

    def outputs(self, case: ConvCase) -> tuple[Output, ...]:
        return (self.weight_grad(case),)

    def special_operands(self, case: ConvCase) -> tuple[str, ...]:
        return ("x",) if set(case.geometry().stride) == {1} else ()

    def adjoints(self, case: ConvCase) -> Adjoints:
        return {"grad_weight": self.along_weight(case)}


class _ConvBiasGrad(_OfConv):
    """``conv_bias_grad(grad_output)``."""

    options: ClassVar[tuple[str, ...]] = ()
    limit_names: ClassVar[tuple[str, ...]] = ()

    def operand_shapes(self, case: ConvCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape()}

    def arguments(self, case: ConvCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"],), {}

    def outputs(self, case: ConvCase) -> tuple[Output, ...]:
        return (self.bias_grad(case),)

    def special_operands(self, case: ConvCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: ConvCase) -> Adjoints:
        return {"grad_bias": along_bias}


class _ConvBackward(_OfConv):
    """``conv_backward(grad_output, x, weight, *, stride, padding, dilation, groups)``: all three gradients."""

    def operand_shapes(self, case: ConvCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.output_shape(), "x": case.x_shape(), "weight": case.weight_shape()}

    def arguments(self, case: ConvCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"], arrays["weight"]), case.options()

    def outputs(self, case: ConvCase) -> tuple[Output, ...]:
        return self.input_grad(case), self.weight_grad(case), self.bias_grad(case)

    def special_operands(self, case: ConvCase) -> tuple[str, ...]:
        return ("x",) if set(case.geometry().stride) == {1} else ()

    def adjoints(self, case: ConvCase) -> Adjoints:
        return {
            "grad_x": self.along_x(case),
            "grad_weight": self.along_weight(case),
            "grad_bias": along_bias,
        }


def _of_primitive(primitive: str, case_type: type[ConvCase]) -> tuple[Operation, ...]:
    """Return the operations of one primitive."""
    made = []
    for kind, ending in (
        (_Conv, ""),
        (_ConvInputGrad, "_input_grad"),
        (_ConvWeightGrad, "_weight_grad"),
        (_ConvBiasGrad, "_bias_grad"),
        (_ConvBackward, "_backward"),
    ):
        own = {"name": primitive + ending, "primitive": primitive, "case_type": case_type, "__doc__": kind.__doc__}
        made.append(type(f"{primitive}{ending}", (kind,), own)())
    return tuple(made)


CONV1D = _of_primitive("conv1d", Conv1dCase)
CONV3D = _of_primitive("conv3d", Conv3dCase)
