"""Larger cases: possible ones, inside the limits, that have more of something and less of nothing."""

import pytest

from convoracle.harness.cases.draw import draw_small
from convoracle.harness.cases.limits import inside
from convoracle.harness.explain.cases.grown import EXTENTS, grown
from convoracle.harness.operations import OPERATIONS


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d_weight_grad", "max_pool2d", "linear", "conv1d"])
def test_something_is_larger_and_nothing_smaller(name: str) -> None:
    operation = OPERATIONS[name]
    case = draw_small(operation, {}, ("float32",), 0, 3)
    found = [grown(operation, {}, case, number) for number in range(20)]
    made = [one for one in found if one is not None]
    assert len(made) > 10
    for one in made:
        sizes = [(getattr(one, field), getattr(case, field)) for field in EXTENTS if hasattr(case, field)]
        assert all(mine >= its for mine, its in sizes)
        assert any(mine > its for mine, its in sizes)
    assert len(set(made)) > 10


def test_limits_are_kept() -> None:
    operation, limits = OPERATIONS["conv2d"], {"padding": {0}}
    case = draw_small(operation, limits, ("float32",), 0, 3)
    made = [one for number in range(20) if (one := grown(operation, limits, case, number)) is not None]
    assert made
    assert all(inside(limits, one) for one in made)
    outside = {"padding": {1}}
    assert all(grown(operation, outside, case, number) is None for number in range(20))
