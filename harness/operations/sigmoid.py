"""The sigmoid and its gradient, as the harness sees them."""

from typing import Any, ClassVar

from convoracle import reference
from convoracle.harness import exact_exponentials, exponential_bounds
from convoracle.harness.cases.data import SCORE_KINDS
from convoracle.harness.operations.base import Arrays, Output
from convoracle.harness.operations.relu import MapsCase, Relu


class Sigmoid(Relu):
    """``sigmoid(x)``: the same cases as the other function of every element."""

    name = "sigmoid"
    takes_integers = False
    float_kinds: ClassVar[tuple[str, ...]] = SCORE_KINDS
    most: ClassVar[tuple[int, int]] = (2, 2)
    """Few, because exact exponentials are slow."""

    def outputs(self, case: MapsCase) -> tuple[Output, ...]:
        return (
            Output(
                name="result",
                shape=case.x_shape(),
                compute=lambda arrays: reference.sigmoid(arrays["x"]),
                error=lambda arrays, dtype: exponential_bounds.sigmoid(arrays["x"], dtype),
                exact=lambda arrays: exact_exponentials.sigmoid(arrays["x"]),
            ),
        )

    def special_operands(self, case: MapsCase) -> tuple[str, ...]:
        return ()


class SigmoidBackward(Sigmoid):
    """``sigmoid_backward(grad_output, x)``."""

    name = "sigmoid_backward"

    def operand_shapes(self, case: MapsCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.x_shape(), "x": case.x_shape()}

    def arguments(self, case: MapsCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"]), {}

    def outputs(self, case: MapsCase) -> tuple[Output, ...]:
        return (
            Output(
                name="grad_x",
                shape=case.x_shape(),
                compute=lambda arrays: reference.sigmoid_backward(arrays["grad_output"], arrays["x"]),
                error=lambda arrays, dtype: exponential_bounds.sigmoid_backward(
                    arrays["grad_output"], arrays["x"], dtype
                ),
                exact=lambda arrays: exact_exponentials.sigmoid_backward(arrays["grad_output"], arrays["x"]),
            ),
        )
