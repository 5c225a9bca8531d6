"""What values take: products of two operands, numbers of one, some of them twice, and none that are not there."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.evidence import operands_of
from convoracle.harness.explain.values.responses import Response, response
from convoracle.harness.operations import OPERATIONS

OPERATION = OPERATIONS["conv2d"]
CASE = "n=1 c=1 h=1 w={} f=2 kernel_size=1x2 stride=1 padding=0 dilation=1 groups=1 bias=yes dtype={} layout=C+C seed=0"


def asked(liar: Callable[..., Any], term: tuple[str, ...], width: int, dtype: str = "float32") -> Response:
    case = parse(OPERATION, CASE.format(width, dtype))
    _, operands = next(operands_of(OPERATION, case, "exact"))
    found = response(OPERATION, liar, case, operands, 0, term, time.monotonic() + 20)
    assert found is not None
    return found


def swaps_taps(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = reference.conv2d(x, weight, bias, **options)
    result[0, 1, 0, 0] = reference.conv2d(x, weight[..., ::-1], bias, **options)[0, 1, 0, 0]
    return result


def bias_twice(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return reference.conv2d(x, weight, 2 * bias, **options)


@pytest.mark.parametrize(("width", "dtype"), [(4, "float32"), (4, "float16"), (120, "float32"), (120, "float64")])
def test_products_one_by_one_and_by_codes(width: int, dtype: str) -> None:
    found = asked(swaps_taps, ("x", "weight"), width, dtype)
    column = {name: i for i, name in enumerate(found.operands, start=1)}
    value = width - 1  # the first of the second filter
    rows = [
        sorted((row[0], row[column["x"]], row[column["weight"]]) for row in part.tolist())
        for part in (found.missing, found.extra)
    ]
    assert rows == [[(value, 0, 2), (value, 1, 3)], [(value, 0, 3), (value, 1, 2)]]
    assert len(found.kept) == 2 * 2 * (width - 1) - 2


def test_numbers_of_one_operand() -> None:
    found = asked(bias_twice, ("bias",), 3)
    assert found.missing.tolist() == found.extra.tolist() == [[0, 0], [1, 0], [2, 1], [3, 1]]


def test_what_nothing_can_be_said_about() -> None:
    case = parse(OPERATION, CASE.format(3, "float32"))
    _, operands = next(operands_of(OPERATION, case, "exact"))

    def raises(*operands: Any, **options: Any) -> Any:
        raise ValueError

    def noisy(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        return reference.conv2d(x, weight, bias, **options) + np.float32(0.37)

    for liar in (raises, noisy):
        assert response(OPERATION, liar, case, operands, 0, ("x", "weight"), time.monotonic() + 20) is None
