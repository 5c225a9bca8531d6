"""The cases that are drawn for the operations besides conv2d and the pools: extents distinct, tails, coincidences."""

import functools
from collections.abc import Iterable
from typing import Any

import pytest

from convoracle.harness.cases.draw import draw, draw_small
from convoracle.harness.operations import OPERATIONS, geometry
from convoracle.harness.profiles import PROFILES

CASES = 160
OTHERS = [name for name in OPERATIONS if not name.startswith("conv2d") and "pool" not in name]
CONVOLUTIONS = [name for name in OTHERS if name.startswith(("conv", "locally"))]
ALONG_AXIS = [name for name in OTHERS if hasattr(draw_small(OPERATIONS[name], {}, ("float32",), 0, 0), "axis")]


def drawn(name: str, numbers: Iterable[int] = range(CASES), seed: int = 0) -> list[Any]:
    return [drawn_once(name, seed, number) for number in numbers]


@functools.cache
def drawn_once(name: str, seed: int, number: int) -> Any:
    """One case, for all the tests that look at it."""
    return draw_small(OPERATIONS[name], {}, ("float32", "float64"), seed, number)


def coinciding(name: str, count: int) -> list[Any]:
    """Of so many cases those, one in ten, in which extents coincide."""
    return drawn(name, filter(geometry.coincides, range(count)))


def extents(case: Any) -> list[int]:
    """N, C, F and the sizes of x, of those the case has."""
    sizes = [getattr(case, name) for name in ("n", "c", "f", "d", "h", "w") if hasattr(case, name)]
    return [*sizes, *(getattr(case, "spatial", None) or ())]


def width_of_result(case: Any) -> int:
    """The last axis of a convolution's result."""
    width: int = case.output_shape()[-1]
    return width


def tails(name: str, case: Any) -> tuple[int, ...]:
    """What the vectors of an implementation run over, in the wide cases modulo 8."""
    if name.startswith("linear"):
        return case.c % 8, case.f % 8
    if name.startswith("conv_transpose2d"):
        return (case.w % 8,)
    if name in CONVOLUTIONS:
        return (width_of_result(case) % 8,)
    if "sample2d" in name:
        return (case.coarse()[-1] % 8,)
    return ((case.w if hasattr(case, "w") else case.c) % 8,)


@pytest.mark.parametrize("name", OTHERS)
def test_extents_are_distinct_but_for_the_tenth_that_coincides(name: str) -> None:
    for number, case in enumerate(drawn(name)):
        sizes = [size for size in extents(case) if size > 1]
        equalities = len(sizes) - len(set(sizes))
        if not geometry.coincides(number):
            assert equalities == 0, (number, case)
        elif name in CONVOLUTIONS:
            pairs = [case.n == case.c, case.n == case.f, case.c == case.f]
            widths = [width_of_result(case), *([case.w] if name.startswith("conv_transpose2d") else [])]
            assert any(pairs) or case.f in widths, (number, case)
        elif name in ALONG_AXIS:
            width = case.spatial[1] if case.spatial else case.c
            assert case.n == case.c or case.c == width, (number, case)
        elif name.startswith("linear"):
            assert case.n == case.c or case.c == case.f or case.n == case.f, (number, case)
        else:
            assert case.n == case.c, (number, case)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", OTHERS)
def test_the_wide_cases_go_through_every_tail(name: str, seed: int) -> None:
    wide = drawn(name, filter(geometry.is_wide, range(CASES)), seed)
    for place in range(len(tails(name, wide[0]))):
        assert {tails(name, case)[place] for case in wide} == set(range(8))


@pytest.mark.parametrize("name", [name for name in CONVOLUTIONS if "bias_grad" not in name])
def test_each_coincidence_of_a_convolution_occurs(name: str) -> None:
    tenth = coinciding(name, 800)
    assert any(case.n == case.c != case.f for case in tenth)
    assert any(case.c == case.f != case.n for case in tenth)
    assert any(case.n == case.f != case.c for case in tenth)
    assert any(case.n == case.c == case.f for case in tenth)
    assert any(case.f == width_of_result(case) and len({case.n, case.c, case.f}) == 3 for case in tenth)


@pytest.mark.parametrize("name", [name for name in CONVOLUTIONS if name.startswith("conv_transpose2d")])
def test_the_filters_of_a_transposed_convolution_are_as_many_as_x_or_the_result_is_wide(name: str) -> None:
    tenth = coinciding(name, 2400)
    assert any(case.f == case.w != width_of_result(case) for case in tenth)
    assert any(case.f == width_of_result(case) != case.w for case in tenth)


@pytest.mark.parametrize(
    "name", ["conv2d", "conv2d_input_grad", "conv2d_weight_grad", "conv_transpose2d", "max_pool2d", "avg_pool2d"]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_results_are_wide_in_profile_ci_but_not_all(name: str, seed: int) -> None:
    examples = PROFILES["ci"].examples
    cases = [draw(OPERATIONS[name], {}, ("float32", "float64"), seed, number) for number in range(examples)]
    widths = sorted(width_of_result(case) for case in cases)
    assert widths[examples // 2] >= 8
    assert widths.count(1) >= examples // 60
    assert sum(width > 16 for width in widths) >= examples // 10
    assert {width % 16 for width in widths} == set(range(16))


@pytest.mark.parametrize("name", ["linear", "linear_backward"])
def test_each_coincidence_of_a_linear_layer_occurs(name: str) -> None:
    tenth = coinciding(name, 400)
    assert any(case.n == case.c != case.f for case in tenth)
    assert any(case.c == case.f != case.n for case in tenth)
    assert any(case.n == case.f != case.c and case.n > 1 for case in tenth)
    assert any(case.n == case.c == case.f for case in tenth)


@pytest.mark.parametrize("name", ["linear", "linear_backward"])
@pytest.mark.parametrize("seed", range(4))
def test_a_smoke_campaign_has_as_many_filters_as_images_once(name: str, seed: int) -> None:
    cases = [draw(OPERATIONS[name], {}, ("float32", "float64"), seed, number) for number in range(20)]
    assert any(case.n == case.f != case.c and case.n > 1 and (case.bias or name != "linear") for case in cases)


@pytest.mark.parametrize("name", ALONG_AXIS)
def test_what_is_drawn_along_an_axis(name: str) -> None:
    cases = drawn(name)
    assert {case.axis for case in cases if case.spatial is None} == {-2, -1, 0, 1}
    assert {case.axis for case in cases if case.spatial is not None} == {-3, -1, 0, 1, 2, 3}
    assert sum(case.axis == 1 for case in cases) > 40
    assert 50 < sum(case.spatial is None for case in cases) < 110
    limits: dict[str, set[Any]] = {"spatial": {None}, "axis": {1}}
    for number in range(40):
        case = draw_small(OPERATIONS[name], limits, ("float32",), 0, number)
        assert (case.spatial, case.axis) == (None, 1)


@pytest.mark.parametrize("name", OTHERS)
def test_a_case_is_a_function_of_seed_and_number_alone(name: str) -> None:
    cases = drawn(name, range(40))
    backwards = [draw_small(OPERATIONS[name], {}, ("float32", "float64"), 0, number) for number in reversed(range(40))]
    assert cases == backwards[::-1]
    assert len(set(cases)) == 40
    assert {case.dtype for case in cases} == {"float32", "float64"}
    assert {case.seed for case in cases}.isdisjoint(range(geometry.SIMPLE_SEEDS))


@pytest.mark.parametrize("name", OTHERS)
def test_simpler_values_end_with_the_case_s_own(name: str) -> None:
    for case in drawn(name, range(20)):
        for field, values in OPERATIONS[name].simpler(case):
            assert values[-1] == getattr(case, field), field
            assert type(values[-1]) is type(getattr(case, field)), field
