"""Broken promises: what a candidate may not do even when the values it returns are right."""

import functools
import operator
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure, verify
from convoracle.harness.checks.contract import TURNS
from convoracle.harness.checks.state.many_times import CALLS
from convoracle.harness.oracle import compiled

Caught = Callable[..., Failure]

right: Callable[..., Any] = functools.partial(reference.conv2d, loops=compiled(reference.conv2d_loops))
right_max: Callable[..., Any] = functools.partial(reference.max_pool2d, loops=compiled(reference.max_pool2d_loops))


def input_modified(x: Any, *operands: Any, **options: Any) -> Any:
    result = right(x, *operands, **options)
    if x.flags.writeable:
        x += 1
    return result


def weight_modified(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = right(x, weight, bias, **options)
    if weight.flags.writeable:
        weight[(-1,) * 4] = 9
    return result


def bias_modified(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    result = right(x, weight, bias, **options)
    if bias is not None and bias.flags.writeable:
        bias *= 2
    return result


def modified_and_restored(x: Any, *operands: Any, **options: Any) -> Any:
    """Puts everything back, but a read-only array cannot be borrowed."""
    saved = x.copy()
    x[...] = -x
    result = right(saved, *operands, **options)
    x[...] = saved
    return result


def made_writable_again(x: Any, *operands: Any, **options: Any) -> Any:
    """Takes the right to write before it borrows."""
    x.setflags(write=True)
    return modified_and_restored(x, *operands, **options)


@pytest.mark.parametrize("liar", [input_modified, weight_modified, bias_modified])
def test_an_input_is_not_written_to(caught: Caught, liar: Callable[..., Any]) -> None:
    assert caught("conv2d", liar, "contract").check == "inputs unmodified"


@pytest.mark.parametrize("liar", [modified_and_restored, made_writable_again])
def test_read_only_arrays_are_taken(caught: Caught, liar: Callable[..., Any]) -> None:
    failure = caught("conv2d", liar, "contract")
    assert failure.check == "read-only, layout, thread"
    assert "read-only" in failure.message


def view_of_the_input(x: Any, kernel: Any, *, return_indices: bool, **options: Any) -> Any:
    """For a window of one element at every place, the maxima are x itself."""
    result = right_max(x, kernel, return_indices=return_indices, **options)
    values = result[0] if return_indices else result
    if values.shape == x.shape and (values == x).all() and values.dtype == x.dtype:
        return (x[:], result[1]) if return_indices else x[:]
    return result


def test_a_result_is_no_view_of_an_input(caught: Caught) -> None:
    failure = caught("max_pool2d", view_of_the_input, "contract")
    assert failure.check == "no aliasing"
    assert "result shares memory with its input x" in failure.message


def same_array_twice(grad: Any, x: Any, weight: Any, **options: Any) -> Any:
    grads = list(reference.conv2d_backward(grad, x, weight, **options))
    sizes = sum(one.size for one in grads)
    memory = np.zeros(sizes, grad.dtype)
    views = [memory[: one.size].reshape(one.shape) for one in grads]
    for view, one in zip(views, grads, strict=True):
        view[...] = one
    return tuple(views)


def test_results_of_one_call_do_not_share_memory(caught: Caught) -> None:
    small = {"kernel_size": {1}, "stride": {1}}
    assert caught("conv2d_backward", same_array_twice, "contract", limits=small).check == "no aliasing"


def wrong_in_another_thread(*operands: Any, **options: Any) -> Any:
    is_main = threading.current_thread() is threading.main_thread()
    return right(*operands, **options) + (0 if is_main else 1)


def raises_in_another_thread(*operands: Any, **options: Any) -> Any:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("there is no current event loop")
    return right(*operands, **options)


def wrong_for_one_image(x: Any, *operands: Any, **options: Any) -> Any:
    """A batch of one, which came from a larger one, takes another path."""
    result = right(x, *operands, **options)
    return result + 1 if len(x) == 1 and (x[0, 0, 0, 0] == 0 or x.sum() > 20) else result


@pytest.mark.parametrize("liar", [wrong_in_another_thread, raises_in_another_thread])
def test_the_thread_does_not_matter(caught: Caught, liar: Callable[..., Any]) -> None:
    failure = caught("conv2d", liar, "contract")
    assert failure.check == "read-only, layout, thread"
    assert "from another thread" in failure.message


class Batched:
    """Right for the batch it saw first; an image it has seen inside a batch, alone, is one too large."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()

    def __call__(self, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = right(x, weight, bias, **options)
        if len(x) == 1 and (x[0].tobytes(), weight.tobytes()) in self.seen:
            return result + 1
        if len(x) > 1:
            self.seen |= {(image.tobytes(), weight.tobytes()) for image in x}  # type: ignore[misc]
        return result


def test_an_image_alone_is_the_same_image(caught: Caught) -> None:
    failure = caught("conv2d", Batched(), "contract")
    assert failure.check == "batch"
    assert "n=1" not in failure.case.split()


def reads_fortran_order_as_c(x: Any, *operands: Any, **options: Any) -> Any:
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        x = x.ravel(order="K").reshape(x.shape)
    return right(x, *operands, **options)


def ignores_negative_strides(x: Any, *operands: Any, **options: Any) -> Any:
    return right(x[:, :, :, ::-1] if x.strides[-1] < 0 else x, *operands, **options)


def ignores_the_step_of_a_slice(x: Any, *operands: Any, **options: Any) -> Any:
    if x.strides[-1] == 2 * x.itemsize and x.base is not None and x.base.ndim == 4:
        x = x.base[: x.shape[0], : x.shape[1], : x.shape[2], : x.shape[3]] * (x.shape[3] > 1)
    return right(x, *operands, **options)


@pytest.mark.parametrize("liar", [reads_fortran_order_as_c, ignores_negative_strides, ignores_the_step_of_a_slice])
def test_memory_may_lie_in_any_order(liar: Callable[..., Any]) -> None:
    report = verify("conv2d", liar)
    assert not report.passed
    assert report.cases < 40


def weight_in_fortran_order(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    if weight.flags.f_contiguous and not weight.flags.c_contiguous:
        weight = weight.ravel(order="K").reshape(weight.shape)
    return right(x, weight, bias, **options)


def test_the_weight_may_lie_in_any_order(caught: Caught) -> None:
    caught("conv2d", weight_in_fortran_order, "values", "contract")


CASE = "n={} c=2 h=3 w=5 f=3 kernel_size=2x1 stride=1 padding=1 dilation=1 groups=1 bias=yes dtype={} layout={} seed={}"


@pytest.mark.parametrize("layout", ["C+F", "sliced+reversed"])
@pytest.mark.parametrize(
    ("n", "dtype", "seed"), [(2, "float32", 24), (2, "int16", 24), (1, "float64", 37), (2, "float32", 39)]
)
def test_the_calls_of_one_case(n: int, dtype: str, seed: int, layout: str) -> None:
    """The same arrays with other data, or options; or read-only, in other layouts, in another thread, and one image."""
    seen: list[tuple[list[Any], bool, list[Any]]] = []

    def candidate(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        main = threading.current_thread() is threading.main_thread()
        operands = [x, weight, bias]
        seen.append((operands, main, [None if one is None else one.copy() for one in operands]))
        return right(*operands, **options).astype("i8" if x.dtype.kind == "i" else x.dtype)

    checks = {"exact", "bounded", "contract"}
    assert verify("conv2d", candidate, case=CASE.format(n, dtype, layout, seed), checks=tuple(checks)).passed
    (arrays, _, integers), *later = seen
    in_the_same = [values for operands, _, values in later if all(map(operator.is_, operands, arrays))]
    has_other_options = seed % 4 in (1, 2)
    # floats, others, again or one changed, options
    assert len(in_the_same) == dtype.startswith("float") + 2 + has_other_options
    equal = [sum(int(np.sum(one != two)) for one, two in zip(values, integers, strict=True)) for values in in_the_same]
    if has_other_options:
        assert equal.pop() == 0
    *different, again = equal
    assert all(different)
    assert again == seed % 2
    elsewhere = [one for one in later if not any(array.flags.writeable for array in one[0])]
    assert len(elsewhere) == (not has_other_options)
    for passed, is_main, values in elsewhere:
        assert is_main == (seed // 4 % 2 == 1)
        assert all((one == two).all() for one, two in zip(values, integers, strict=True))
        assert all(one.strides != two.strides for one, two in zip(passed[:2], arrays[:2], strict=True))
    neutral = [values for _, _, values in later if values[2] is None]
    assert len(neutral) == (seed % TURNS["neutral"][0] == 0)
    for values in neutral:
        assert np.abs(values[0]).max() == 3
        assert (values[1].reshape(2, 2) == -2 * np.eye(2)).all()
    alone = [values for operands, _, values in later if len(operands[0]) < n]
    assert len(alone) == (n > 1 and not has_other_options)
    for values in alone:
        assert (values[0] == integers[0][-1:]).all()
        assert all((one == two).all() for one, two in zip(values[1:], integers[1:], strict=True))


def test_the_form_of_every_result_is_checked_and_counted_once() -> None:
    calls = [0]

    def counting(*operands: Any, **options: Any) -> Any:
        calls[0] += 1
        return right(*operands, **options)

    report = verify("conv2d", counting, case=CASE.format(2, "float32", "C+F", 24))
    assert report.checked["form"] == calls[0] > 7
    # The inputs and results of each call, five promises, and what is around.
    assert report.checked["contract"] == calls[0] + 5 + 1
    assert [report.checked[name] for name in ("exact", "bounded", "specials", "relations")] == [1, 1, 1, 0]


def test_a_failure_that_does_not_come_back_is_not_shrunk() -> None:
    calls = [0]

    def once(*operands: Any, **options: Any) -> Any:
        calls[0] += 1
        return right(*operands, **options) + (calls[0] == 5)

    (failure,) = verify("conv2d", once).failures
    assert failure.kind == "stateful"
    assert calls[0] <= 5 + 60 + CALLS  # the case a few times more, no shrinking
