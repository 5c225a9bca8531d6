"""Which products a wrong value takes, and which it should take."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.evidence import observe
from convoracle.harness.explain.values.products import products
from convoracle.harness.operations import OPERATIONS

OPERATION = OPERATIONS["conv2d"]
CASE = parse(
    OPERATION,
    "n=1 c=2 h=1 w=3 f=1 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1 bias=no dtype=float32 layout=C+C "
    "seed=0",
)


def right(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return reference.conv2d(x, weight, bias, **options)


def last_tap_lost(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = right(x, weight, bias, **options)
    result[..., -1] = right(x, weight * np.array([1, 0], weight.dtype), bias, **options)[..., -1]
    return result


def channels_exchanged(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right(x[:, ::-1], weight, bias, **options)


def wrong_with_company(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = right(x, weight, bias, **options)
    return result + 1 if np.count_nonzero(x) > 1 < np.count_nonzero(weight) else result


def x_without_weight(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right(x, weight, bias, **options) + x[:, -1:, :, :-1]


def says(liar: Callable[..., Any]) -> str:
    operands = {"x": np.arange(6.0).reshape(1, 2, 1, 3), "weight": np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]])}
    evidence = observe(OPERATION, liar, CASE, "componentwise", "integers", operands)
    return products(OPERATION, liar, evidence, 60.0)


def test_products_that_are_missing() -> None:
    assert says(last_tap_lost) == (
        "result[0, 0, 0, 1] lacks x[0, 0, 0, 2] * weight[0, 0, 0, 1] + ...; all in all it lacks products only of "
        "x in the last column: all of those"
    )


def test_products_in_place_of_others() -> None:
    assert says(channels_exchanged).startswith(
        "result[0, 0, 0, 0] has x[0, 1, 0, 0] * weight[0, 0, 0, 0] + ... in place of "
        "x[0, 0, 0, 0] * weight[0, 0, 0, 0] + ...; "
    )


def test_what_no_single_product_shows() -> None:
    assert says(wrong_with_company) == "each product alone is right: it takes certain data to be wrong"


def test_a_factor_that_is_left_out() -> None:
    operands = {"x": np.arange(6.0).reshape(1, 2, 1, 3), "weight": np.zeros((1, 2, 1, 2))}
    evidence = observe(OPERATION, x_without_weight, CASE, "componentwise", "integers", operands)
    said = products(OPERATION, x_without_weight, evidence, 60.0)
    assert said == "result takes x where weight is zero: it is added without that"
