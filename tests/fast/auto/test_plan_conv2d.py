"""A plan computes what `conv2d` does, bit for bit, for any batch and in any thread, and keeps what it was made from."""

import pickle
import threading
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry
from convoracle.fast.auto.graded import ALGORITHMS, FALL_BACK
from convoracle.fast.kernels import BOUND

PLANNED = [backend for backend, operations in {**ALGORITHMS, **FALL_BACK}.items() if "conv2d" in operations]
OPTIONS = {"padding": ((1, 2), (0, 1)), "groups": 2}


def draw(dtype: str, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(sum(shape))
    return (8 * rng.standard_normal(shape)).astype(dtype)


@pytest.mark.parametrize(("backend", "dtype"), [(b, d) for b in PLANNED for d in registry.variant("conv2d", b).dtypes])
def test_the_same_bits_as_conv2d(backend: str, dtype: str) -> None:
    weight, bias = draw(dtype, 6, 4, 3, 3), draw(dtype, 6)
    for offsets in (None, bias):
        plan = co.plan_conv2d(weight, (1, 8, 11, 13), offsets, **OPTIONS, backend=backend)
        for images in (0, 1, 3):
            x = draw(dtype, images, 8, 11, 13)
            expected = co.conv2d(x, weight, offsets, **OPTIONS, backend=backend)
            result = plan(x)
            assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
            assert result.tobytes() == expected.tobytes()
            assert result.flags.c_contiguous
            assert plan(np.asfortranarray(x)).tobytes() == expected.tobytes()


def test_not_finite_inputs_are_as_in_conv2d() -> None:
    x, weight = draw("float32", 2, 16, 20, 21), draw("float32", 8, 16, 3, 3)
    x[0, 3, 4, 5], x[1, 7, 0, 0] = np.inf, np.nan
    for backend in PLANNED:
        plan = co.plan_conv2d(weight, x.shape, padding=1, backend=backend)
        assert plan(x).tobytes() == co.conv2d(x, weight, padding=1, backend=backend).tobytes()


@pytest.mark.parametrize("backend", PLANNED)
def test_later_changes_of_the_weights_do_not_matter(backend: str) -> None:
    weight, bias, x = draw("float32", 5, 4, 3, 3), draw("float32", 5), draw("float32", 2, 4, 9, 8)
    plan = co.plan_conv2d(weight, x.shape, bias, backend=backend)
    before = plan(x).tobytes()
    weight[...], bias[...] = 0, 0
    assert plan(x).tobytes() == before
    assert plan(plan_input := x.copy()).tobytes() == before
    assert plan_input.tobytes() == x.tobytes()


def test_what_it_keeps_of_calls_does_not_grow() -> None:
    weight = draw("float32", 2, 1, 3, 3)
    plan = co.plan_conv2d(weight, (1, 1, 5, 6), backend="im2col")
    for images in range(2 * BOUND):
        x = draw("float32", images, 1, 5, 6)
        assert plan(x).tobytes() == co.conv2d(x, weight, backend="im2col").tobytes()
        assert len(plan._calls) <= BOUND
    with pytest.raises(ValueError, match="which was planned for"):
        plan(draw("float32", 1, 1, 6, 5))
    with pytest.raises(TypeError, match="float64"):
        plan(draw("float64", 1, 1, 5, 6))


def test_several_threads_may_call_it_at_once() -> None:
    x, weight = draw("float32", 3, 16, 30, 31), draw("float32", 24, 16, 3, 3)
    for backend in PLANNED:
        plan = co.plan_conv2d(weight, x.shape, padding=1, backend=backend)
        expected, equal = plan(x).tobytes(), []

        def work(plan: Any = plan, expected: bytes = expected, equal: list[bool] = equal) -> None:
            equal.extend(plan(x).tobytes() == expected for _ in range(3))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert equal == [True] * 12


@pytest.mark.parametrize("backend", PLANNED)
def test_a_pickled_plan_is_made_again(backend: str) -> None:
    weight, x = draw("float32", 5, 4, 3, 3), draw("float32", 2, 4, 9, 8)
    plan = co.plan_conv2d(weight, x.shape, padding="same", backend=backend)
    again = pickle.loads(pickle.dumps(plan))
    assert (repr(again), again.backend) == (repr(plan), backend)
    assert again(x).tobytes() == plan(x).tobytes()


def test_it_says_what_it_is() -> None:
    plan = co.plan_conv2d(np.ones((64, 32, 3, 3)), (9, 32, 14, 15), np.ones(64), backend="im2col")
    assert repr(plan) == ("<plan of conv2d by im2col: x (N, 32, 14, 15) float64, weight (64, 32, 3, 3), 0.1 MiB kept>")
    assert plan.nbytes == 8 * (64 * 32 * 9 + 64)
    assert (plan.image_shape, plan.dtype) == ((32, 14, 15), "float64")


def test_the_default_backend_and_the_accuracy_are_those_in_force(example_rates: object) -> None:
    weight, shape = np.ones((64, 64, 3, 3), np.float32), (1, 64, 56, 56)
    chosen = co.explain_conv2d(shape, weight.shape, padding=1).chosen
    assert co.plan_conv2d(weight, shape, padding=1).backend == chosen
    with co.use_backend("scipy"):
        assert co.plan_conv2d(weight, shape, padding=1).backend == "scipy"
        assert co.plan_conv2d(weight, shape, padding=1, backend="auto").backend == chosen
    exact = co.plan_conv2d(weight, shape, padding=1, accuracy="componentwise").backend
    assert registry.variant("conv2d", exact).accuracy == "componentwise"


WEIGHT = np.ones((4, 3, 3, 3), np.float32)
BAD_PLANS: list[tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (([1], (1, 3, 8, 9)), {}, TypeError, "plan_conv2d: weight must be a numpy array, got list"),
    ((WEIGHT, (3, 8, 9)), {}, ValueError, r"plan_conv2d: x_shape must have 4 sizes \(N, C, H, W\), got 3"),
    ((WEIGHT, (1, 4, 8, 9)), {}, ValueError, "plan_conv2d: input of 4 channels does not match weight"),
    ((WEIGHT, (1, 3, 8, 9), np.ones(3, np.float32)), {}, ValueError, r"plan_conv2d: bias must have shape \(4,\)"),
    ((WEIGHT, (1, 3, 8, 9), np.ones(4)), {}, TypeError, "plan_conv2d: the arguments must share one dtype"),
    ((WEIGHT, (1, 3, 8, 9)), {"backend": "im2row"}, ValueError, "conv2d: unknown backend 'im2row'"),
    ((WEIGHT, (1, 3, 8, 9)), {"stride": 0}, ValueError, "plan_conv2d: stride must be between 1 and"),
    (
        (WEIGHT, (1, 3, 8, 9)),
        {"backend": "scipy-fft", "accuracy": "componentwise"},
        ValueError,
        "conv2d: backend 'scipy-fft' cannot do accuracy 'componentwise'",
    ),
]


@pytest.mark.parametrize(("arguments", "options", "error", "message"), BAD_PLANS)
def test_bad_plans(arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        co.plan_conv2d(*arguments, **options)


def test_bad_batches() -> None:
    plan = co.plan_conv2d(WEIGHT, (1, 3, 8, 9), backend="im2col")
    allowed = r"plan: x must have shape \(N, 3, 8, 9\), which was planned for, got \(2, 3, 9, 8\)"
    with pytest.raises(ValueError, match=allowed):
        plan(np.ones((2, 3, 9, 8), np.float32))
    with pytest.raises(TypeError, match="plan: the arguments must share one dtype, got x float64, weight float32"):
        plan(np.ones((2, 3, 8, 9)))
    with pytest.raises(TypeError, match="plan: x must be a numpy array, got list"):
        plan([1])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"plan: x must have 4 dimensions \(N, C, H, W\)"):
        plan(np.ones((3, 8, 9), np.float32))
