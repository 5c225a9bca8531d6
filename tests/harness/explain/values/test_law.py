"""What all wrong products of a call have in common: shown by liars that take the wrong ones."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.evidence import observe, operands_of
from convoracle.harness.explain.values.law import law
from convoracle.harness.explain.values.responses import response
from convoracle.harness.operations import OPERATIONS

CASE = (
    "n=1 c=2 h=4 w=5 f=2 kernel_size=1x3 stride=1 padding={} dilation=1 groups=1 bias=no dtype=float32 "
    "layout=C+C seed=0"
)


def right(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return reference.conv2d(x, weight, bias, **options)


def last_tap_left_out(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right(x, weight * np.array([1, 1, 0], weight.dtype), bias, **options)


def two_rows_before(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = right(x, weight, bias, **options)
    result[:, :, 2:] = result[:, :, :-2].copy()
    return result


def padded_in(mode: str) -> Callable[..., Any]:
    def liar(x: Any, weight: Any, bias: Any, *, padding: Any, **options: Any) -> Any:
        return right(np.pad(x, ((0, 0), (0, 0), (0, 0), (1, 1)), mode=mode), weight, bias, padding=0, **options)

    return liar


def rows_run_on(x: Any, weight: Any, bias: Any, *, padding: Any, **options: Any) -> Any:
    flat = np.pad(x.reshape(*x.shape[:2], -1), ((0, 0), (0, 0), (1, 1)))
    rows = [flat[..., i * x.shape[3] : i * x.shape[3] + x.shape[3] + 2] for i in range(x.shape[2])]
    return right(np.stack(rows, axis=2), weight, bias, padding=0, **options)


@pytest.mark.parametrize(
    ("liar", "padding", "says"),
    [
        (last_tap_left_out, "0", "lacks products only of weight in the last kernel column: all of those"),
        (two_rows_before, "0", "takes x 2 rows before, each time, in place of the right one"),
        (padded_in("edge"), "0x1", "reads the element at the edge where a tap lies over it"),
        (padded_in("wrap"), "0x1", "reads from the other edge where a tap lies over one"),
        (padded_in("reflect"), "0x1", "reads the mirrored input where a tap lies over the edge"),
        (rows_run_on, "0x1", "reads on in memory where a tap lies over the edge: the row after, or before"),
    ],
)
def test_a_law(liar: Callable[..., Any], padding: str, says: str) -> None:
    operation = OPERATIONS["conv2d"]
    case = parse(operation, CASE.format(padding))
    _, operands = next(operands_of(operation, case, "exact"))
    evidence = observe(operation, liar, case, "componentwise", "integers", operands)
    found = response(operation, liar, case, operands, 0, ("x", "weight"), time.monotonic() + 20)
    assert found is not None
    assert law(operation, evidence, 0, found) == says
