"""How much memory the plans of Winograd's algorithm ask for, and what is kept of it."""

import numpy as np
import pytest

from convoracle.fast.winograd import convolution, plan, weight_grad_plan, workspace


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("images", "channels", "size", "filters", "groups"),
    [
        (1, 64, (56, 56), 64, 1),
        (16, 512, (7, 7), 512, 1),
        (1, 2048, (56, 56), 2048, 1),
        (2, 1024, (224, 224), 8, 1),
        (1, 3, (9, 100_000), 3, 1),
        (1, 8192, (7, 7), 8192, 1),
        (128, 1024, (14, 14), 1024, 32),
        (100_000, 1, (1, 1), 1, 1),
    ],
)
@pytest.mark.parametrize("dilation", [1, 12])
@pytest.mark.parametrize("taps", [3, 5])
def test_memory_is_bounded(
    images: int,
    channels: int,
    size: tuple[int, int],
    filters: int,
    groups: int,
    dtype: str,
    threads: int,
    dilation: int,
    taps: int,
) -> None:
    """All threads borrow 64 MiB together, whatever the layer; nothing is computed here."""
    kind, dilations, before = np.dtype(dtype), (dilation, dilation), (taps // 2, taps // 2)
    for planes, outputs in ((channels, filters), (filters, channels)):
        groups_of = groups, planes // groups, outputs // groups
        forward = plan.plan_tiles(*groups_of, size, size, before, taps, dilations, (1, 1, 1), kind, is_flipped=False)
        schedule, _, layout = convolution.choose_schedule(forward, images, threads, kind.itemsize, is_prepared=False)
        assert schedule.threads * layout.end * kind.itemsize <= 64 << 20
        assert schedule.threads >= min(threads, 2) or images * size[0] * size[1] < 100 or planes > 1024
    shapes = (channels, *size), (filters, *size)
    gradient = weight_grad_plan.plan_weight_grad(*shapes, before, taps, dilations, groups, kind)
    summed, _, of_sums = weight_grad_plan.choose_schedule(*gradient, images, threads, kind.itemsize)
    parts = summed.segments * filters * channels // groups * taps**2 * kind.itemsize if summed.segments > 1 else 0
    assert summed.threads * of_sums.end * kind.itemsize + parts <= 68 << 20


def test_borrowed_memory_is_kept_if_it_is_not_much(monkeypatch: pytest.MonkeyPatch) -> None:
    first = workspace.borrow(1000, np.dtype(np.float64))
    assert first.shape == (1000,)
    assert first.ctypes.data % workspace.LINE == 0
    assert workspace.borrow(999, np.dtype(np.float32)).ctypes.data == first.ctypes.data
    monkeypatch.setattr(workspace, "KEPT_BYTES", 10_000)
    large = workspace.borrow(workspace._kept.memory.nbytes, np.dtype(np.float64))
    assert not np.shares_memory(large, workspace.borrow(1, np.dtype(np.uint8)))
