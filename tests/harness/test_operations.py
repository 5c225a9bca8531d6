"""What each operation says about its outputs: the number of roundings, in literals, decides every verdict on floats."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from convoracle.harness.cases.descriptor import parse
from convoracle.harness.cases.draw import draw
from convoracle.harness.operations import OPERATIONS, named
from convoracle.harness.operations.conv2d import special_in_convolution

CONV = (
    "n=2 c=6 h=7 w=9 f=4 kernel_size=3x2 stride=2x1 padding=1.0x0.2 dilation=1 groups=2 bias={bias} dtype=float32 "
    "layout=C+C seed=9"
)
POOL = "n=2 c=3 h=8 w=9 kernel_size=4x3 stride=3x2 padding=1x0 ceil_mode=no dtype=float32 layout=C seed=9 {own}"
H_OUT, W_OUT = 3, 10


def outputs(name: str, text: str) -> tuple[Any, ...]:
    operation = OPERATIONS[name]
    case = parse(operation, text)
    found = operation.outputs(case)
    operands = {key: np.ones(shape) for key, shape in operation.operand_shapes(case).items() if key != "indices"}
    if name.startswith("cross_entropy"):
        operands["indices"] = np.zeros(case.n, np.int64)
    if name == "max_pool2d_backward":
        operands["indices"] = np.zeros(case.output_shape(), np.int64)
    for output in found:
        assert output.compute(operands).shape == output.shape
    return found


@pytest.mark.parametrize(
    ("name", "bias", "expected"),
    [
        ("conv2d", "no", [("result", (2, 4, H_OUT, W_OUT), 18, 18)]),
        ("conv2d", "yes", [("result", (2, 4, H_OUT, W_OUT), 18, 19)]),
        ("conv2d_input_grad", "yes", [("grad_x", (2, 6, 7, 9), 12, 12)]),
        ("conv2d_weight_grad", "yes", [("grad_weight", (4, 3, 3, 2), 60, 60)]),
        ("conv2d_bias_grad", "yes", [("grad_bias", (4,), 60, 60)]),
        (
            "conv2d_backward",
            "no",
            [
                ("grad_x", (2, 6, 7, 9), 12, 12),
                ("grad_weight", (4, 3, 3, 2), 60, 60),
                ("grad_bias", (4,), 60, 60),
            ],
        ),
    ],
)
def test_outputs_of_convolutions(name: str, bias: str, expected: list[tuple[Any, ...]]) -> None:
    found = outputs(name, CONV.format(bias=bias))
    assert [(one.name, one.shape, one.products, one.roundings) for one in found] == expected
    assert not any(one.is_selection or one.is_index or one.parts for one in found)


def test_outputs_of_pools() -> None:
    dilated = "dilation=1 return_indices={}"
    values, indices = outputs("max_pool2d", POOL.format(own=dilated.format("yes")))
    assert values.is_selection
    assert indices.is_selection
    assert (values.is_index, indices.is_index) == (False, True)
    assert (values.name, indices.name, values.shape, indices.shape) == ("result", "indices", *[(2, 3, 3, 4)] * 2)
    assert len(outputs("max_pool2d", POOL.format(own=dilated.format("no")))) == 1
    (grad,) = outputs("max_pool2d_backward", POOL.format(own=dilated.format("no")))
    assert (grad.name, grad.shape, grad.products, grad.roundings) == ("grad_x", (2, 3, 8, 9), 12, 12)


@pytest.mark.parametrize(
    ("own", "divisors"),
    [
        ("count_include_pad=yes divisor_override=none", [12]),
        ("count_include_pad=no divisor_override=none", [9, 12]),
        ("count_include_pad=no divisor_override=7", [7]),
    ],
)
def test_outputs_of_means(own: str, divisors: list[int]) -> None:
    (mean,) = outputs("avg_pool2d", POOL.format(own=own))
    assert (mean.shape, mean.products, mean.roundings) == ((2, 3, 3, 4), 12, 14)
    assert np.unique(mean.parts[0].divisors).tolist() == divisors
    assert mean.box_norm == 12 / min(divisors)
    (grad,) = outputs("avg_pool2d_backward", POOL.format(own=own))
    # A window of 4x3 with stride 3x2: two windows along each axis meet in an element of x.
    assert (grad.shape, grad.products, grad.roundings) == ((2, 3, 8, 9), 4, 6)
    assert [int(part.divisors) for part in grad.parts] == divisors
    assert grad.multiple == math.lcm(*divisors)


def test_the_divisors_of_the_gradient_add_up_to_the_gradient() -> None:
    operation = OPERATIONS["avg_pool2d_backward"]
    case = parse(operation, POOL.format(own="count_include_pad=no divisor_override=none"))
    (grad,) = operation.outputs(case)
    given = {"grad_output": np.arange(72.0).reshape(2, 3, 3, 4) * grad.multiple}
    whole = sum(part.compute(given) / part.divisors for part in grad.parts)
    assert (whole == grad.compute(given)).all()


AXIS = "n=2 c=5 spatial=3x4 axis={axis} dtype=float32 layout=C seed=9"
LOSS = "n=3 c=5 grad_output=-3 dtype=float32 layout=C+C seed=9"


@pytest.mark.parametrize(("axis", "count"), [(1, 5), (-3, 5), (0, 2), (-1, 4)])
def test_outputs_of_mean_subtraction(axis: int, count: int) -> None:
    for name in ("mean_subtract", "mean_subtract_backward"):
        (result,) = outputs(name, AXIS.format(axis=axis))
        assert (result.shape, result.products, result.roundings) == ((2, 5, 3, 4), 2 * count, count + 2)
        ((operand,),) = result.terms
        given = {operand: np.arange(-60.0, 60.0).reshape(2, 5, 3, 4)}
        assert (result.parts[0].compute(given) / result.parts[0].divisors == result.compute(given)).all()
        assert result.parts[0].divisors == count
        size = np.abs(given[operand])
        assert (result.magnitude(given) == size + size.mean(axis=axis, keepdims=True)).all()


def test_outputs_of_the_euclidean_loss() -> None:
    (loss,) = outputs("euclidean_loss", LOSS)
    assert (loss.shape, loss.products, loss.roundings) == ((), 4 * 15, 2 + 1 + 14 + 2)
    given = {"z": np.arange(15.0).reshape(3, 5), "y": np.ones((3, 5))}
    assert (
        loss.compute(given) == loss.magnitude(given) == loss.exact(given)[0] == sum((i - 1) ** 2 for i in range(15)) / 6
    )
    assert (loss.parts[0].compute(given), loss.parts[0].divisors) == (6 * loss.compute(given), 6)
    for grad, sign in zip(outputs("euclidean_loss_backward", LOSS), (-3, 3), strict=True):
        assert (grad.shape, grad.roundings, int(grad.parts[0].divisors)) == ((3, 5), 4, 3)
        assert (grad.compute(given) == sign * (given["z"] - 1) / 3).all()
        assert (grad.parts[0].compute(given) == sign * (given["z"] - 1)).all()
        assert (grad.magnitude(given) == np.abs(given["z"] - 1)).all()


def test_what_goes_through_an_exponential_is_no_selection_and_has_a_bound_of_its_own() -> None:
    maps = "n=2 c=5 h=3 w=4 dtype=float32 layout=C+C seed=9"
    for name, text in (("sigmoid", maps), ("softmax", AXIS.format(axis=1)), ("log_softmax", AXIS.format(axis=2))):
        for operation in (name, f"{name}_backward"):
            (result,) = outputs(operation, text)
            assert (result.shape, result.is_selection) == ((2, 5, 3, 4), False)
            assert result.error is not None
            assert result.exact is not None
    shapes = [outputs(name, LOSS)[0].shape for name in ("cross_entropy", "cross_entropy_backward")]
    assert shapes == [(), (3, 5)]


def test_the_transform_is_counted_with_every_axis_doubled() -> None:
    operation = OPERATIONS["conv2d"]
    (output,) = operation.outputs(parse(operation, CONV.format(bias="no")))
    # Every axis doubled: 2 images, 6 channels, (7 + 1 + 2 + 2 * 3) rows, (9 + 2 + 1 + 2 * 2) columns.
    points = 4 * 2 * 6 * (2 * 16) * (2 * 16)
    assert round(2**output.transform_bits) == points
    operation = OPERATIONS["avg_pool2d"]
    (output,) = operation.outputs(parse(operation, POOL.format(own="count_include_pad=no divisor_override=none")))
    points = 4 * 2 * 3 * (2 * (8 + 2 + 12)) * (2 * (9 + 0 + 9))
    assert round(2**output.transform_bits) == points


@pytest.mark.parametrize(
    ("words", "suits"),
    [
        ("kernel_size=3x3 stride=1 dilation=1", True),
        ("kernel_size=3x3 stride=1x1 dilation=1x1", True),
        ("kernel_size=3x2 stride=1 dilation=1", False),
        ("kernel_size=3x3 stride=1x2 dilation=1", False),
        ("kernel_size=3x3 stride=1 dilation=2", True),
        ("kernel_size=5x5 stride=1 dilation=1", True),
        ("kernel_size=5x3 stride=1 dilation=1", False),
        ("kernel_size=4x4 stride=1 dilation=1", False),
    ],
)
def test_winograd_applies_to_kernels_of_three_by_three_and_five_by_five(words: str, suits: bool) -> None:
    text = CONV.format(bias="no").split(" kernel_size")[0] + f" {words} padding=0 groups=2 bias=no dtype=float32 "
    for name, terms in (("conv2d", 3), ("conv2d_input_grad", 2), ("conv2d_weight_grad", None)):
        operation = OPERATIONS[name]
        (output,) = operation.outputs(parse(operation, f"{text} layout=C+C seed=9"))
        assert output.winograd_terms == ((terms or output.products) if suits else 0)


def test_only_what_has_one_image_in_one_result_is_called_with_one_image_alone() -> None:
    for name in [name for name in OPERATIONS if name.startswith("conv2d") or "pool" in name]:
        operation = OPERATIONS[name]
        text = CONV.format(bias="no")
        if "pool" in name:
            own = {"max": "dilation=1 return_indices=no", "avg": "count_include_pad=no divisor_override=none"}[name[:3]]
            text = POOL.format(own=own)
        case = parse(operation, text)
        alone = operation.alone(case)
        if name in ("conv2d_weight_grad", "conv2d_bias_grad", "conv2d_backward"):
            assert alone is None
        else:
            assert alone == parse(operation, text.replace("n=2", "n=1"))


def test_names_of_operations() -> None:
    assert named("conv2d") is OPERATIONS["conv2d"]
    nonsense: tuple[Any, ...] = ("conv4d", "", None, ["conv2d"])
    for name in nonsense:
        with pytest.raises(ValueError, match=r"unknown operation .*; known: conv2d, conv2d_input_grad"):
            named(name)


def test_linear_layers_in_literals() -> None:
    operation = OPERATIONS["linear"]
    for bias, roundings in (("yes", 8), ("no", 7)):
        case = parse(operation, f"n=3 c=7 f=5 bias={bias} dtype=float32 layout=C seed=40")
        (output,) = operation.outputs(case)
        assert (output.shape, output.products, output.roundings) == ((3, 5), 7, roundings)
    operation = OPERATIONS["linear_backward"]
    found = operation.outputs(parse(operation, "n=3 c=7 f=5 bias=yes dtype=float32 layout=C seed=40"))
    assert [(one.name, one.shape, one.products, one.roundings) for one in found] == [
        ("grad_x", (3, 7), 5, 5),
        ("grad_weight", (5, 7), 3, 3),
        ("grad_bias", (5,), 3, 3),
    ]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_product_is_transformed_at_the_size_of_its_case(name: str) -> None:
    operation = OPERATIONS[name]
    case = draw(operation, {}, ("float32",), 0, 9)
    for output in operation.outputs(case):
        transforms = output.norms is not None or output.box_norm > 0
        assert output.transform_bits == (case.transform_bits() if transforms else 0.0)


TRANSPOSED = (
    "n=2 c=6 h=4 w=5 f=8 kernel_size=3x2 stride=2x1 padding=1x0 output_padding=0 groups=2 dilation=1 bias=yes "
    "dtype=float32 layout=C+C seed=9"
)


def test_transposed_convolutions_in_literals() -> None:
    out = (2 * 3 + 3 - 2) * (4 + 2)  # the sizes of the result
    for name, expected in (
        ("conv_transpose2d", [("result", 3 * 6, 3 * 6 + 1)]),
        ("conv_transpose2d_input_grad", [("grad_x", 4 * 6, 4 * 6)]),
        ("conv_transpose2d_weight_grad", [("grad_weight", 2 * 4 * 5, 2 * 4 * 5)]),
        ("conv_transpose2d_bias_grad", [("grad_bias", 2 * out, 2 * out)]),
    ):
        found = OPERATIONS[name].outputs(parse(OPERATIONS[name], TRANSPOSED))
        assert [(one.name, one.products, one.roundings) for one in found] == expected


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("conv1d", "kernel_size=3 padding=1 w=5"), ("conv3d", "kernel_size=3x2x2 padding=1 d=3 h=4 w=5")],
)
def test_convolutions_of_other_ranks_in_literals(name: str, sizes: str) -> None:
    taps, places = (3, 5) if name == "conv1d" else (12, 3 * 5 * 6)
    for ending, expected in (
        ("", [("result", 3 * taps, 3 * taps + 1)]),
        ("_input_grad", [("grad_x", 4 * taps, 4 * taps)]),
        ("_weight_grad", [("grad_weight", 2 * places, 2 * places)]),
        ("_bias_grad", [("grad_bias", 2 * places, 2 * places)]),
    ):
        operation = OPERATIONS[name + ending]
        text = f"n=2 c=6 f=8 {sizes} stride=1 dilation=1 groups=2 bias=yes dtype=float32 layout=C+C seed=9"
        found = operation.outputs(parse(operation, text))
        assert [(one.name, one.products, one.roundings) for one in found] == expected


OF_THE_WHOLE_BATCH = ("_weight_grad", "_bias_grad", "entropy", "entropy_backward", "loss", "loss_backward")


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_result_of_the_whole_batch_has_no_image_alone(name: str) -> None:
    operation = OPERATIONS[name]
    case = draw(operation, {}, ("float32",), 0, 9)
    of_batch = name.endswith(OF_THE_WHOLE_BATCH) or len(operation.outputs(case)) == 3
    if hasattr(case, "axis"):
        of_batch = case.place() == 0
    alone = operation.alone(case)
    assert alone is None if of_batch else alone == dataclasses.replace(case, n=1)


@pytest.mark.parametrize(
    ("sides", "has_bias", "names"),
    [
        ([(0, 0), (0, 0)], True, ("x", "weight", "bias")),
        ([(0, 0), (0, 0)], False, ("x", "weight")),
        ([(0, 0), (0, 1)], False, ("x",)),
        ([(1, 0), (0, 0)], True, ("x", "bias")),
    ],
)
def test_a_weight_that_meets_padding_holds_no_infinity(
    sides: list[tuple[int, int]], has_bias: bool, names: tuple[str, ...]
) -> None:
    assert special_in_convolution(sides, has_bias) == names
