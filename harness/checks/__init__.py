"""The checks: what each decides, and the comparisons they are made of."""

from convoracle.harness.checks.compare import bounded, exact, form, rounded, unaliased
from convoracle.harness.checks.problem import Problem
from convoracle.harness.checks.truth import add, allowance, magnitude, transform_bound, truth

__all__ = [
    "Problem",
    "add",
    "allowance",
    "bounded",
    "exact",
    "form",
    "magnitude",
    "rounded",
    "transform_bound",
    "truth",
    "unaliased",
]
