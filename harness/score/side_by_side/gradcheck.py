"""``torch.autograd.gradcheck`` with its defaults: numeric against analytic derivatives of an ``autograd.Function``.

https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html: eps 1e-6, atol 1e-5, rtol
1e-3, in float64. The function's forward and backward are the reference's, but for the one half, or the one
derivative, that the candidate takes over: a wrong forward pass shows too, since its derivative is not the right
one's. Two small random problems for each operation: more would take long, and who uses it has no more.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.cases.limits import inside
from convoracle.harness.score.entries import Entry
from convoracle.harness.score.side_by_side.cs231n import PARTS
from convoracle.harness.score.side_by_side.problem import Function, Problem, as_tuple, forward_of, gradient_arguments
from convoracle.harness.score.side_by_side.rule import CAUGHT, PASSED, REJECTED, Rule, function_of
from convoracle.harness.score.side_by_side.typed_shapes import filled

PROBLEMS: dict[str, tuple[tuple[tuple[Any, ...], dict[str, Any]], ...]] = {
    "conv2d": (
        (((2, 2, 4, 4), (3, 2, 3, 3), (3,)), {"padding": 1}),
        (((1, 2, 6, 6), (2, 2, 3, 3), (2,)), {"stride": 2}),
    ),
    "conv1d": ((((2, 2, 8), (3, 2, 3), (3,)), {"padding": 1}), (((1, 2, 9), (2, 2, 3), (2,)), {"stride": 2})),
    "conv3d": ((((1, 2, 4, 4, 4), (2, 2, 2, 2, 2), (2,)), {"stride": 2}),),
    "conv_transpose2d": (
        (((2, 2, 4, 4), (2, 3, 3, 3), (3,)), {"padding": 1}),
        (((1, 2, 3, 3), (2, 2, 4, 4), (2,)), {"stride": 2, "padding": 1}),
    ),
    "max_pool2d": (
        (((2, 2, 4, 4), 2), {"return_indices": True}),
        (((1, 2, 6, 6), 3), {"stride": 2, "padding": 1, "return_indices": True}),
    ),
    "avg_pool2d": ((((2, 2, 4, 4), 2), {}), (((1, 2, 6, 6), 3), {"stride": 2, "padding": 1})),
    "locally_connected2d": ((((2, 2, 4, 4), (2, 2, 3, 2, 3, 3), (3, 2, 2)), {}),),
    "linear": ((((4, 6), (5, 6), (5,)), {}),),
    "relu": ((((4, 6),), {}), (((2, 2, 4, 4),), {})),
    "sigmoid": ((((4, 6),), {}), (((2, 2, 4, 4),), {})),
    "softmax": ((((4, 6),), {}),),
    "log_softmax": ((((4, 6),), {}),),
    "mean_subtract": ((((4, 6),), {}),),
    "cross_entropy": ((((4, 6), "classes"), {}),),
    "euclidean_loss": ((((4, 6), (4, 6)), {}),),
}


@functools.cache
def _problems(forward: str) -> Sequence[Problem]:
    return [filled(forward, *one, "float64", 1.0, seed) for seed, one in enumerate(PROBLEMS.get(forward, ()))]


def judge(entry: Entry, scale: float) -> str | None:
    """Return what gradient checks say."""
    opinion: str | None = None
    for problem in _problems(forward_of(entry.operation)) if "float64" in entry.dtypes else ():
        if not inside(entry.limits, problem.case):
            continue
        opinion = opinion or PASSED
        if not _passes(entry.operation, function_of(entry), problem):
            if _accepts_loops(entry.operation, problem):
                return CAUGHT
            opinion = REJECTED
    return opinion


@functools.cache
def _accepts_loops(operation: str, problem: Problem) -> bool:
    return _passes(operation, right(operation), problem)


def _passes(operation: str, candidate: Function, problem: Problem) -> bool:
    import torch

    is_leaf = [isinstance(operand, np.ndarray) and operand.dtype.kind == "f" for operand in problem.operands]
    leaves = [
        torch.from_numpy(operand.copy()).requires_grad_()
        for operand, is_one in zip(problem.operands, is_leaf, strict=True)
        if is_one
    ]
    try:
        function = _function(operation, candidate, problem, is_leaf)
        return bool(torch.autograd.gradcheck(function.apply, leaves, raise_exception=False))
    except Exception:  # the candidate's, or of autograd about what it returned
        return False


def _function(operation: str, candidate: Function, problem: Problem, is_leaf: Sequence[bool]) -> Any:
    """Return an ``autograd.Function`` in which the candidate does what it says it does, and the reference the rest."""
    import torch

    def with_leaves(tensors: Sequence[Any]) -> Problem:
        arrays = iter(tensors)
        operands = [
            next(arrays).detach().numpy().copy() if is_one else operand
            for operand, is_one in zip(problem.operands, is_leaf, strict=True)
        ]
        return Problem(problem.forward, tuple(operands), problem.options)

    class Checked(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            asked = with_leaves(tensors)
            function = candidate if operation == problem.forward else right(problem.forward)
            result, *ctx.indices = as_tuple(function(*asked.operands, **asked.keywords))
            ctx.save_for_backward(*tensors)
            return torch.from_numpy(np.array(result))

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            asked, grad_output = with_leaves(ctx.saved_tensors), grad.detach().numpy().copy()
            whole = f"{problem.forward}_backward"
            positional, keywords = gradient_arguments(asked, whole, grad_output, ctx.indices)
            derivatives = list(as_tuple(right(whole)(*positional, **keywords)))
            if operation != problem.forward:
                positional, keywords = gradient_arguments(asked, operation, grad_output, ctx.indices)
                part = PARTS[operation.removeprefix(problem.forward)]
                with torch.enable_grad():  # autograd switches it off here, and a candidate may be autograd itself
                    derivatives[part] = as_tuple(candidate(*positional, **keywords))
            return tuple(torch.from_numpy(np.array(one)) for one in derivatives)

    return Checked


RULES = (Rule("gradcheck", "two small problems, float64", "eps=1e-6, rtol=1e-3, atol=1e-5", judge, needs=("torch",)),)
