"""Parameter counts and receptive fields, each against something counted one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    avg_pool2d,
    conv2d,
    filters,
    locally_connected2d,
    param_count,
    receptive_field,
)


@given(numbers=st.tuples(*[st.integers(1, 3)] * 5), groups=st.integers(1, 2), bias=st.booleans())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_parameter_counts_are_the_sizes_of_the_arrays_the_layers_take(numbers: Any, groups: int, bias: bool) -> None:
    C, F, K_x, K_y, size = numbers
    x = np.zeros((1, C * groups, K_x + size - 1, K_y))
    weight, b = np.zeros((F * groups, C, K_x, K_y)), np.zeros(F * groups)
    outputs = conv2d(x, weight, b, groups=groups).shape[2:]
    assert param_count.conv2d(C * groups, F * groups, (K_x, K_y), groups=groups, bias=bias) == (
        weight.size + bias * b.size
    )
    untied, b = np.zeros((*outputs, F, C * groups, K_x, K_y)), np.zeros((F, *outputs))
    assert locally_connected2d(x, untied, b).shape[1:] == b.shape
    assert param_count.locally_connected(C * groups, F, (K_x, K_y), outputs, bias=bias) == untied.size + bias * b.size
    assert param_count.linear(C, F, bias=bias) == C * F + bias * F


def test_parameter_counts_reject_groups_that_do_not_divide() -> None:
    for channels, count in ((3, 4), (4, 3)):
        with pytest.raises(
            ValueError, match=rf"param_count\.conv2d: got {channels} channels, {count} filters and groups=2"
        ):
            param_count.conv2d(channels, count, 3, groups=2)
    with pytest.raises(ValueError, match=r"param_count\.conv2d: kernel_size: got 0"):
        param_count.conv2d(1, 1, 0)


@given(layers=st.lists(st.tuples(*[st.integers(1, 3)] * 3), max_size=4))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_receptive_field_is_what_reaches_one_output(layers: list[tuple[int, int, int]]) -> None:
    field = receptive_field(layers)
    # every input that reaches the output adds at least one to it; a dilated kernel may pass over some within
    shape = (1, 1, field, 1)
    reached = np.zeros(field, int)
    for place in range(field):
        x = np.zeros(shape, int)
        x[0, 0, place, 0] = 1
        for kernel, stride, dilation in layers:
            x = conv2d(x, np.ones((1, 1, kernel, 1), int), stride=(stride, 1), dilation=(dilation, 1))
        assert x.shape == (1, 1, 1, 1)
        reached[place] = x.item()
    assert reached[0] > 0
    assert reached[-1] > 0


def test_receptive_field_of_a_layer_without_dilation() -> None:
    assert receptive_field([]) == 1
    assert receptive_field([(5, 1)]) == 5
    assert receptive_field([(2, 2), (3, 1)]) == 6
    for layer in [(3,), (0, 1), (3, 0), (3, 1, 0), (1, 1, 1, 1)]:
        with pytest.raises(ValueError, match="receptive_field: got layer"):
            receptive_field([layer])


def test_printed_filters_are_what_they_are_called() -> None:
    x = np.array([[[[0, 0, 1, 1]] * 3]])
    assert conv2d(x, filters.prewitt_x[None, None]).ravel().tolist() == [3, 3]
    assert conv2d(x.swapaxes(2, 3), filters.prewitt_x[None, None]).ravel().tolist() == [0, 0]
    # the box is the mean of nine, rounded to hundredths
    mean = avg_pool2d(np.eye(3)[None, None] * 9, 3).item()
    assert mean == 3
    assert np.rint(100 * filters.box).sum() == 99
    for filter_ in (filters.prewitt_x, filters.box):
        with pytest.raises(ValueError, match="read-only"):
            filter_[0, 0] = 5
