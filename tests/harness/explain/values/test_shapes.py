"""Wrong shapes in words: what the extents are, or how they differ."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.naming.diagnosis import wrong_call
from convoracle.harness.explain.values.shapes import shape_story
from convoracle.harness.operations import OPERATIONS


def of_shape(shape: Callable[..., tuple[int, ...]]) -> Callable[..., Any]:
    return lambda grad, weight, input_shape, **options: np.zeros(shape(grad, weight, input_shape, options), grad.dtype)


def reached(grad: Any, weight: Any, shape: Any, options: Any) -> tuple[int, ...]:
    stride, dilation = (options[name] for name in ("stride", "dilation"))
    stride, dilation = ((one, one) if isinstance(one, int) else one for one in (stride, dilation))
    sizes = [
        (n - 1) * s + d * (k - 1) + 1
        for n, s, d, k in zip(grad.shape[2:], stride, dilation, weight.shape[2:], strict=True)
    ]
    return (*shape[:2], *sizes)


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        (lambda grad, weight, shape, options: (*shape[:3], shape[3] + 1), "columns: 1 too many (in 6 of 6 calls"),
        (lambda grad, weight, shape, options: (*shape[:3], grad.shape[3]), "columns: as many as W_out (in "),
        (reached, "as many as the windows reach over, not those that the stride leaves"),
        (lambda grad, weight, shape, options: shape[:3], ""),
    ],
)
def test_what_an_extent_is(shape: Callable[..., tuple[int, ...]], says: str) -> None:
    operation = OPERATIONS["conv2d_input_grad"]
    limits = {"padding": {0}}
    cases = [draw_small(operation, limits, ("float32",), 0, number) for number in range(30)]
    calls = [wrong_call(operation, of_shape(shape), "componentwise", "form", case) for case in cases]
    wrong = [one for one in calls if any(seen.got.shape != seen.expected.shape for seen in one.results)][:6]
    said = shape_story(wrong)
    assert says in said
    assert bool(said) == bool(says)
    assert shape_story(wrong[:2]) == ""
