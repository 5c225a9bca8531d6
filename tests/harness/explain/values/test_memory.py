"""Which memory layouts of which operand make a result wrong."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from convoracle import reference
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.explain.values.memory import memory
from convoracle.harness.operations import OPERATIONS

OPERATION = OPERATIONS["conv2d"]
CASE = parse(
    OPERATION,
    "n=2 c=2 h=3 w=4 f=3 kernel_size=2x2 stride=1 padding=0 dilation=1 groups=1 bias=no dtype=float32 layout=C+C "
    "seed=0",
)


def weight_in_memory_order(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    if weight.flags.f_contiguous and not weight.flags.c_contiguous:
        weight = weight.ravel("K").reshape(weight.shape)
    return reference.conv2d(x, weight, bias, **options)


def wants_to_write(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    x.flags.writeable or x.fill(0)
    return reference.conv2d(x, weight, bias, **options)


def main_thread_only(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    here = threading.current_thread() is threading.main_thread()
    return reference.conv2d(x, weight, bias, **options) + (0 if here else x.dtype.type(1))


@pytest.mark.parametrize(
    ("liar", "starts"),
    [
        (weight_in_memory_order, "wrong with weight in Fortran order, right in all other layouts"),
        (wants_to_write, "wrong with read-only arrays"),
        (main_thread_only, "wrong in another thread"),
        (reference.conv2d, ""),
        (lambda *operands, **options: reference.conv2d(*operands, **options) + 1, ""),
    ],
)
def test_what_is_said(liar: Callable[..., Any], starts: str) -> None:
    said = memory(OPERATION, liar, CASE, "componentwise")
    assert said.startswith(starts)
    assert bool(said) == bool(starts)
