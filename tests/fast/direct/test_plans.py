"""Which way the plans of the direct convolution go, and how large their buffers get."""

import numpy as np

from convoracle.fast.direct import filter_plan
from convoracle.fast.direct.filter_plan import FilterPlan, plan_filter_lanes
from convoracle.fast.direct.plan import Axis, Plan, plan_correlation
from convoracle.fast.simd.microkernel import ROWS, VECTORS
from convoracle.fast.simd.vectors import lanes_of

FLOAT32 = np.dtype(np.float32)
LANES = lanes_of(FLOAT32)


def same_plan(channels: int, filters: int, size: tuple[int, int], kernel: int = 3) -> Plan:
    """The plan of a convolution whose result is as large as its input."""
    down, across = (Axis(n, n, 1, tuple(range(-(kernel // 2), kernel - kernel // 2))) for n in size)
    return plan_correlation(1, channels, filters, down, across, FLOAT32)


def by_filters(down: Axis, across: Axis, channels: int = 64, filters: int = 64) -> FilterPlan:
    """The plan of a convolution whose lanes are filters."""
    plan = plan_filter_lanes(
        1, channels, filters, ((0, tuple(range(len(down.offsets))), down),),
        ((0, tuple(range(len(across.offsets))), across),), (1, 1), (down.outputs, across.outputs), FLOAT32,
    )  # fmt: skip
    assert plan is not None
    return plan


def test_which_way_a_plan_goes() -> None:
    ways = {
        "rows": same_plan(64, 64, (32, 2 * LANES)),
        "strung": same_plan(64, 64, (40, 2 * LANES + 1)),
        "borrowed": same_plan(64, 64, (28, 28), kernel=1),
    }
    assert [(plan.is_copied, plan.is_strung) for plan in ways.values()] == [(True, False), (True, True), (False, False)]
    kernel = (0, 1, 2)
    inside = by_filters(Axis(14, 12, 1, kernel), Axis(14, 12, 1, kernel))
    assert (inside.is_copied, inside.is_cut, inside.kinds) == (False, False, 1)
    cut = by_filters(Axis(14, 14, 1, (-1, 0, 1)), Axis(14, 14, 1, (-1, 0, 1)))
    assert (cut.is_copied, cut.is_cut, cut.kinds) == (False, True, 9)
    cut = by_filters(Axis(40, 40, 1, (-9, 0, 9)), Axis(40, 38, 1, kernel))
    assert (cut.is_copied, cut.is_cut, cut.kinds) == (True, True, 3)
    # Taps may be so far apart that a copy would be mostly of other bands, and one may read nothing at all.
    axis = Axis(33, 33, 1, (-18, 0, 18))
    far = by_filters(axis, axis)
    assert (far.is_copied, far.is_cut, far.kinds, far.row_bands, far.is_read) == (False, True, 9, 2, True)
    assert by_filters(Axis(14, 14, 1, (-20, 0, 1)), Axis(14, 14, 1, (-1, 0, 1))).is_read is False
    # Where it saves nothing to leave taps out, their zeros count.
    assert by_filters(Axis(4000, 4000, 1, (-1, 0, 1)), Axis(3000, 3000, 1, (-1, 0, 1))).is_padded
    crowded = by_filters(Axis(16, 14, 1, kernel), Axis(16, 14, 1, kernel), channels=filter_plan.CROWDED)
    assert crowded.is_copied
    assert crowded.plane % (2 * LANES) == LANES
    large = by_filters(Axis(28, 28, 1, tuple(range(-13, 14))), Axis(40, 20, 1, tuple(range(21))), channels=3)
    assert (large.is_padded, large.kinds, large.tap_blocks, large.channel_block) == (True, 1, 3, 1)
    assert large.of_kinds[:, 7].sum() == large.taps == 27 * 21
    taken = by_filters(Axis(15, 8, 2, (0,)), Axis(14, 7, 2, (0,)))
    assert (taken.is_copied, taken.take_h, taken.take_w, taken.step_w) == (True, 2, 2, 1)


def test_no_buffer_grows_with_the_problem() -> None:
    long = Axis(10**7, 10**7, 1, (-1, 0, 1))
    deep, large = Axis(1, 1, 1, (0,)), Axis(2000, 2000, 1, tuple(range(-50, 51)))
    for down, across, channels, filters in ((deep, long, 64, 64), (large, large, 512, 4), (long, long, 3, 100_000)):
        plan = plan_correlation(1, channels, filters, down, across, FLOAT32)
        depth = plan.channel_block * plan.tap_block
        planes = plan.band_images * plan.channel_block * plan.phases * plan.plane if plan.is_copied else 0
        assert (planes + depth * ROWS) * 4 < 16 << 20
        # Two more numbers for a vector: where it is read and where it goes.
        assert plan.band_vectors * plan.lanes < 1 << 22
    for down, across, channels, filters in ((deep, long, 64, 64), (large, large, 512, 4), (long, long, 3, 100_000)):
        plan = by_filters(down, across, channels, filters)
        planes = plan.band_images * plan.channel_block * plan.plane if plan.is_copied else 0
        assert (planes + plan.channel_block * plan.tap_block * VECTORS * LANES) * 4 < 4 << 20
        # For each output the sums of a vector, and two numbers: where it is read and where it goes.
        assert plan.outputs < 1 << 14
