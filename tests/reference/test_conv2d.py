import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import conv2d

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


def by_definition(layer: Any) -> np.ndarray:
    """The convolution as a sum over every pair of an unpadded input and an output, in whatever numbers it is given."""
    x, weight, options = layer.x, layer.weight, layer.options
    filters_per_group = weight.shape[0] // options["groups"]
    y = np.empty(layer.grad_output.shape, dtype=object)
    for n, f, *place in np.ndindex(y.shape):
        group = f // filters_per_group
        y[n, f, place[0], place[1]] = layer.bias[f]
        for c, p, q in itertools.product(range(weight.shape[1]), range(x.shape[2]), range(x.shape[3])):
            taps = []
            for axis, position in enumerate((p, q)):
                distance = position + options["padding"][axis][0] - place[axis] * options["stride"][axis]
                tap, off = divmod(distance, options["dilation"][axis])
                if off == 0 and 0 <= tap < weight.shape[2 + axis]:
                    taps.append(tap)
            if len(taps) == 2:
                channel = group * weight.shape[1] + c
                y[n, f, place[0], place[1]] += x[n, channel, p, q] * weight[f, c, taps[0], taps[1]]
    return y


def fractions(array: np.ndarray, denominator: int) -> np.ndarray:
    return np.vectorize(lambda number: Fraction(int(number), denominator), otypes=[object])(array)


@given(data=st.data())
@EXAMPLES
def test_equals_torch_on_integers(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    (top, bottom), (left, right) = layer.options["padding"]
    x, weight, bias = (torch.from_numpy(array.astype(np.float64)) for array in (layer.x, layer.weight, layer.bias))
    expected = torch.nn.functional.conv2d(
        torch.nn.functional.pad(x, (left, right, top, bottom)),
        weight,
        bias,
        stride=layer.options["stride"],
        dilation=layer.options["dilation"],
        groups=layer.options["groups"],
    )
    result = conv2d(layer.x, layer.weight, layer.bias, **layer.options)
    assert result.dtype == np.int64
    assert result.tolist() == expected.numpy().tolist()


@given(data=st.data())
@settings(EXAMPLES, max_examples=20)
def test_is_exact_on_fractions(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    layer = layer._replace(x=fractions(layer.x, 3), weight=fractions(layer.weight, 7), bias=fractions(layer.bias, 5))
    result = conv2d(layer.x, layer.weight, layer.bias, **layer.options)
    assert result.dtype == object
    assert result.tolist() == by_definition(layer).tolist()


def test_hand_worked() -> None:
    x = np.array([[[[1, 2, 3], [4, 5, 6]]]])
    weight = np.array([[[[1, 0], [0, 10]]]])
    assert conv2d(x, weight).tolist() == [[[[51, 62]]]]
    assert conv2d(x, weight, np.array([7])).tolist() == [[[[58, 69]]]]
    # the zero row above and the zero column after
    assert conv2d(x, weight, padding=((1, 0), (0, 1))).tolist() == [[[[20, 30, 0], [51, 62, 3]]]]
    assert conv2d(x, weight, padding=((1, 0), (0, 1)), stride=(1, 2)).tolist() == [[[[20, 0], [51, 3]]]]
    assert conv2d(x, weight, dilation=(1, 2)).tolist() == [[[[61]]]]


def test_groups_see_their_own_maps() -> None:
    x = np.arange(1, 5).reshape(1, 4, 1, 1)
    weight = np.array([[1, 10], [100, 1000]]).reshape(2, 2, 1, 1)
    assert conv2d(x, weight, groups=2).ravel().tolist() == [21, 4300]


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        ("valid", [12, 23, 34, 45]),
        ("same", [12, 23, 34, 45, 50]),
        ("same_lower", [1, 12, 23, 34, 45]),
        (((0, 0), (2, 0)), [0, 1, 12, 23, 34, 45]),
        (((0, 0), (0, 2)), [12, 23, 34, 45, 50, 0]),
        ((0, 1), [1, 12, 23, 34, 45, 50]),
    ],
)
def test_padding_forms(padding: Any, expected: list[int]) -> None:
    x, weight = np.array([[[[1, 2, 3, 4, 5]]]]), np.array([[[[10, 1]]]])
    assert conv2d(x, weight, padding=padding).ravel().tolist() == expected


def test_one_number_of_padding_pads_all_four_sides() -> None:
    assert conv2d(np.array([[[[5]]]]), np.ones((1, 1, 1, 1), int), padding=1)[0, 0].tolist() == [
        [0, 0, 0],
        [0, 5, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize(
    ("stride", "padding", "expected"),
    [(2, "same", [12, 34, 56]), (2, "same_lower", [12, 34, 56]), (3, "same", [123, 456])],
)
def test_same_padding_with_a_stride_gives_a_size_of_ceil_n_by_stride(
    stride: int, padding: str, expected: list[int]
) -> None:
    kernel = {2: [10, 1], 3: [100, 10, 1]}[stride]
    x, weight = np.array([[[[1, 2, 3, 4, 5, 6]]]]), np.array([[[kernel]]])
    assert conv2d(x, weight, stride=(1, stride), padding=padding).ravel().tolist() == expected


@pytest.mark.parametrize(("padding", "expected"), [("same", [123, 345, 560]), ("same_lower", [12, 234, 456])])
def test_same_padding_puts_the_odd_zero_after_or_before(padding: str, expected: list[int]) -> None:
    x, weight = np.array([[[[1, 2, 3, 4, 5, 6]]]]), np.array([[[[100, 10, 1]]]])
    assert conv2d(x, weight, stride=(1, 2), padding=padding).ravel().tolist() == expected


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_keeps_the_number_type(dtype: type) -> None:
    result = conv2d(np.ones((1, 1, 2, 2), dtype), np.ones((1, 1, 2, 2), dtype), np.ones(1, dtype))
    assert result.dtype == dtype
    assert result.item() == 5


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_adds_integers_up_in_int64(dtype: type) -> None:
    result = conv2d(np.full((1, 1, 2, 2), 100, dtype), np.full((1, 1, 2, 2), 100, dtype))
    assert result.dtype == np.int64
    assert result.item() == 40_000


def test_leaves_its_arguments_alone_whatever_their_layout() -> None:
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    weight = np.arange(8.0).reshape(1, 2, 2, 2)
    expected = conv2d(x, weight, padding=1)
    for layout in (np.asfortranarray(x), x.astype(">f8"), x[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]):
        layout.flags.writeable = False
        before = layout.copy()
        assert conv2d(layout, weight, padding=1).tolist() == expected.tolist()
        assert layout.tolist() == before.tolist()


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert conv2d(np.zeros((0, 2, 4, 5)), np.zeros((3, 2, 2, 2))).shape == (0, 3, 3, 4)


X, WEIGHT = np.zeros((1, 2, 4, 5)), np.zeros((2, 2, 3, 3))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[0], WEIGHT), {}, "conv2d: x: got 3 dimensions"),
        ((X, WEIGHT[0]), {}, "conv2d: weight: got 3 dimensions"),
        ((X[:, :1], WEIGHT), {}, "1 input channels"),
        ((X, WEIGHT), {"groups": 2}, "groups=2"),
        ((X, WEIGHT), {"groups": 0}, "groups=0"),
        ((X, np.zeros((3, 1, 1, 1))), {"groups": 2}, "divisible by groups"),
        ((X, WEIGHT, np.zeros(3)), {}, r"conv2d: bias: got shape \(3,\); allowed: \(2,\)"),
        ((X, np.zeros((2, 2, 5, 1))), {}, "a kernel of 5 with dilation 1 spans 5"),
        ((X, WEIGHT), {"dilation": (1, 3)}, "spans 7, but the padded input has 5"),
        ((X, WEIGHT), {"stride": 0}, "conv2d: stride: got 0"),
        ((X, WEIGHT), {"dilation": (1, 0)}, r"conv2d: dilation: got \(1, 0\)"),
        ((X, WEIGHT), {"stride": (1, 1, 1)}, "pair of ints"),
        ((X, WEIGHT), {"padding": -1}, "padding: got -1"),
        ((X, WEIGHT), {"padding": (1, 1, 1)}, "padding: got"),
        ((X, WEIGHT), {"padding": "full"}, "unknown rule 'full'; allowed: 'valid', 'same', 'same_lower'"),
        ((X[:, :, :0], WEIGHT), {"padding": 3}, "size of zero in the batch axis only"),
    ],
)
def test_says_what_it_got_and_what_is_allowed(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        conv2d(*arguments, **options)
