"""The diagnosis: the mistake by name where it is known, and honestly nothing where it is not."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure
from convoracle.harness.oracle import compiled

Explained = Callable[..., Failure]


def right(operation: str) -> Callable[..., Any]:
    return functools.partial(getattr(reference, operation), loops=compiled(getattr(reference, f"{operation}_loops")))


def swapped(value: Any) -> Any:
    return value[::-1] if isinstance(value, tuple) else value


def strides_swapped(x: Any, weight: Any, bias: Any, *, stride: Any, **options: Any) -> Any:
    return right("conv2d")(x, weight, bias, stride=swapped(stride), **options)


def flipped(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right("conv2d")(x, weight[:, :, ::-1, ::-1], bias, **options)


def without_bias(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    return right("conv_transpose2d")(x, weight, None, **options)


def mean_over_the_batch(grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    return right("conv1d_weight_grad")(grad, x, shape, **options) / x.dtype.type(len(x))


def floor_for_ceil(x: Any, kernel: Any, *, ceil_mode: Any, **options: Any) -> Any:
    return right("max_pool2d")(x, kernel, **options)


def never_the_padding(x: Any, kernel: Any, *, count_include_pad: Any, **options: Any) -> Any:
    return right("avg_pool2d")(x, kernel, count_include_pad=False, **options)


def assigned(grad: Any, indices: Any, shape: Any) -> Any:
    result = np.zeros((shape[0] * shape[1], shape[2] * shape[3]), grad.dtype)
    for plane, (values, places) in enumerate(
        zip(grad.reshape(len(result), -1), indices.reshape(len(result), -1), strict=True)
    ):
        for value, place in zip(values, places, strict=True):
            result[plane, place] = value
    return result.reshape(shape)


@pytest.mark.parametrize(
    ("operation", "liar", "says"),
    [
        ("conv2d", strides_swapped, "the oracle's with stride_h and stride_w swapped"),
        ("conv2d", flipped, "the oracle's with the kernel flipped (a true convolution)"),
        ("conv_transpose2d", without_bias, "the oracle's without the bias"),
        ("conv1d_weight_grad", mean_over_the_batch, "the oracle's divided by the batch size"),
        ("max_pool2d", floor_for_ceil, "the oracle's with ceil_mode ignored"),
        ("avg_pool2d", never_the_padding, "the oracle's with count_include_pad always off"),
        ("max_pool2d_backward", assigned, "the oracle's with = for += where windows share a maximum"),
    ],
)
def test_a_known_mistake_is_named(explained: Explained, operation: str, liar: Any, says: str) -> None:
    diagnosis = explained(operation, liar).diagnosis
    assert diagnosis is not None
    assert says in (diagnosis.says, *diagnosis.others), str(diagnosis)
    assert diagnosis.failing > 1


def test_a_mistake_in_some_cases_is_named_with_the_cases(explained: Explained) -> None:
    def transposed_in_groups(x: Any, weight: Any, bias: Any, *, groups: int, **options: Any) -> Any:
        turned = weight[:, :, ::-1, ::-1] if groups > 1 else weight
        return right("conv2d")(x, turned, bias, groups=groups, **options)

    failure = explained("conv2d", transposed_in_groups)
    assert failure.diagnosis is not None
    assert failure.diagnosis.says == "the oracle's with the kernel flipped (a true convolution)"
    assert not failure.diagnosis.always
    assert str(failure.diagnosis).startswith("where it is wrong, the result equals ")
    assert failure.rule is not None
    assert "groups > 1" in failure.rule.statements


def test_of_several_outputs_the_wrong_one_is_named(explained: Explained) -> None:
    def one_gradient_flipped(*operands: Any, **options: Any) -> Any:
        grad_x, grad_weight, grad_bias = right("conv2d_backward")(*operands, **options)
        return grad_x, np.ascontiguousarray(grad_weight[:, :, ::-1, ::-1]), grad_bias

    diagnosis = explained("conv2d_backward", one_gradient_flipped).diagnosis
    assert diagnosis is not None
    assert diagnosis.outputs == ("grad_weight",)
    assert str(diagnosis).startswith("grad_weight equals the oracle's flipped along every axis of its planes")


def test_of_two_wrong_outputs_the_one_that_is_known_is_named(explained: Explained) -> None:
    """The weight gradient is forgotten, and the bias gradient a formula of its own."""

    def mixed(grad: Any, x: Any, weight: Any, **options: Any) -> Any:
        from convoracle import conv1d_backward

        grad_x, grad_weight, grad_bias = conv1d_backward(grad, x, weight, backend="im2col", **options)
        return grad_x, np.zeros_like(grad_weight), 3 * grad_bias + 1

    diagnosis = explained("conv1d_backward", mixed).diagnosis
    assert diagnosis is not None
    assert (diagnosis.outputs, diagnosis.unexplained) == (("grad_weight",), ("grad_bias",))
    assert "zero" in diagnosis.says
    assert str(diagnosis).endswith("; grad_bias wrong too, in no known way")


def test_fewer_bits_are_a_precision_not_a_formula(explained: Explained) -> None:
    def in_single_precision(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        single = [None if array is None else array.astype(np.float32) for array in (x, weight, bias)]
        return right("conv2d")(*single, **options).astype(x.dtype)

    diagnosis = explained("conv2d", in_single_precision, dtypes=("float64",)).diagnosis
    assert diagnosis is not None
    assert "float32" in diagnosis.says, str(diagnosis)


def test_an_unknown_mistake_is_unknown(explained: Explained) -> None:
    def nobody_does_this(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = right("conv2d")(x, weight, bias, **options)
        places = np.arange(result.size).reshape(result.shape)
        return result + ((places * 7919 % 13 == 5) * (places % 5 + 1)).astype(result.dtype)

    diagnosis = explained("conv2d", nobody_does_this).diagnosis
    assert diagnosis is not None
    assert diagnosis.says == ""
    assert str(diagnosis).startswith("unknown: none of ")


def test_a_guess_that_holds_nearly_always_is_not_named(explained: Explained) -> None:
    """Strides swapped, and something else besides where there are more than two images."""

    def nearly(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = strides_swapped(x, weight, bias, **options)
        if len(x) > 2:
            result = result * 2 + 1
        return result

    diagnosis = explained("conv2d", nearly).diagnosis
    assert diagnosis is not None
    assert diagnosis.says == ""


def test_what_breaks_a_promise_has_no_diagnosis_of_values(explained: Explained) -> None:
    def writes_to_its_input(x: Any, weight: Any, bias: Any, **options: Any) -> Any:
        result = right("conv2d")(x, weight, bias, **options)
        x.flat[0] += 1
        return result

    failure = explained("conv2d", writes_to_its_input)
    assert failure.kind == "contract"
    assert failure.diagnosis is None
    assert failure.evidence is None
