"""What a call had to return: with NaN that no window reaches, and on integers down to the smallest numbers."""

from typing import Any

import numpy as np
import pytest

import convoracle
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.evidence import Evidence, observe, operands_of
from convoracle.harness.operations import named

CONV = (
    "n=1 c=2 h=3 w=6 f=2 kernel_size=2x2 stride=1x4 padding=0 dilation=1 groups=1 bias=no dtype={} layout=C+C seed={}"
)
CONV2D = named("conv2d")


def observed(function: Any, dtype: str, seed: int) -> list[Evidence]:
    """Return what a function makes of every sort of data that a failure of the specials is looked at with."""
    case = parse(CONV2D, CONV.format(dtype, seed))
    sorts = operands_of(CONV2D, case, "specials")
    return [observe(CONV2D, function, case, "componentwise", data, operands) for data, operands in sorts]


def flushing(*operands: Any, **options: Any) -> np.ndarray:
    result = convoracle.conv2d(*operands, **options)
    return np.where(np.abs(result) < np.finfo(result.dtype).tiny, result.dtype.type(0), result)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_right_kernel_is_right_on_every_sort_of_data(dtype: str) -> None:
    for seed in range(40, 56):  # the third and the fourth column are read by no window
        made = observed(convoracle.conv2d, dtype, seed)
        assert [evidence.data for evidence in made if evidence.wrong] == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormal_numbers_are_evidence(dtype: str) -> None:
    wrong = {evidence.data for seed in range(40, 56) for evidence in observed(flushing, dtype, seed) if evidence.wrong}
    assert wrong == {f"integers times 2**{-149 if dtype == 'float32' else -1074}"}
