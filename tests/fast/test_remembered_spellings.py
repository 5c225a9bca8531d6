"""However the options of a call are written, right or wrong: remembered calls come to what calls checked afresh do."""

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import remembered

X = np.random.default_rng(0).standard_normal((2, 4, 7, 8)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((4, 2, 3, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    remembered.forget()
    yield
    remembered.forget()


def outcome(call: Callable[[], Any]) -> Any:
    """The bits of the results, or the error."""
    try:
        results = call()
    except Exception as error:
        return type(error), str(error)
    results = results if isinstance(results, tuple) else (results,)
    return [(result.shape, result.dtype, result.tobytes()) for result in results]


class Two(IntEnum):
    TWO = 2


def spellings(*numbers: int) -> st.SearchStrategy[Any]:
    """Ways to write an option, right and wrong, many of them equal to each other without being the same."""
    single = st.sampled_from(
        [
            spelling(n)
            for n in numbers
            for spelling in (int, float, complex, np.int64, np.int8, np.float64, str, np.array)
        ]
        + [True, False, None, Two.TWO, "same", "valid", b"same", np.True_, frozenset({1})]
    )
    several = st.lists(single, max_size=3)
    return (
        single | several | several.map(tuple) | st.tuples(several.map(tuple), st.lists(single, min_size=2, max_size=2))
    )


def check_all_alike(call: Callable[..., Any], options: list[dict[str, Any]]) -> None:
    """Each of the calls must come to the same right after the others as it does with an empty memory."""
    afresh = []
    for one in options:
        remembered.forget()
        afresh.append(outcome(lambda one=one: call(**one)))
    remembered.forget()
    for _ in range(2):
        assert [outcome(lambda one=one: call(**one)) for one in options] == afresh


CONVOLUTION = st.fixed_dictionaries(
    {},
    optional={
        "stride": spellings(1, 2),
        "padding": spellings(0, 1),
        "dilation": spellings(1, 2),
        "groups": spellings(2),
        "data_format": st.sampled_from(["NCHW", "NHWC", "nchw", 1, None]),
        "backend": st.sampled_from([None, "im2col", "numba", "scipy-fft", "", "none such", 0, False, ("im2col",), []]),
        "accuracy": st.sampled_from([None, "componentwise", "normwise", "", "best", 1, ["normwise"]]),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=st.lists(CONVOLUTION.map(lambda options: {"groups": 2, **options}), min_size=2, max_size=6))
@example(options=[{"stride": 1, "groups": 2}, {"stride": True, "groups": 2}, {"stride": 1.0, "groups": 2}])
@example(
    options=[{"padding": (1, 1), "groups": 2}, {"padding": (1, True), "groups": 2}, {"padding": [1, 1], "groups": 2}]
)
@example(options=[{"groups": 2}, {"groups": 2, "accuracy": ""}, {"groups": 2, "backend": ""}])
@example(options=[{"padding": ((1, 0), (0, 1)), "groups": 2}, {"padding": ((True, 0), (0, 1)), "groups": 2}])
def test_convolutions_however_options_are_written(options: list[dict[str, Any]]) -> None:
    with co.use_backend("im2col"):
        check_all_alike(lambda **one: co.conv2d(X, WEIGHT, **one), options)


SHAPE = st.sampled_from([(2, 4, 7, 8), [2, 4, 7, 8], (2, 4, 7.0, 8), (2, 4, 7), (2, 4, 7, 9), np.array([2, 4, 7, 8])])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes=st.lists(SHAPE, min_size=2, max_size=6))
@example(shapes=[(2, 4, 7, 8), [2, 4, 7, 8], (2, 4, 7.0, 8), (2, 4, np.int64(7), 8)])
def test_gradients_however_shapes_are_written(shapes: list[Any]) -> None:
    grad_output = co.conv2d(X, WEIGHT, groups=2, backend="im2col")
    call = {"groups": 2, "backend": "im2col"}
    check_all_alike(
        lambda input_shape: co.conv2d_input_grad(grad_output, WEIGHT, input_shape, **call),
        [{"input_shape": shape} for shape in shapes],
    )


POOL = st.fixed_dictionaries(
    {"kernel_size": spellings(2, 3)},
    optional={
        "stride": spellings(1, 2) | st.just(()),
        "padding": spellings(0, 1),
        "ceil_mode": st.sampled_from([True, False, 1, 0, np.True_, None]),
        "backend": st.sampled_from(["im2col", "direct", "none such", 1]),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=st.lists(POOL, min_size=2, max_size=6), flag=st.sampled_from([True, False, 1, 0]))
@example(options=[{"kernel_size": 2, "ceil_mode": True}, {"kernel_size": 2, "ceil_mode": 1}], flag=True)
def test_pools_however_options_are_written(options: list[dict[str, Any]], flag: Any) -> None:
    with co.use_backend("im2col"):
        check_all_alike(lambda **one: co.max_pool2d(X, **one, return_indices=True), options)
        check_all_alike(lambda **one: co.max_pool2d(X, **one, return_indices=flag), options)
        check_all_alike(lambda **one: co.avg_pool2d(X, **one), options)
        check_all_alike(lambda **one: co.avg_pool2d(X, **one, count_include_pad=flag, divisor_override=flag), options)
