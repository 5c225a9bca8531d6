"""The triangulation of the pools and their gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.agreement import compare, refuses
from convoracle.harness.proofs.blocks import Loops, blocks_of
from convoracle.harness.proofs.formulations import Axis
from convoracle.harness.proofs.pool_formulations import (
    LEAST,
    counted_divisors,
    dense_max,
    dense_max_backward,
    dense_spread,
    dense_sums,
    scatter_pool,
)
from convoracle.harness.proofs.space import Pool
from convoracle.harness.proofs.tally import Tally

IMAGES, CHANNELS = 2, 2


def check_pool(tally: Tally, configuration: Pool, choices: Choices, run: Loops, twin: Callable[..., Any]) -> None:
    """Compare the formulations of both pools and of their gradients; means have no dilation."""
    rows, columns, ceil_mode, _ = configuration
    x = choices.integers((IMAGES, CHANNELS, rows.size, columns.size), -3, 3)  # so few values that ties abound
    windows = rows.windows(ceil_mode), columns.windows(ceil_mode)
    options: dict[str, Any] = {
        "kernel_size": (rows.kernel, columns.kernel),
        "stride": (rows.stride, columns.stride),
        "padding": (rows.before, columns.before),
        "ceil_mode": ceil_mode,
    }
    dilation = rows.dilation, columns.dilation
    if not _is_possible(rows, windows[0]) or not _is_possible(columns, windows[1]):
        refused = refuses(lambda: reference.max_pool2d(x, **options, dilation=dilation))
        tally.expect(refused, "impossible configurations refused", f"max_pool2d accepts {configuration}")
        return
    dy = choices.integers((IMAGES, CHANNELS, *windows), -9, 9)
    sums, maxima = np.zeros_like(dy), np.full_like(dy, LEAST)
    places = np.zeros_like(dy)
    twin(scatter_pool)(
        x, sums, maxima, places, *options["stride"], *dilation, *options["padding"], *options["kernel_size"]
    )
    largest = dense_max(x, rows, columns, windows)
    compare(tally, configuration, "scatter", (maxima, places), largest)
    for name in blocks_of("max_pool2d", run):
        got = reference.max_pool2d(x, **options, dilation=dilation, return_indices=True, loops=run[name])
        compare(tally, configuration, name, got, largest)
    for name in blocks_of("max_pool2d_backward", run):
        gradient = reference.max_pool2d_backward(dy, largest[1], x.shape, loops=run[name])
        compare(tally, configuration, name, gradient, [dense_max_backward(dy, largest[1], x.shape[2:])])
    if dilation == (1, 1):
        compare(tally, configuration, "scatter", sums, [dense_sums(x, rows, columns, windows)])
        _check_mean(tally, configuration, x, dy, {**options, "count_include_pad": configuration.count_include_pad}, run)


def _check_mean(
    tally: Tally, configuration: Pool, x: np.ndarray, dy: np.ndarray, options: dict[str, Any], run: Loops
) -> None:
    """Compare means: in float64, as integers have none, yet of integers that make every result exactly one number.

    A mean is an exact sum and one correctly rounded division; a gradient is made of multiples of all the divisors.
    """
    rows, columns = configuration.rows, configuration.columns
    windows = dy.shape[2], dy.shape[3]
    divisors = counted_divisors(rows, columns, windows, configuration.count_include_pad)
    means = dense_sums(x, rows, columns, windows) / divisors
    for name in blocks_of("avg_pool2d", run):
        got = reference.avg_pool2d(x.astype(np.float64), **options, loops=run[name])
        compare(tally, configuration, name, got, [means])
    multiples = dy * np.lcm.reduce(divisors.ravel())
    spread = dense_spread(multiples // divisors, rows, columns, windows)
    for name in blocks_of("avg_pool2d_backward", run):
        got = reference.avg_pool2d_backward(multiples.astype(np.float64), x.shape, **options, loops=run[name])
        compare(tally, configuration, name, got, [spread])


def _is_possible(axis: Axis, windows: int) -> bool:
    """Return whether there is a window, no padding beyond half a kernel, and an element in every window."""
    positions = axis.positions(windows)
    on_input = ((positions >= 0) & (positions < axis.size)).any(axis=1)
    return windows > 0 and axis.before <= axis.kernel // 2 and bool(on_input.all())
