"""What the author of a candidate is told to declare, and when there is nothing to declare."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.harness import Failure

Reproduced = Callable[..., Failure]


def of_two(x: Any, y: Any) -> Any:
    return np.maximum(x, y)


def of_operands_alone(x: Any, weight: Any, bias: Any) -> Any:
    return co.conv2d(x, weight, bias, backend="im2col")


def refuses(*operands: Any, **options: Any) -> Any:
    raise ValueError("not implemented")


@pytest.mark.parametrize(
    ("operation", "candidate", "hint"),
    [
        ("relu", of_two, "it is called as relu(x)"),
        ("conv2d", of_operands_alone, "it is called as conv2d(x, weight, None, stride=1, padding=0, dilation=1, group"),
        ("conv2d", of_operands_alone, "limits = {'padding': {0, 1}, 'dilation': {1}}, or by that argument of verify"),
        ("avg_pool2d", refuses, "limits = {'padding': {0, 1}, 'ceil_mode': {False}}, or by that argument of verify"),
        ("upsample2d", refuses, "limits = {'factor': {2}}, or by that argument of verify"),
    ],
)
def test_a_call_that_raises(reproduced: Reproduced, operation: str, candidate: Any, hint: str) -> None:
    failure = reproduced(operation, candidate, examples=1)
    assert failure.kind == "raised"
    assert hint in failure.hint


def test_what_has_no_options_has_nothing_to_declare(reproduced: Reproduced) -> None:
    failure = reproduced("relu", refuses, examples=1)
    assert (failure.kind, failure.hint) == ("raised", "")
    assert "\n  hint " not in str(failure)


def test_who_keeps_the_normwise_bound_is_told_of_it(reproduced: Reproduced) -> None:
    def transform(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        return co.conv2d(
            x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups, backend="scipy-fft"
        )

    failure = reproduced("conv2d", transform)
    assert failure.kind == "values"
    assert "declares accuracy='normwise'" in failure.hint
    assert failure.hint in str(failure.as_dict())


def test_who_does_not_keep_it_is_not(reproduced: Reproduced) -> None:
    def halved(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        return co.conv2d(x, weight, bias, **options, backend="im2col") * x.dtype.type(1 + 2.0**-8)

    assert reproduced("conv2d", halved).hint == ""
    assert reproduced("conv2d", halved, accuracy="normwise").hint == ""
