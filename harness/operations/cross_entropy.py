"""The cross-entropy of a softmax and its gradient, as the harness sees them."""

from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness import exact_exponentials, exponential_bounds
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import SCORE_KINDS
from convoracle.harness.operations.base import Arrays, Output
from convoracle.harness.operations.loss_case import LossCase, OfLoss


class CrossEntropy(OfLoss):
    """``cross_entropy(logits, targets)``; the targets are the operand ``indices``."""

    name = "cross_entropy"
    float_kinds: ClassVar[tuple[str, ...]] = SCORE_KINDS

    def operand_shapes(self, case: LossCase) -> dict[str, tuple[int, ...]]:
        return {"logits": (case.n, case.c), "indices": (case.n,)}

    def index_operands(self, case: LossCase) -> dict[str, np.ndarray]:
        return {"indices": Choices(case.seed, "indices").integers((case.n,), 0, case.c - 1)}

    def arguments(self, case: LossCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["logits"], arrays["indices"]), {}

    def outputs(self, case: LossCase) -> tuple[Output, ...]:
        return (
            Output(
                name="result",
                shape=(),
                compute=lambda arrays: np.asarray(reference.cross_entropy(arrays["logits"], arrays["indices"])),
                error=lambda arrays, dtype: exponential_bounds.cross_entropy(
                    arrays["logits"], arrays["indices"], dtype
                ),
                exact=lambda arrays: exact_exponentials.cross_entropy(arrays["logits"], arrays["indices"]),
            ),
        )


class CrossEntropyBackward(CrossEntropy):
    """``cross_entropy_backward(logits, targets, grad_output)``."""

    name = "cross_entropy_backward"
    options: ClassVar[tuple[str, ...]] = ("grad_output",)
    limit_names: ClassVar[tuple[str, ...]] = ("grad_output",)

    def arguments(self, case: LossCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["logits"], arrays["indices"]), {"grad_output": case.grad_output}

    def outputs(self, case: LossCase) -> tuple[Output, ...]:
        factor = case.grad_output
        return (
            Output(
                name="grad",
                shape=(case.n, case.c),
                compute=lambda arrays: reference.cross_entropy_backward(arrays["logits"], arrays["indices"], factor),
                error=lambda arrays, dtype: exponential_bounds.cross_entropy_backward(
                    arrays["logits"], arrays["indices"], factor, dtype
                ),
                exact=lambda arrays: exact_exponentials.cross_entropy_backward(
                    arrays["logits"], arrays["indices"], factor
                ),
            ),
        )
