"""The triangulation of locally connected layers: a convolution whose every position has a filter of its own."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.agreement import compare, compare_doors
from convoracle.harness.proofs.blocks import Loops
from convoracle.harness.proofs.space import Convolution
from convoracle.harness.proofs.tally import Tally

IMAGES, CHANNELS, FILTERS = 2, 2, 2


def check_untied(
    tally: Tally,
    configuration: Convolution,
    choices: Choices,
    run: Loops,
    twin: Callable[..., Any],
    options: Mapping[str, Any],
) -> None:
    """Compare the formulations of a locally connected layer and of its gradients."""
    rows, columns, _ = configuration
    windows = rows.windows(), columns.windows()
    x = choices.integers((IMAGES, CHANNELS, rows.size, columns.size), -9, 9)
    weight = choices.integers((*windows, FILTERS, CHANNELS, rows.kernel, columns.kernel), -9, 9)
    bias = choices.integers((FILTERS, *windows), -9, 9)
    dy = choices.integers((IMAGES, FILTERS, *windows), -9, 9)
    taps = rows.incidence(windows[0]), columns.incidence(windows[1])
    seen = np.einsum("oti,pvj,ncij->nopctv", *taps, x, optimize=True)  # what each tap of each window is on
    y = np.einsum("opfctv,nopctv->nfop", weight, seen) + bias
    scattered = np.zeros_like(y) + bias
    twin(scatter_untied)(x, weight, scattered, *options["stride"], *options["dilation"], rows.before, columns.before)
    compare(tally, configuration, "scatter", scattered, [y])
    sent = np.einsum("nfop,opfctv->nopctv", dy, weight)
    dx = np.einsum("oti,pvj,nopctv->ncij", *taps, sent, optimize=True)
    dw = np.einsum("nfop,nopctv->opfctv", dy, seen)
    doors = {"locally_connected2d": (y,), "locally_connected2d_backward": (dx, dw, dy.sum(axis=0))}
    values = {**options, "x": x, "weight": weight, "bias": bias, "grad_output": dy}
    compare_doors(tally, configuration, run, doors, values)


def scatter_untied(
    x: np.ndarray,
    weight: np.ndarray,
    y: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
    top: int,
    left: int,
) -> None:
    """Add to ``y``, which holds the bias, what each element of the unpadded ``x`` gives to each output."""
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(x.shape[2]):
                for j in range(x.shape[3]):
                    for t in range(weight.shape[4]):
                        for v in range(weight.shape[5]):
                            row, column = i + top - t * dilation_x, j + left - v * dilation_y
                            if row % stride_x == 0 and column % stride_y == 0:
                                row, column = row // stride_x, column // stride_y
                                if 0 <= row < y.shape[2] and 0 <= column < y.shape[3]:
                                    for f in range(y.shape[1]):
                                        y[n, f, row, column] += x[n, c, i, j] * weight[row, column, f, c, t, v]
