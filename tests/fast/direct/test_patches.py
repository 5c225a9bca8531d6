"""The input gradient by patches, laid or added up: exact on integers, with whatever lies between windows."""

import math
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import threads
from convoracle.fast.direct import conv2d as conv2d_direct
from convoracle.fast.direct import patch_sums, patches
from convoracle.fast.shapes import count_outputs
from convoracle.reference.conv2d_input_grad import conv2d_input_grad as by_definition

FLOAT32 = np.dtype(np.float32)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take patches wherever there is a stride, and note that they were taken."""
    taken: list[int] = []

    def bind(*arguments: Any, **options: Any) -> Any:
        taken.append(1)
        return patches.bind_patches(*arguments, **options)

    monkeypatch.setattr(conv2d_direct, "are_patches_faster", lambda patches, phases, others: True)
    monkeypatch.setattr(conv2d_direct, "bind_patches", bind)
    return taken


@pytest.fixture
def sums(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take sums of patches whatever they cost, and note that they were taken."""
    taken: list[int] = []

    def bind(*arguments: Any, **options: Any) -> Any:
        taken.append(1)
        return patch_sums.bind_patch_sums(*arguments, **options)

    monkeypatch.setattr(conv2d_direct, "patch_sums_steps", lambda *_: -1.0)
    monkeypatch.setattr(conv2d_direct, "bind_patch_sums", bind)
    return taken


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("size", "kernel", "options"),
    [
        ((12, 8), (4, 4), {"stride": 4}),
        ((13, 11), (4, 2), {"stride": (4, 2)}),
        ((11, 14), (2, 3), {"stride": (5, 4), "padding": ((3, 0), (1, 6))}),
        ((9, 13), (1, 3), {"stride": (1, 3), "padding": ((0, 2), (2, 0))}),
        ((15, 12), (2, 2), {"stride": (5, 3), "dilation": (4, 2), "padding": 1}),
        ((8, 12), (2, 4), {"stride": (2, 4), "groups": 2}),
        ((32, 16), (16, 16), {"stride": 16}),
        ((2, 27), (1, 5), {"stride": (1, 3), "padding": ((0, 0), (4, 3))}),
        ((13, 9), (4, 2), {"stride": 2, "padding": 1, "groups": 2}),
        ((14, 9), (3, 3), {"stride": 2, "dilation": (3, 1)}),
    ],
)
def test_it_is_the_gradient(
    dtype: str, size: tuple[int, int], kernel: tuple[int, int], options: dict[str, Any], always: list[int]
) -> None:
    assert_is_gradient(dtype, size, kernel, options)
    assert always


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("size", "kernel", "options"),
    [
        ((9, 40), (4, 40), {}),
        ((6, 20), (5, 18), {"padding": ((2, 0), (5, 13))}),
        ((9, 20), (8, 10), {"stride": (1, 3), "padding": 4, "groups": 2}),
        ((12, 17), (9, 7), {"stride": (2, 1), "padding": (8, 0)}),
        ((29, 21), (5, 18), {"stride": (4, 2), "dilation": (6, 1), "padding": (9, 3)}),
        ((30, 5), (10, 1), {"stride": (3, 1), "dilation": (2, 4)}),
        ((12, 6), (2, 3), {"stride": (5, 1), "padding": (1, 2)}),
    ],
)
def test_sums_of_patches_are_the_gradient(
    dtype: str, size: tuple[int, int], kernel: tuple[int, int], options: dict[str, Any], sums: list[int]
) -> None:
    assert_is_gradient(dtype, size, kernel, options)
    assert sums


def assert_is_gradient(dtype: str, size: tuple[int, int], kernel: tuple[int, int], options: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    weight = rng.integers(-4, 5, (4, 4 // options.get("groups", 1), *kernel)).astype(dtype)
    shape = (2, 4, *size)
    output = co.conv2d(np.zeros(shape, dtype), weight, **options)
    grad_output = rng.integers(-4, 5, output.shape).astype(dtype)
    found = co.conv2d_input_grad(grad_output, weight, shape, **options, backend="direct")
    np.testing.assert_array_equal(found, by_definition(grad_output, weight, shape, **options), strict=True)


def test_a_batch_is_done_in_portions(always: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    weight, grad_output = rng.standard_normal((5, 3, 2, 2)), rng.standard_normal((7, 5, 3, 4))
    whole = co.conv2d_input_grad(grad_output, weight, (7, 3, 7, 8), stride=2, backend="direct")
    monkeypatch.setattr(patches, "SOME_NUMBERS", 3 * 3 * 4 * 3 * 4)
    other = rng.standard_normal((7, 5, 3, 4))[:, :, ::-1]
    for grad in (grad_output, other):
        alone = [co.conv2d_input_grad(one[None], weight, (1, 3, 7, 8), stride=2, backend="direct") for one in grad]
        portions = conv2d_direct.conv2d_input_grad(
            np.ascontiguousarray(grad), weight, (7, 3, 7, 8), stride=(2, 2), padding=((0, 0), (0, 0)),
            dilation=(1, 1), groups=1,
        )  # fmt: skip
        np.testing.assert_array_equal(portions, np.concatenate(alone))
    assert (whole[:, :, 6] == 0).all()
    assert (whole[:, :, :6] != 0).all()


def test_the_patches_of_a_vision_transformer_are_taken() -> None:
    weight, grad_output = np.zeros((768, 3, 16, 16), FLOAT32), np.zeros((1, 768, 14, 14), FLOAT32)
    options: dict[str, Any] = {"padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    taken = conv2d_direct.bind_conv2d_input_grad(grad_output, weight, (1, 3, 224, 224), stride=(16, 16), **options)
    assert taken.__qualname__.startswith("bind_patches")


@pytest.mark.parametrize(("stride", "dilation"), [((1, 2), (1, 1)), ((2, 2), (1, 2)), ((2, 1), (1, 1))])
def test_which_windows_overlap(stride: tuple[int, int], dilation: tuple[int, int]) -> None:
    assert patches.do_windows_overlap((4, 3, 2, 2), stride, dilation)
    assert not patches.do_windows_overlap((4, 3, 2, 2), (3, 3), dilation)


def test_patches_too_large_for_the_workspace_are_not_made() -> None:
    assert patches.plan_patches(1, (4, 3, 2, 2), (2000, 2000), FLOAT32) is None
    assert patch_sums.patch_sums_steps(1, (4, 3, 2, 9), (2000, 2000), (1, 1), (1, 1), FLOAT32) == math.inf


@pytest.mark.parametrize(
    ("weight_shape", "shape", "stride", "way"),
    [
        ((100, 1, 4, 300), (1, 1, 60, 300), (1, 1), "bind_patch_sums"),
        ((64, 1, 24, 24), (1, 1, 28, 28), (1, 1), "bind_patch_sums"),
        ((512, 1, 1, 10), (1, 1, 1, 16000), (1, 5), "bind_patches"),
        ((96, 48, 3, 3), (1, 48, 28, 28), (1, 1), "bind_conv2d_input_grad"),
    ],
)
def test_which_way_a_gradient_goes(
    weight_shape: tuple[int, ...], shape: tuple[int, ...], stride: tuple[int, int], way: str
) -> None:
    down, across = (
        count_outputs(*sizes, 1) for sizes in zip(shape[2:], ((0, 0),) * 2, weight_shape[2:], stride, strict=True)
    )
    options: dict[str, Any] = {"padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
    weight, grad_output = np.zeros(weight_shape, FLOAT32), np.zeros((1, weight_shape[0], down, across), FLOAT32)
    taken = conv2d_direct.bind_conv2d_input_grad(grad_output, weight, shape, stride=stride, **options)
    assert taken.__qualname__.startswith(way + ".")


def test_sums_do_not_depend_on_the_batch_nor_on_threads(sums: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    weight, grad_output = rng.standard_normal((5, 3, 6, 9)), rng.standard_normal((7, 5, 8, 4))
    options: dict[str, Any] = {"stride": (1, 2), "padding": ((2, 0), (3, 0)), "dilation": (1, 1), "groups": 1}

    def gradient(some: np.ndarray) -> np.ndarray:
        return conv2d_direct.bind_conv2d_input_grad(some, weight, (len(some), 3, 11, 12), **options)(some, weight)

    alone = np.concatenate([gradient(one[None]) for one in grad_output])
    np.testing.assert_array_equal(gradient(grad_output), alone)
    monkeypatch.setattr(threads, "BREAK_EVEN", 0)
    np.testing.assert_array_equal(gradient(grad_output), alone)
    monkeypatch.setattr(patch_sums, "SOME_NUMBERS", 3 * 32 * 162)
    np.testing.assert_array_equal(gradient(grad_output), alone)
    assert gradient(grad_output[:0]).shape == (0, 3, 11, 12)


def test_an_infinite_weight_is_added_where_its_tap_reads(sums: list[int]) -> None:
    weight, grad_output = np.ones((2, 1, 3, 9), FLOAT32), np.ones((1, 2, 4, 3), FLOAT32)
    weight[0, 0, 0, 0], weight[1, 0, 2, 8] = np.inf, np.nan
    options: dict[str, Any] = {"padding": (1, 3)}
    expected = co.conv2d_input_grad(grad_output, weight, (1, 1, 4, 5), **options, backend="numba")
    found = co.conv2d_input_grad(grad_output, weight, (1, 1, 4, 5), **options, backend="direct")
    np.testing.assert_array_equal(found, expected)
    assert np.isfinite(expected).any()
