"""Numbers that a wrong value should not depend on."""

from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.evidence import Evidence, observe
from convoracle.harness.explain.values.bystanders import bystanders
from convoracle.harness.explain.values.products import products
from convoracle.harness.operations import OPERATIONS

OPERATION = OPERATIONS["conv2d"]
CASE = parse(
    OPERATION,
    "n=1 c=1 h=1 w=4 f=1 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1 bias=no dtype=float32 "
    "layout=C+C seed=0",
)


def spilling(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """What is large is felt by all numbers after it, as by a running sum."""
    return reference.conv2d(x, weight, bias, **options) + (np.cumsum(x, axis=-1) > 1000).astype(x.dtype)


def evidence(liar: Any, values: list[float]) -> Evidence:
    operands = {"x": np.array(values).reshape(1, 1, 1, 4), "weight": np.ones((1, 1, 1, 1))}
    return observe(OPERATION, liar, CASE, "componentwise", "integers", operands)


def felt_by_later_ones_only(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return spilling(x, weight, bias, **options) - (x > 1000)


def test_a_number_that_only_others_should_feel() -> None:
    found = evidence(felt_by_later_ones_only, [0, 2000, 0, 0])
    says = "result[0, 0, 0, 2] and the other wrong values should not depend on x[0, 0, 0, 1], and are right without"
    assert bystanders(OPERATION, found) == says
    assert products(OPERATION, felt_by_later_ones_only, found, 20.0) == says


def test_what_a_wrong_value_takes_is_none() -> None:
    assert bystanders(OPERATION, evidence(spilling, [2000, 0, 0, 0])) == ""


def test_an_ordinary_mistake_has_none() -> None:
    found = evidence(lambda x, weight, bias, **options: 2 * reference.conv2d(x, weight, bias, **options), [1, 0, 0, 0])
    assert bystanders(OPERATION, found) == ""
