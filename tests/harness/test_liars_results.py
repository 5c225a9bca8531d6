"""What comes back, or does not: form, type, exceptions, and what cannot be proved."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure, verify
from convoracle.harness.oracle import compiled

Caught = Callable[..., Failure]

right: Callable[..., Any] = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
right_max: Callable[..., Any] = functools.partial(reference.max_pool2d, loops=compiled(reference.max_pool2d_loops))


def wrong_dtype(*operands: Any, **options: Any) -> Any:
    return right(*operands, **options).astype(np.float64)


def wrong_dtype_of_integers(*operands: Any, **options: Any) -> Any:
    return right(*operands, **options).astype(operands[0].dtype)


def one_axis_too_many(*operands: Any, **options: Any) -> Any:
    return right(*operands, **options)[None]


def one_column_too_few(*operands: Any, **options: Any) -> Any:
    return right(*operands, **options)[..., :-1]


def returns_a_list(*operands: Any, **options: Any) -> Any:
    return right(*operands, **options).tolist()


def returns_a_tuple(*operands: Any, **options: Any) -> Any:
    return (right(*operands, **options),)


def returns_nothing(*operands: Any, **options: Any) -> Any:
    return None


def returns_nan(*operands: Any, **options: Any) -> Any:
    result = right(*operands, **options)
    result[(-1,) * 4] = np.nan
    return result


def raises(*operands: Any, **options: Any) -> Any:
    raise NotImplementedError("dilation\nis for {later}")


def exits(*operands: Any, **options: Any) -> Any:
    raise SystemExit(0)


def raises_for_large_kernels(x: Any, weight: Any, *bias: Any, **options: Any) -> Any:
    if weight.shape[3] > 3:
        raise IndexError("index 4 is out of bounds")
    return right(x, weight, *bias, **options)


@pytest.mark.parametrize(
    ("liar", "kind", "words"),
    [
        (wrong_dtype, "dtype", "result has dtype float64, not float32"),
        (one_axis_too_many, "shape", "result has shape (1, "),
        (one_column_too_few, "shape", "result has shape ("),
        (returns_a_list, "dtype", "result is a builtins.list, not a numpy.ndarray"),
        (returns_a_tuple, "dtype", "result is a builtins.tuple, not a numpy.ndarray"),
        (returns_nothing, "dtype", "result is a builtins.NoneType, not a numpy.ndarray"),
        (returns_nan, "values", "1 of 1 values of result are wrong on integers"),
        (raises, "raised", "the call raised NotImplementedError: dilation is for {later}"),
        (exits, "raised", "the call raised SystemExit: 0"),
        (raises_for_large_kernels, "raised", "the call raised IndexError: index 4 is out of bounds"),
    ],
)
def test_what_comes_back(caught: Caught, liar: Callable[..., Any], kind: str, words: str) -> None:
    assert caught("conv2d", liar, kind).message.startswith(words)


def test_integers_come_back_as_int64(caught: Caught) -> None:
    failure = caught("conv2d", wrong_dtype_of_integers, "dtype", dtypes=("int8",))
    assert failure.message == "result has dtype int8, not int64"


def one_of_three(*operands: Any, **options: Any) -> Any:
    return reference.conv2d_backward(*operands, **options)[:2]


def not_even_a_tuple(*operands: Any, **options: Any) -> Any:
    return reference.conv2d_backward(*operands, **options)[0]


@pytest.mark.parametrize(("liar", "got"), [(one_of_three, "2"), (not_even_a_tuple, "a ndarray")])
def test_several_results_come_back_together(caught: Caught, liar: Callable[..., Any], got: str) -> None:
    failure = caught("conv2d_backward", liar, "shape")
    assert failure.message == f"the call must return (grad_x, grad_weight, grad_bias), got {got}"


def test_an_interrupt_is_the_user_s() -> None:
    def interrupted(*operands: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify("conv2d", interrupted)


def records(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    """Values and indices interleaved in one array of records: unusual, and right."""
    if not return_indices:
        return right_max(x, kernel, **options)
    values, indices = right_max(x, kernel, return_indices=True, **options)
    both = np.empty(values.shape, [("value", values.dtype), ("index", np.int64)])
    both["value"], both["index"] = values, indices
    return both["value"], both["index"]


def test_results_interleaved_in_memory_do_not_share_it() -> None:
    assert verify("max_pool2d", records, examples=20).passed


def test_no_integers_small_enough_is_counted_not_passed_over() -> None:
    def float16_weight_grad(grad: Any, x: Any, shape: Any, **options: Any) -> Any:
        return reference.conv2d_weight_grad(grad.astype("f4"), x.astype("f4"), shape, **options).astype("f2")

    large = "n=4 c=1 h=30 w=30 f=1 kernel_size=1x1 stride=1 padding=0 dilation=1 groups=1 bias=no dtype=float16"
    report = verify("conv2d_weight_grad", float16_weight_grad, dtypes=("float16",), case=f"{large} layout=C+C seed=9")
    assert report.passed, str(report)
    assert report.unproved == {"exact": 1}
    assert report.checked["bounded"] == 1
    assert "exact left out 1 time (no proof)" in report.headline()
