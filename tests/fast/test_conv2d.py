"""The public convolution in every backend: values by hand, values by PyTorch, and every bad input."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import registry
from convoracle.fast.selector import find_obstacle

X = np.arange(30, dtype=np.float64).reshape(1, 1, 5, 6)
FLOATS = ("float32", "float64")


def exactly(result: np.ndarray, backend: str) -> np.ndarray:
    """The result; of a transform, whose error on these integers is far below a half, the nearest integers."""
    return np.rint(result) if registry.variant("conv2d", backend).accuracy == "normwise" else result


def test_values_by_hand(backend: str) -> None:
    weight = np.array([[[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0]]]])
    # Every row of x rises by 1, so each window gives (1 + 2) * -2, and 10 with the bias.
    expected = np.full((1, 1, 4, 4), -6.0 + 16.0)
    np.testing.assert_array_equal(exactly(co.conv2d(X, weight, np.array([16.0]), backend=backend), backend), expected)


def test_the_filter_is_not_flipped(backend: str) -> None:
    weight = np.zeros((1, 1, 2, 3))
    weight[0, 0, 0, 2] = 1
    np.testing.assert_array_equal(exactly(co.conv2d(X, weight, backend=backend), backend), X[:, :, :4, 2:])


def test_groups_see_their_own_channels(backend: str) -> None:
    x = np.stack([np.full((3, 4), value) for value in (1.0, 10.0, 100.0, 1000.0)])[None]
    result = co.conv2d(x, np.ones((2, 2, 1, 1)), groups=2, backend=backend)
    np.testing.assert_array_equal(exactly(result, backend)[0, :, 0, 0], [11, 1100])


@pytest.mark.parametrize(
    ("padding", "stride", "ends"),
    [
        (0, 1, (0, 0, 0, 0)),
        ("valid", 2, (0, 0, 0, 0)),
        (1, 2, (1, 1, 1, 1)),
        ((1,), 1, (1, 1, 1, 1)),
        ([2, 1], 1, (2, 2, 1, 1)),
        (((1, 0), (0, 2)), (2, 1), (1, 0, 0, 2)),
        ([[1, 0], [0, 2]], 1, (1, 0, 0, 2)),
        # An even kernel wants one row in all, a kernel of three two columns.
        ("same", 1, (0, 1, 1, 1)),
        ("same_lower", 1, (1, 0, 1, 1)),
        # ceil(5 / 2) = 3 windows of 2 rows span 6; ceil(6 / 2) = 3 windows of 3 columns span 7.
        ("same", 2, (0, 1, 0, 1)),
        ("same_lower", 2, (1, 0, 1, 0)),
    ],
)
def test_padding_is_zeros_around(backend: str, padding: Any, stride: Any, ends: tuple[int, int, int, int]) -> None:
    weight = np.arange(1.0, 7).reshape(1, 1, 2, 3)
    top, bottom, left, right = ends
    explicit = np.pad(X, ((0, 0), (0, 0), (top, bottom), (left, right)))
    result = exactly(co.conv2d(X, weight, padding=padding, stride=stride, backend=backend), backend)
    expected = torch.nn.functional.conv2d(torch.tensor(explicit), torch.tensor(weight), stride=stride)
    np.testing.assert_array_equal(result, expected.numpy())


def test_nhwc_moves_the_channels_of_x_and_of_the_result(backend: str) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 5, 6)), rng.standard_normal((4, 3, 2, 3))
    options = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "backend": backend}
    expected = co.conv2d(x, weight, np.arange(4.0), **options).transpose(0, 2, 3, 1)
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    result = co.conv2d(last, weight, np.arange(4.0), data_format="NHWC", **options)
    assert result.tobytes() == expected.tobytes()
    assert result.flags.c_contiguous


def test_nan_and_infinity_reach_the_windows_that_hold_them_and_no_other(exact_backend: str) -> None:
    x = np.zeros((1, 2, 9, 10))
    x[0, 0, 4, 5], x[0, 1, 0, 9] = np.inf, np.nan
    weight = np.ones((1, 2, 2, 2))
    options = {"stride": (1, 2), "padding": 1, "dilation": (3, 2)}
    result = co.conv2d(x, weight, **options, backend=exact_backend)
    held = [co.conv2d(special.astype(int), weight.astype(int), **options) for special in (np.isinf(x), np.isnan(x))]
    np.testing.assert_array_equal(np.isposinf(result), held[0].astype(bool))
    np.testing.assert_array_equal(np.isnan(result), held[1].astype(bool))


@st.composite
def draw_case(draw: st.DrawFn) -> dict[str, Any]:
    """Options, shapes and a seed; every extent is drawn on its own."""
    groups, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(2)) for _ in range(3))
    padding = tuple(tuple(draw(st.integers(0, 3)) for _ in range(2)) for _ in range(2))
    smallest = [max((k - 1) * d + 1 - sum(p), 1) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    return {
        "x": (draw(st.integers(1, 3)), groups * channels, *(n + draw(st.integers(0, 5)) for n in smallest)),
        "weight": (groups * filters, channels, *kernel),
        "options": {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
        "dtype": draw(st.sampled_from(registry.ALL_DTYPES)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(case=draw_case())
@example(
    case={
        "x": (2, 4, 7, 8),
        "weight": (6, 2, 3, 2),
        "options": {"stride": (3, 2), "padding": ((0, 1), (2, 0)), "dilation": (1, 3), "groups": 2},
        "dtype": "float32",
        "seed": 0,
    }
)
def test_values_of_pytorch_exactly_on_integers(case: dict[str, Any]) -> None:
    rng = np.random.default_rng(case["seed"])
    # At most 27 products of at most 9, and 3 more: exact in float16.
    x, weight, bias = (
        rng.integers(-3, 4, n).astype(np.float64) for n in (case["x"], case["weight"], case["weight"][:1])
    )
    (top, bottom), (left, right) = case["options"]["padding"]
    padded = torch.nn.functional.pad(torch.tensor(x), (left, right, top, bottom))
    expected = torch.nn.functional.conv2d(
        padded, torch.tensor(weight), torch.tensor(bias), **{**case["options"], "padding": 0}
    ).numpy()
    for backend, variant in registry.variants("conv2d").items():
        if not find_obstacle(variant, case["dtype"], {**case["options"], "kernel_size": case["weight"][2:]}):
            arrays = [array.astype(case["dtype"]) for array in (x, weight, bias)]
            result = co.conv2d(*arrays, **case["options"], backend=backend)
            np.testing.assert_array_equal(exactly(result, backend), expected, err_msg=backend)


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


GOOD = (ones(2, 4, 5, 6), ones(6, 2, 3, 2), ones(6))
BAD = [
    ((ones(4, 5, 6), *GOOD[1:]), {}, ValueError, "x must have 4 dimensions (N, C, H, W), got 3: shape (4, 5, 6)"),
    ((ones(5, 6), *GOOD[1:]), {}, ValueError, "x must have 4 dimensions (N, C, H, W), got 2"),
    ((ones(5, 6, 4), *GOOD[1:]), {"data_format": "NHWC"}, ValueError, "x must have 4 dimensions (N, H, W, C), got 3"),
    (([[[[1.0]]]], *GOOD[1:]), {}, TypeError, "x must be a numpy array, got list"),
    ((torch.ones(2, 4, 5, 6), *GOOD[1:]), {}, TypeError, "x must be a numpy array, got Tensor"),
    ((np.ma.masked_array(GOOD[0]), *GOOD[1:]), {}, TypeError, "x must be a plain numpy array, got MaskedArray"),
    ((GOOD[0].astype(object), *GOOD[1:]), {}, TypeError, "x has dtype object, allowed are float16, float32"),
    ((GOOD[0].astype(bool), *GOOD[1:]), {}, TypeError, "x has dtype bool"),
    ((GOOD[0].astype(complex), *GOOD[1:]), {}, TypeError, "x has dtype complex128"),
    ((GOOD[0].astype(np.uint8), *GOOD[1:]), {}, TypeError, "x has dtype uint8"),
    ((GOOD[0].astype(np.longdouble), *GOOD[1:]), {}, TypeError, "x has dtype"),
    ((ones(2, 0, 5, 6), *GOOD[1:]), {}, ValueError, "x must not be empty in axis C, only the batch axis N may be"),
    ((ones(2, 4, 0, 6), *GOOD[1:]), {}, ValueError, "x must not be empty in axis H"),
    ((GOOD[0], ones(2, 3, 2)), {}, ValueError, "weight must have 4 dimensions (F, C, H, W), got 3"),
    ((GOOD[0], ones(0, 2, 3, 2)), {}, ValueError, "weight must not be empty in axis F"),
    ((GOOD[0], ones(6, 2, 0, 2)), {}, ValueError, "weight must not be empty in axis H"),
    ((GOOD[0], GOOD[1].astype(np.float64)), {}, TypeError, "share one dtype, got x float32, weight float64"),
    ((GOOD[0], GOOD[1], ones(6, dtype=np.float16)), {}, TypeError, "share one dtype"),
    ((GOOD[0], GOOD[1], ones(5)), {}, ValueError, "bias must have shape (6,), one per filter, got (5,)"),
    ((GOOD[0], GOOD[1], ones(6, 1)), {}, ValueError, "bias must have 1 dimension (F), got 2"),
    ((GOOD[0], GOOD[1], 1.0), {}, TypeError, "bias must be a numpy array, got float"),
    (GOOD, {"groups": 1}, ValueError, "input of 4 channels does not match weight of shape (6, 2, 3, 2) with groups=1"),
    ((GOOD[0], ones(5, 2, 3, 2)), {}, ValueError, "5 filters (weight of shape (5, 2, 3, 2)) cannot be divided"),
    (GOOD, {"groups": 0}, ValueError, "groups must be between 1 and 2**31 - 1, got 0"),
    (GOOD, {"groups": -1}, ValueError, "groups must be between 1"),
    (GOOD, {"groups": 2.0}, TypeError, "groups must be an int, got float: 2.0"),
    (GOOD, {"groups": (2,)}, TypeError, "groups must be an int, got tuple"),
    (GOOD, {"stride": 0}, ValueError, "stride must be between 1 and 2**31 - 1, got 0"),
    (GOOD, {"stride": (1, -1)}, ValueError, "stride must be between 1"),
    (GOOD, {"stride": True}, TypeError, "stride must be an int or a pair of ints (height, width), got bool: True"),
    (GOOD, {"stride": 1.0}, TypeError, "stride must be an int or a pair of ints (height, width), got float: 1.0"),
    (GOOD, {"stride": (1, np.bool_(True))}, TypeError, "stride must be an int"),
    (GOOD, {"stride": None}, TypeError, "stride must be an int or a pair of ints (height, width), got NoneType"),
    (GOOD, {"stride": ()}, ValueError, "stride must be an int or a pair of ints (height, width), got 0 values"),
    (GOOD, {"stride": (1, 1, 1)}, ValueError, "stride must be an int or a pair of ints (height, width), got 3 values"),
    (GOOD, {"stride": "1"}, TypeError, "stride must be an int"),
    (GOOD, {"stride": 2**31}, ValueError, "stride must be between 1 and 2**31 - 1, got 2147483648"),
    (GOOD, {"dilation": 0}, ValueError, "dilation must be between 1"),
    (GOOD, {"dilation": np.float64(1)}, TypeError, "dilation must be an int"),
    (GOOD, {"dilation": (1, 2, 3)}, ValueError, "dilation must be an int or a pair"),
    (GOOD, {"dilation": 4}, ValueError, "kernel (3, 2) with dilation (4, 4) spans (9, 5), which is larger than"),
    (GOOD, {"padding": -1}, ValueError, "padding must be between 0 and 2**31 - 1, got -1"),
    (GOOD, {"padding": ((0, 0), (0, -1))}, ValueError, "padding must be between 0"),
    (GOOD, {"padding": "full"}, ValueError, "padding must be 'valid', 'same', 'same_lower' or numbers, got 'full'"),
    (GOOD, {"padding": None}, TypeError, "padding must be an int"),
    (GOOD, {"padding": 0.5}, TypeError, "padding must be an int"),
    (GOOD, {"padding": (1, (0, 2))}, TypeError, "padding must be an int, (h, w), ((top, bottom), (left, right))"),
    (GOOD, {"padding": (1, 2, 3, 4)}, ValueError, "padding must be an int or a pair of ints (height, width), got 4"),
    (GOOD, {"padding": ((1, 2, 3), (1, 2))}, ValueError, "padding must be an int or (before, after), got (1, 2, 3)"),
    (GOOD, {"padding": 2**31 - 1}, ValueError, "padded input of shape (2, 4, 4294967299, 4294967300) is too large"),
    ((GOOD[0], ones(6, 2, 6, 7)), {}, ValueError, "kernel (6, 7) is larger than the padded input (5, 6)"),
    (GOOD, {"data_format": "CHWN"}, ValueError, "data_format must be one of NCHW, NHWC, got 'CHWN'"),
    (GOOD, {"data_format": 0}, TypeError, "data_format must be one of NCHW, NHWC, got int"),
    (GOOD, {"backend": "im2row"}, ValueError, "unknown backend 'im2row'; available for conv2d: im2col, numba, scipy"),
    (GOOD, {"backend": 3}, TypeError, "backend must be a str or None, got int"),
    (
        [array.astype(np.int64) for array in GOOD],
        {"backend": "scipy-fft"},
        ValueError,
        "backend 'scipy-fft' cannot do dtype int64 (float32, float64 only); backends that can: im2col, numba, scipy",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "options", "error", "message"), BAD, ids=[case[3] for case in BAD])
def test_bad_input(arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        co.conv2d(*arguments, **{"groups": 2, **options})
    assert str(caught.value).startswith("conv2d: ")


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_is_not_a_plain_array() -> None:
    with pytest.raises(TypeError, match="x must be a plain numpy array, got matrix"):
        co.conv2d(np.matrix([[1.0]]), GOOD[1])


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    assert co.conv2d(*GOOD, groups=2).shape == (2, 6, 3, 5)
    assert co.conv2d(*GOOD, groups=np.int8(2), stride=np.int64(2), padding=[np.uint8(1)]).shape == (2, 6, 3, 4)


def test_huge_steps_of_a_kernel_of_one_window(backend: str) -> None:
    result = co.conv2d(X, np.ones((1, 1, 1, 1)), stride=2**31 - 1, dilation=2**31 - 1, backend=backend)
    np.testing.assert_array_equal(exactly(result, backend), X[:, :, :1, :1])
