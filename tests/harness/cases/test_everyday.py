"""The everyday layers and the large ones of a campaign: which there are, and that they stay inside limits."""

from typing import Any

import pytest

from convoracle.harness.cases.draw import draw, is_enlarged, is_everyday, small_before
from convoracle.harness.cases.enlarge import MOST_PRODUCTS
from convoracle.harness.cases.limits import inside
from convoracle.harness.operations import OPERATIONS, Operation
from convoracle.harness.operations.geometry import pair
from convoracle.harness.profiles import PROFILES

FLOATS = ("float32", "float64")
CI = PROFILES["ci"].examples
PLANES = ("conv2d", "conv2d_weight_grad", "conv_transpose2d", "max_pool2d_backward", "avg_pool2d")


def cases(name: str, kind: Any, limits: Any = None) -> list[Any]:
    """Return the cases of one kind that profile ci has."""
    operation = OPERATIONS[name]
    return [draw(operation, limits or {}, FLOATS, 0, number) for number in range(CI) if kind(operation, number)]


def large(operation: Operation, number: int) -> bool:
    """Return whether a case is a large one, whatever the operation."""
    return is_enlarged(number)


def shape_of(case: Any) -> tuple[Any, ...]:
    """Return what makes a layer the layer it is: kernel, stride and padding along both axes."""
    stride = case.kernel_size if case.stride is None else case.stride
    padding = case.padding if isinstance(case.padding, str) else pair(case.padding)
    return pair(case.kernel_size), pair(stride), padding


def test_a_campaign_has_an_everyday_layer_and_a_large_one_in_ten() -> None:
    conv2d, linear = OPERATIONS["conv2d"], OPERATIONS["linear"]
    for number in range(40):
        used = [other for other in range(number) if not is_everyday(conv2d, other) and not is_enlarged(other)]
        assert small_before(conv2d, number) == len(used)
        assert small_before(linear, number) == sum(not is_enlarged(other) for other in range(number))
    assert [number for number in range(20) if is_everyday(conv2d, number)] == [4, 14]
    assert [number for number in range(20) if is_enlarged(number)] == [9, 19]
    assert not any(is_everyday(linear, number) for number in range(20))


def test_the_first_everyday_layers_are_those_that_everybody_has() -> None:
    first, second = cases("conv2d", is_everyday)[:2]
    assert shape_of(first) == ((3, 3), (1, 1), (1, 1))
    assert shape_of(second) == ((1, 1), (1, 1), (0, 0))
    assert first.groups == second.groups == first.dilation == second.dilation == 1
    assert shape_of(cases("max_pool2d", is_everyday)[0]) == ((2, 2), (2, 2), (0, 0))
    assert shape_of(cases("conv_transpose2d", is_everyday)[0]) == ((3, 3), (2, 2), (1, 1))


def test_a_campaign_has_every_layer_dense_depthwise_and_grouped() -> None:
    layers = {(*shape_of(case), case.groups > 1, case.groups == case.c > 1) for case in cases("conv2d", is_everyday)}
    for depthwise in (False, True):
        assert ((3, 3), (1, 1), (1, 1), depthwise, depthwise) in layers
        assert ((3, 3), (2, 2), (1, 1), depthwise, depthwise) in layers
    assert ((3, 3), (1, 1), (1, 1), True, False) in layers
    assert {((1, 1), (1, 1), (0, 0)), ((1, 1), (2, 2), (0, 0)), ((7, 7), (2, 2), (3, 3))} <= {
        layer[:3] for layer in layers
    }


@pytest.mark.parametrize("name", PLANES)
def test_large_cases_are_large_in_every_way(name: str) -> None:
    found = cases(name, large)
    assert max(case.h * case.w for case in found) > 2**15
    assert max(case.c for case in found) > 128
    assert max(case.n for case in found) > 32
    assert max(max(pair(case.kernel_size)) for case in found) > 8
    assert sum(case.h > 16 for case in found) > 3
    if hasattr(found[0], "groups"):
        assert max(case.groups for case in found) > 16
        assert any(case.c // case.groups > 32 and case.c // case.groups % 32 for case in found)
        assert any(max(pair(case.stride)) > 3 for case in found)
    for case in found:
        shapes = OPERATIONS[name].operand_shapes(case).values()
        assert all(size <= MOST_PRODUCTS for size in map(_count, shapes))


def _count(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


@pytest.mark.parametrize(
    "limits", [{"kernel_size": {(3, 3)}, "stride": {1}}, {"groups": {1}, "dilation": {1}}, {"padding": {0}}]
)
def test_both_stay_inside_the_limits(limits: dict[str, Any]) -> None:
    for case in [*cases("conv2d", is_everyday, limits), *cases("conv2d", large, limits)]:
        assert inside(limits, case)
