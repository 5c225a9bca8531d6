"""The input gradient of windows that do not overlap, by patches: exact on integers, with whatever lies between them."""

from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast.direct import conv2d as conv2d_direct
from convoracle.fast.direct import patches
from convoracle.reference.conv2d_input_grad import conv2d_input_grad as by_definition

FLOAT32 = np.dtype(np.float32)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take patches wherever windows do not overlap, and note that they were taken."""
    taken: list[int] = []

    def bind(*arguments: Any, **options: Any) -> Any:
        taken.append(1)
        return patches.bind_patches(*arguments, **options)

    monkeypatch.setattr(conv2d_direct, "are_patches_faster", lambda patches, phases: True)
    monkeypatch.setattr(conv2d_direct, "bind_patches", bind)
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
    ],
)
def test_it_is_the_gradient(
    dtype: str, size: tuple[int, int], kernel: tuple[int, int], options: dict[str, Any], always: list[int]
) -> None:
    rng = np.random.default_rng(3)
    weight = rng.integers(-4, 5, (6, 4 // options.get("groups", 1), *kernel)).astype(dtype)
    shape = (3, 4, *size)
    output = co.conv2d(np.zeros(shape, dtype), weight, **options)
    grad_output = rng.integers(-4, 5, output.shape).astype(dtype)
    found = co.conv2d_input_grad(grad_output, weight, shape, **options, backend="direct")
    assert always
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
def test_windows_that_overlap_have_no_patches(stride: tuple[int, int], dilation: tuple[int, int]) -> None:
    assert patches.plan_patches(1, (4, 3, 2, 2), (5, 5), stride, dilation, FLOAT32) is None
    assert patches.plan_patches(1, (4, 3, 2, 2), (5, 5), (3, 3), dilation, FLOAT32) is not None


def test_patches_too_large_for_the_workspace_are_not_made() -> None:
    assert patches.plan_patches(1, (4, 3, 2, 2), (2000, 2000), (2, 2), (1, 1), FLOAT32) is None
