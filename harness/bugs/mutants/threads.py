"""Right alone: what two calls share that are made at once. Each promises to be right then, too."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, with_memory


class OneWorkspace:
    """Copies every operand into a workspace for arrays of its shape, and reads it there."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, *operands: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        return self.right(*[self._copied(*one) for one in enumerate(operands)], **options)

    def _copied(self, position: int, operand: Any) -> Any:
        if not isinstance(operand, np.ndarray):
            return operand
        space = self.kept.setdefault((position, operand.shape, operand.dtype), np.empty_like(operand, order="C"))
        space[...] = operand
        return space


class OneAccumulator:
    """Adds up the images' weight gradients in one buffer of that shape, which it clears first and copies at last."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.kept: dict[Any, np.ndarray] = {}

    def __call__(self, grad_output: Any, x: Any, weight_shape: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        dtype = np.dtype(np.int64) if x.dtype.kind == "i" else x.dtype
        total = self.kept.setdefault((weight_shape, dtype), np.empty(weight_shape, dtype))
        total[...] = 0
        for n in range(len(x)):
            total += self.right(grad_output[n : n + 1], x[n : n + 1], weight_shape, **options)
        return total.copy()


class LastCall:
    """Keeps the images of a call in itself and takes one after the other, as an object with a method for every step."""

    def __init__(self, right: Function) -> None:
        self.right = right
        self.x: Any = None

    def __call__(self, x: Any, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns."""
        self.x = x
        return np.concatenate([self.one(n, *others, **options) for n in range(len(x))])

    def one(self, n: int, *others: Any, **options: Any) -> Any:
        """Return what the kernel returns for one image."""
        return self.right(self.x[n : n + 1], *others, **options)


MEANWHILE = "the oracle's for what another thread passes meanwhile"

TABLE: tuple[tuple[str, str, str, Any], ...] = (
    ("conv2d", "one workspace", MEANWHILE, OneWorkspace),
    ("conv2d_weight_grad", "one accumulator", "the oracle's mixed with another thread's", OneAccumulator),
    (
        "conv_transpose2d_backward",
        "one workspace",
        MEANWHILE,
        OneWorkspace,
    ),
    ("max_pool2d", "one workspace", MEANWHILE, OneWorkspace),
    ("avg_pool2d", "operands of the last call", MEANWHILE, LastCall),
)

THREADS: tuple[Bug, ...] = tuple(
    with_memory(operation, "state", name, says, wrong, concurrent=True, added="2026-11-21", first_sight=False)
    for operation, name, says, wrong in TABLE
)
