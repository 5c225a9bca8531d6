"""The triangulation of the 3-D convolution and its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.agreement import compare, compare_doors
from convoracle.harness.proofs.blocks import Loops
from convoracle.harness.proofs.formulations import dense_weight
from convoracle.harness.proofs.space import Volume
from convoracle.harness.proofs.tally import Tally

IMAGES, CHANNELS, FILTERS = 2, 2, 4


def check_volume(tally: Tally, configuration: Volume, choices: Choices, run: Loops, twin: Callable[..., Any]) -> None:
    """Compare the formulations of a 3-D convolution and of its three gradients."""
    axes, groups = configuration.axes, configuration.groups
    x = choices.integers((IMAGES, CHANNELS, *(axis.size for axis in axes)), -9, 9)
    weight = choices.integers((FILTERS, CHANNELS // groups, *(axis.kernel for axis in axes)), -9, 9)
    bias = choices.integers((FILTERS,), -9, 9)
    windows = [axis.windows() for axis in axes]
    dy = choices.integers((IMAGES, FILTERS, *windows), -9, 9)
    options: dict[str, Any] = {
        "stride": tuple(axis.stride for axis in axes),
        "padding": tuple((axis.before, axis.after) for axis in axes),
        "dilation": tuple(axis.dilation for axis in axes),
        "groups": groups,
    }
    taps = [axis.incidence(number) for axis, number in zip(axes, windows, strict=True)]
    full = dense_weight(weight, groups)
    y = np.einsum("oah,pbi,qdj,nchij,fcabd->nfopq", *taps, x, full, optimize=True) + bias[:, None, None, None]
    dx = np.einsum("oah,pbi,qdj,nfopq,fcabd->nchij", *taps, dy, full, optimize=True)
    all_dw = np.einsum("oah,pbi,qdj,nfopq,nchij->fcabd", *taps, dy, x, optimize=True)
    firsts = [filter_ * groups // FILTERS * weight.shape[1] for filter_ in range(FILTERS)]
    dw = np.stack([all_dw[filter_, first : first + weight.shape[1]] for filter_, first in enumerate(firsts)])
    db = dy.sum(axis=(0, 2, 3, 4))
    scattered = np.zeros_like(y) + bias[:, None, None, None]
    before = tuple(axis.before for axis in axes)
    twin(scatter_volume)(x, weight, scattered, options["stride"], options["dilation"], before, groups)
    compare(tally, configuration, "scatter", scattered, [y])
    doors = {
        "conv3d": (y,),
        "conv3d_input_grad": (dx,),
        "conv3d_weight_grad": (dw,),
        "conv3d_bias_grad": (db,),
        "conv3d_backward": (dx, dw, db),
    }
    compare_doors(
        tally, configuration, run, doors, {"x": x, "weight": weight, "bias": bias, "grad_output": dy, **options}
    )


def scatter_volume(
    x: np.ndarray,
    weight: np.ndarray,
    y: np.ndarray,
    stride: tuple[int, int, int],
    dilation: tuple[int, int, int],
    before: tuple[int, int, int],
    groups: int,
) -> None:
    """Add to ``y``, which holds the bias, what each element of the unpadded ``x`` gives to each output."""
    filters = weight.shape[0] // groups
    for n, c, h, i, j in np.ndindex(x.shape):
        group, own = c // weight.shape[1], c % weight.shape[1]
        for t, u, v in np.ndindex(weight.shape[2:]):
            slice_, row, column = (
                h + before[0] - t * dilation[0],
                i + before[1] - u * dilation[1],
                j + before[2] - v * dilation[2],
            )
            if slice_ % stride[0] == 0 and row % stride[1] == 0 and column % stride[2] == 0:
                slice_, row, column = slice_ // stride[0], row // stride[1], column // stride[2]
                if 0 <= slice_ < y.shape[2] and 0 <= row < y.shape[3] and 0 <= column < y.shape[4]:
                    for f in range(group * filters, (group + 1) * filters):
                        y[n, f, slice_, row, column] += x[n, c, h, i, j] * weight[f, own, t, u, v]
