"""The cases that are drawn: what every twenty of them are promised to hold, for every operation.

Promised: the batch, channels, height and width of x, and the filters of a convolution, are pairwise distinct in cases
0 to 17 of twenty, but for those that are 1; in the other two an equality is made on purpose. Kernels, strides and
output sizes are drawn freely. What they combine is counted in ``tests/harness/coverage``.
"""

import dataclasses
import functools
import itertools
from typing import Any

import pytest

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import LAYOUTS
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.operations import OPERATIONS, geometry
from convoracle.harness.operations.conv_transpose2d_case import ConvTranspose2dCase
from convoracle.harness.operations.geometry import pair

CONVOLUTIONS = [name for name in OPERATIONS if name.startswith("conv2d")]
POOLS = [name for name in OPERATIONS if "pool" in name]
TRANSPOSED = [name for name in OPERATIONS if name.startswith("conv_transpose2d")]
OTHERS = [name for name in OPERATIONS if name.startswith(("conv1d", "conv3d", "locally"))]
WINDOWED = [*CONVOLUTIONS, *POOLS, *TRANSPOSED, *OTHERS]


@functools.cache
def drawn(name: str, seed: int = 0, numbers: range = range(160)) -> tuple[Any, ...]:
    return tuple(draw_small(OPERATIONS[name], {}, ("float32", "float64"), seed, number) for number in numbers)


def extents(case: Any) -> list[int]:
    return [getattr(case, name) for name in ("n", "c", "d", "h", "w", "f") if hasattr(case, name)]


def is_wide(case: Any) -> bool:
    groups = getattr(case, "groups", 1)
    return case.n >= 3 and max(kernel(case)) >= 5 and case.c // groups >= 5 and columns(case) > 8


def kernel(case: Any) -> tuple[int, ...]:
    return case.kernel_size if isinstance(case.kernel_size, tuple) else pair(case.kernel_size)


def columns(case: Any) -> int:
    """The columns of the result; those of x for a transposed convolution, whose result has some strides more."""
    return int(case.w if isinstance(case, ConvTranspose2dCase) else case.output_shape()[-1])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", WINDOWED)
def test_twenty_cases_hold_wide_ones_and_160_every_tail(name: str, seed: int) -> None:
    cases = drawn(name, seed=seed)
    for start in range(len(cases) - 19):
        assert any(is_wide(case) for case in cases[start : start + 20])
    for start in range(0, len(cases), 20):
        assert sum(is_wide(case) for case in cases[start : start + 20]) >= 8
    tails = {columns(case) % 8 for case in cases if is_wide(case)}
    assert tails == set(range(8))


@pytest.mark.parametrize("name", WINDOWED)
def test_extents_are_distinct_but_for_the_tenth_that_coincides(name: str) -> None:
    for number, case in enumerate(drawn(name)):
        sizes = [size for size in extents(case) if size > 1]
        if number % 20 < 18:
            assert len(set(sizes)) == len(sizes), (number, case)
        elif hasattr(case, "f"):
            assert case.n == case.c or case.f in (case.n, case.c, columns(case), case.output_shape()[-1])
        else:
            assert case.n == case.c


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_each_coincidence_of_a_convolution_occurs(name: str) -> None:
    tenth = [*drawn(name, numbers=range(18, 600, 20)), *drawn(name, numbers=range(19, 600, 20))]
    assert any(case.n == case.c != case.f for case in tenth)
    assert any(case.c == case.f != case.n for case in tenth)
    assert any(case.f == case.output_shape()[3] and case.n != case.c for case in tenth)
    assert any(case.h == case.w for case in tenth) or any(case.kernel_size[0] == case.kernel_size[1] for case in tenth)


@pytest.mark.parametrize("name", WINDOWED)
def test_one_in_twenty_has_a_kernel_of_one_element_and_stride_1(name: str) -> None:
    for case in drawn(name)[17::20]:
        assert set(kernel(case)) == {1}
        assert case.stride in (None, 1) or set(case.stride) == {1}


@pytest.mark.parametrize("name", WINDOWED)
def test_a_case_is_a_function_of_seed_and_number_alone(name: str) -> None:
    operation = OPERATIONS[name]
    cases = drawn(name, numbers=range(60))
    backwards = [draw_small(operation, {}, ("float32", "float64"), 0, number) for number in reversed(range(60))]
    assert cases == tuple(reversed(backwards))
    assert len(set(cases)) == 60
    assert not set(cases) & set(drawn(name, 1, range(60)))
    assert {case.seed for case in cases}.isdisjoint(range(geometry.SIMPLE_SEEDS))


def test_operations_do_not_share_their_cases() -> None:
    assert drawn("conv2d", numbers=range(20)) != drawn("conv2d_input_grad", numbers=range(20))


@pytest.mark.parametrize("name", [*CONVOLUTIONS, *POOLS, *TRANSPOSED])
def test_what_every_operation_draws(name: str) -> None:
    cases = drawn(name)
    for start in range(0, len(cases), 2):
        assert {case.dtype for case in cases[start : start + 2]} == {"float32", "float64"}
    first = [case.layout[0] for case in cases]
    assert set(first) == set(LAYOUTS)
    assert min(first.count(layout) for layout in LAYOUTS) > 10
    for option in ("stride", "dilation", "padding"):
        kinds = {type(getattr(case, option)) for case in cases if hasattr(case, option)}
        assert not kinds or {int, tuple} <= kinds, option
    steps = [pair(case.stride) for case in cases if case.stride is not None]
    assert any(a != b for a, b in steps)
    assert any(
        a > k for case in cases if case.stride for a, k in zip(pair(case.stride), pair(case.kernel_size), strict=True)
    )
    assert any(1 in extents(case) for case in cases)
    kernels = [pair(case.kernel_size) for case in cases]
    assert sum(a != b for a, b in kernels) > 100
    assert {a < b for a, b in kernels if a != b} == {True, False}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_what_every_convolution_draws(name: str) -> None:
    cases = drawn(name)
    forms = {padding if isinstance(padding, str) else type(padding) for padding in (case.padding for case in cases)}
    assert forms == {"same", "same_lower", "valid", int, tuple}
    sides = [case.padding for case in cases if isinstance(case.padding, tuple) and isinstance(case.padding[0], tuple)]
    assert any(a != b for axes in sides for a, b in axes)
    assert any(isinstance(case.padding, tuple) and isinstance(case.padding[0], int) for case in cases)
    assert any(
        max(axis) > d * (k - 1) + 1
        for case in cases
        for axis, d, k in zip(case.sides(), pair(case.dilation), case.kernel_size, strict=True)
    ), "padding larger than the kernel"
    assert {case.groups for case in cases} == {1, 2, 3, 4}
    assert {case.bias for case in cases} == {False, True}
    assert any(case.groups == case.c > 1 for case in cases), "depthwise"
    assert any(case.groups > 1 and case.c > case.groups and case.f > case.groups for case in cases)
    assert {1, 2, 3} == {d for case in cases for d in pair(case.dilation)}
    assert any(
        (size + sum(side) - d * (k - 1) - 1) % s
        for case in cases
        for size, side, d, k, s in zip(
            (case.h, case.w), case.sides(), pair(case.dilation), case.kernel_size, pair(case.stride), strict=True
        )
    ), "a remainder that no window reaches"


@pytest.mark.parametrize("name", POOLS)
def test_what_every_pool_draws(name: str) -> None:
    cases = drawn(name)
    assert any(case.stride is None for case in cases)
    assert any(case.stride is not None for case in cases)
    assert {case.ceil_mode for case in cases} == {False, True}
    assert any(any(pair(case.padding)) for case in cases)
    assert any(
        dataclasses.replace(case, ceil_mode=False).output_shape() != case.output_shape()
        for case in cases
        if case.ceil_mode
    ), "ceil_mode that matters"
    if name.startswith("max"):
        assert {case.return_indices for case in cases} == {False, True}
        assert {d for case in cases for d in pair(case.dilation)} == {1, 2, 3}
    else:
        assert {case.count_include_pad for case in cases} == {False, True}
        assert {case.divisor_override for case in cases} == {None, 1, 3, -7}


@pytest.mark.parametrize(
    ("out", "span", "stride", "padding"), list(itertools.product((1, 4), (1, 5), (1, 3), (0, 2, 9)))
)
def test_an_input_size_gives_the_outputs_it_is_asked_for(out: int, span: int, stride: int, padding: int) -> None:
    choices = Choices(out, span, stride, padding)
    sizes = {geometry.input_size(out, span, stride, padding, choices, period=8) for _ in range(60)}
    for size in sizes:
        outputs = (size + padding - span) // stride + 1
        assert size >= 1
        assert outputs % 8 == out % 8
        assert outputs == out or padding >= span + (out - 1) * stride
    assert len(sizes) == stride or padding > 0


def test_small_pieces_of_geometry() -> None:
    assert pair(3) == (3, 3)
    assert pair((1, 2)) == (1, 2)
    taken = {3, 4}
    assert geometry.distinct(3, taken) == 5
    assert geometry.distinct(1, taken) == 1
    assert taken == {1, 3, 4, 5}
    assert geometry.simpler_pairs(3, 1) == [1, (1, 2), (2, 1), (1, 3), (2, 2), (3, 1), (2, 3), (3, 2), 3]
    assert geometry.simpler_pairs((1, 2), 0) == [0, (0, 1), (1, 0), (0, 2), (1, 1), (1, 2)]
    assert geometry.simpler_pairs(None, 1) == [None]
    assert geometry.simpler_pairs(1, 1) == [1]
    with pytest.raises(ValueError, match="no even number was allowed in 1000 attempts"):
        geometry.retry(lambda: 1, lambda value: value % 2 == 0, "even number")


@pytest.mark.parametrize("name", WINDOWED)
def test_simpler_values_end_with_the_case_s_own(name: str) -> None:
    operation = OPERATIONS[name]
    for case in drawn(name, numbers=range(40)):
        fields = dict(operation.simpler(case))
        for field, values in fields.items():
            assert values[-1] == getattr(case, field), field
            assert type(values[-1]) is type(getattr(case, field)), field
        varying = {field for field, value in vars(case).items() if field not in ("dtype",)}
        unchanged = {field for field in varying - fields.keys() if getattr(case, field) not in (False, True, None)}
        assert not unchanged
