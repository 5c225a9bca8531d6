"""A whole first step is inside its proven ball in every backend, and one wrong call puts it outside."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry

IMAGES = 4


@pytest.fixture
def ratios(example: Callable[[str], ModuleType]) -> Callable[[str, str], dict[str, float]]:
    network, training, end_to_end = (example(name) for name in ("network", "training", "end_to_end"))
    digits = training.load()

    step = end_to_end.Step(network.initial_parameters(0), digits.x[:IMAGES], digits.targets[:IMAGES])
    ratios: Callable[[str, str], dict[str, float]] = step.ratios
    return ratios


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", list(registry.variants("conv2d")))
def test_the_loss_and_every_gradient_are_inside(
    ratios: Callable[[str, str], dict[str, float]], backend: str, dtype: str
) -> None:
    found = ratios(backend, dtype)
    assert len(found) == 1 + 14
    assert max(found.values()) <= 1


def _a_thousandth_more(right: Callable[..., Any], which: int, number: int) -> Callable[..., Any]:
    """Return an operation whose call number `number` has one result that is larger by a thousandth."""
    calls = 0

    def wrong(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        results = right(*arguments, **options)
        calls += 1
        if calls != number:
            return results
        several = list(results) if isinstance(results, tuple) else [results]
        several[which] = several[which] * several[which].dtype.type(1.001)
        return tuple(several) if isinstance(results, tuple) else several[0]

    return wrong


LAYERS = [f"conv{layer}" for layer in range(1, 7)]


@pytest.mark.parametrize("layer", range(1, 7))
def test_a_thousandth_too_much_in_one_layer_puts_all_behind_it_outside(
    ratios: Callable[[str, str], dict[str, float]], monkeypatch: pytest.MonkeyPatch, layer: int
) -> None:
    """In float64. The weights' gradients of earlier layers see it too, through what flows back."""
    monkeypatch.setattr(co, "conv2d", _a_thousandth_more(co.conv2d, 0, layer))
    found = ratios("im2col", "float64")
    assert all(ratio > 1 for ratio in found.values()), found


@pytest.mark.parametrize("layer", range(1, 7))
def test_a_gradient_a_thousandth_too_large_puts_all_before_it_outside(
    ratios: Callable[[str, str], dict[str, float]], monkeypatch: pytest.MonkeyPatch, layer: int
) -> None:
    monkeypatch.setattr(co, "conv2d_backward", _a_thousandth_more(co.conv2d_backward, 0, 7 - layer))
    found = ratios("im2col", "float64")
    outside = {name.split()[0] for name, ratio in found.items() if ratio > 1}
    assert outside == set(LAYERS[: layer - 1])


@pytest.mark.parametrize(
    ("operation", "which", "outside"),
    [
        ("cross_entropy", 0, ["loss"]),
        ("linear_backward", 1, ["fc weight"]),
        ("linear_backward", 2, ["fc bias"]),
        ("conv2d_backward", 1, ["conv6 weight"]),
        ("conv2d_backward", 2, ["conv6 bias"]),
    ],
)
def test_what_nothing_depends_on_is_outside_alone(
    ratios: Callable[[str, str], dict[str, float]],
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    which: int,
    outside: list[str],
) -> None:
    monkeypatch.setattr(co, operation, _a_thousandth_more(getattr(co, operation), which, 1))
    assert [name for name, ratio in ratios("im2col", "float64").items() if ratio > 1] == outside


def test_in_float32_the_loss_is_held_to_a_few_parts_in_a_hundred(
    ratios: Callable[[str, str], dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = co.cross_entropy
    wrong = np.float32(1.05)
    monkeypatch.setattr(co, "cross_entropy", lambda *arguments, **options: wrong * right(*arguments, **options))
    assert [name for name, ratio in ratios("im2col", "float32").items() if ratio > 1] == ["loss"]


def test_decisions_that_are_not_certain_go_both_ways(example: Callable[[str], ModuleType]) -> None:
    end_to_end = example("end_to_end")
    ball = end_to_end.Ball
    grad = ball(np.array([2.0, 2.0, 2.0]), np.array([0.5, 0.5, 0.5]))
    z = ball(np.array([1.0, -1.0, 0.25]), np.array([0.5, 0.5, 0.5]))
    back = end_to_end._clamped_backward(grad, z)
    assert back.center.tolist() == [2, 0, 2]
    assert np.rint(back.radius * 2).tolist() == [1, 0, 5]
    clamped = end_to_end._clamped(z)
    assert clamped.center.tolist() == [1, 0, 0.25]
    assert np.rint(clamped.radius * 4).tolist() == [2, 0, 2]
    y = ball(np.array([[[[1.0, 0.75], [0.0, 0.5]]]]), np.full((1, 1, 2, 2), 0.25))
    pooled = end_to_end._pooled(y)
    assert (pooled.center.item(), np.rint(pooled.radius.item() * 4)) == (1, 1)
    one = ball(np.array([[[[3.0]]]]), np.array([[[[0.5]]]]))
    back = end_to_end._pooled_backward(one, y)
    # The last may be as large as the first may be small.
    assert back.center.tolist() == [[[[3, 0], [0, 0]]]]
    assert np.rint(back.radius * 2).tolist() == [[[[7, 7], [0, 7]]]]
