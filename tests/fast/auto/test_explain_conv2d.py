"""What would be chosen, and why, in words; and that it is what is chosen."""

import numpy as np
import pytest

import convoracle as co
from convoracle.fast.auto import estimate

X, WEIGHT = (4, 64, 56, 56), (64, 64, 3, 3)


def test_one_algorithm_that_may(example_rates: object) -> None:
    explained = co.explain_conv2d((1, 64, 56, 56), (64, 64, 1, 1), accuracy="componentwise")
    assert explained.chosen == "direct"
    assert "chosen: direct, " in str(explained)


def test_a_dtype_that_no_algorithm_takes() -> None:
    explained = co.explain_conv2d(X, WEIGHT, dtype="int8")
    assert explained.chosen == "numba"
    lines = str(explained).splitlines()
    assert lines[0].startswith("conv2d, int8: 4 x 64 channels of 56x56; 64 filters of 3x3; stride (1, 1)")
    assert any("direct" in line and "cannot do dtype int8 (float32, float64 only)" in line for line in lines)
    assert lines[-1] == "chosen: numba, since no algorithm may"


def test_the_times_are_for_the_whole_batch(example_rates: object) -> None:
    one, four = (co.explain_conv2d((images, *X[1:]), WEIGHT, padding=1) for images in (1, 4))
    assert one.candidates == four.candidates
    times = one.candidates[0].times
    assert times is not None
    assert times.of_batch(4).total == pytest.approx(times.of_batch(1).total + 3 * sum(times.image))
    assert estimate.BATCHES == (1, 16)


def test_gradients() -> None:
    for operation in ("conv2d_input_grad", "conv2d_weight_grad"):
        assert str(co.explain_conv2d(X, WEIGHT, operation=operation)).startswith(operation)


def test_bad_requests() -> None:
    with pytest.raises(
        ValueError, match=r"explain_conv2d: operation must be one of conv2d, conv2d_input_grad, conv2d_"
    ):
        co.explain_conv2d(X, WEIGHT, operation="conv2d_backward")
    with pytest.raises(ValueError, match=r"explain_conv2d: dtype must be one of float16, float32, .*, got 'complex64'"):
        co.explain_conv2d(X, WEIGHT, dtype="complex64")
    with pytest.raises(TypeError, match="explain_conv2d: x_shape must be a tuple"):
        co.explain_conv2d(np.ones(X), WEIGHT)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="explain_conv2d: input of 64 channels does not match weight"):
        co.explain_conv2d(X, WEIGHT, groups=2)
    with pytest.raises(ValueError, match="explain_conv2d: accuracy must be one of normwise, componentwise"):
        co.explain_conv2d(X, WEIGHT, accuracy="exact")
