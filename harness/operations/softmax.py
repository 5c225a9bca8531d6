"""Softmax and its logarithm with their gradients, as the harness sees them."""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness import exact_exponentials, exponential_bounds
from convoracle.harness.cases.data import SCORE_KINDS
from convoracle.harness.operations.axis_case import AlongAxis, AxisCase
from convoracle.harness.operations.base import Arrays, Output


class _OfSoftmax(AlongAxis):
    """What the four operations have in common: the kinds of data, and one output of the shape of x."""

    float_kinds: ClassVar[tuple[str, ...]] = SCORE_KINDS
    result: ClassVar[str] = "result"

    def outputs(self, case: AxisCase) -> tuple[Output, ...]:
        return (
            Output(
                name=self.result,
                shape=case.x_shape(),
                compute=lambda arrays: self.value(arrays, case.place()),
                error=lambda arrays, dtype: self.error(arrays, case.place(), dtype),
                exact=lambda arrays: self.exact(arrays, case.place()),
            ),
        )

    @abstractmethod
    def value(self, arrays: Arrays, axis: int) -> np.ndarray:
        """Return what the reference gives."""

    @abstractmethod
    def error(self, arrays: Arrays, axis: int, dtype: str) -> np.ndarray:
        """Return the bound."""

    @abstractmethod
    def exact(self, arrays: Arrays, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the exact value as an unevaluated sum."""


class Softmax(_OfSoftmax):
    """``softmax(x, axis)``."""

    name = "softmax"

    def value(self, arrays: Arrays, axis: int) -> np.ndarray:
        return reference.softmax(arrays["x"], axis)

    def error(self, arrays: Arrays, axis: int, dtype: str) -> np.ndarray:
        return exponential_bounds.softmax(arrays["x"], axis, dtype)

    def exact(self, arrays: Arrays, axis: int) -> tuple[np.ndarray, np.ndarray]:
        return exact_exponentials.softmax(arrays["x"], axis)


class LogSoftmax(_OfSoftmax):
    """``log_softmax(x, axis)``."""

    name = "log_softmax"

    def value(self, arrays: Arrays, axis: int) -> np.ndarray:
        return reference.log_softmax(arrays["x"], axis)

    def error(self, arrays: Arrays, axis: int, dtype: str) -> np.ndarray:
        return exponential_bounds.log_softmax(arrays["x"], axis, dtype)

    def exact(self, arrays: Arrays, axis: int) -> tuple[np.ndarray, np.ndarray]:
        return exact_exponentials.log_softmax(arrays["x"], axis)


class _Gradient(_OfSoftmax):
    """What both gradients have in common: their operands."""

    operands: ClassVar[tuple[str, ...]] = ("grad_output", "x")
    result: ClassVar[str] = "grad_x"


class SoftmaxBackward(_Gradient):
    """``softmax_backward(grad_output, x, axis)``."""

    name = "softmax_backward"

    def value(self, arrays: Arrays, axis: int) -> np.ndarray:
        return reference.softmax_backward(arrays["grad_output"], arrays["x"], axis)

    def error(self, arrays: Arrays, axis: int, dtype: str) -> np.ndarray:
        return exponential_bounds.softmax_backward(arrays["grad_output"], arrays["x"], axis, dtype)

    def exact(self, arrays: Arrays, axis: int) -> tuple[np.ndarray, np.ndarray]:
        return exact_exponentials.softmax_backward(arrays["grad_output"], arrays["x"], axis)


class LogSoftmaxBackward(_Gradient):
    """``log_softmax_backward(grad_output, x, axis)``."""

    name = "log_softmax_backward"

    def value(self, arrays: Arrays, axis: int) -> np.ndarray:
        return reference.log_softmax_backward(arrays["grad_output"], arrays["x"], axis)

    def error(self, arrays: Arrays, axis: int, dtype: str) -> np.ndarray:
        return exponential_bounds.log_softmax_backward(arrays["grad_output"], arrays["x"], axis, dtype)

    def exact(self, arrays: Arrays, axis: int) -> tuple[np.ndarray, np.ndarray]:
        return exact_exponentials.log_softmax_backward(arrays["grad_output"], arrays["x"], axis)
