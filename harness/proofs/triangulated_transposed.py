"""The triangulation of the transposed convolution and its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.agreement import compare, compare_doors, refuses
from convoracle.harness.proofs.blocks import Loops
from convoracle.harness.proofs.formulations import (
    Axis,
    dense_conv,
    dense_conv_input_grad,
    dense_conv_weight_grad,
    dense_matrices,
)
from convoracle.harness.proofs.space import Transposed
from convoracle.harness.proofs.tally import Tally

IMAGES, CHANNELS, FILTERS = 2, 4, 2


def check_transposed(
    tally: Tally, configuration: Transposed, choices: Choices, run: Loops, twin: Callable[..., Any]
) -> None:
    """Compare the formulations: the dense one is the transpose of the matrix of a convolution, as the name says."""
    rows, columns, extra, groups = configuration
    x = choices.integers((IMAGES, CHANNELS, rows.size, columns.size), -9, 9)
    weight = choices.integers((CHANNELS, FILTERS // groups, rows.kernel, columns.kernel), -9, 9)
    bias = choices.integers((FILTERS,), -9, 9)
    options: dict[str, Any] = {
        "stride": (rows.stride, columns.stride),
        "padding": (rows.before, columns.before),
        "output_padding": extra,
        "groups": groups,
        "dilation": (rows.dilation, columns.dilation),
    }
    size = outputs(rows, extra[0]), outputs(columns, extra[1])
    if min(size) < 1:
        refused = refuses(lambda: reference.conv_transpose2d(x, weight, bias, **options))
        tally.expect(refused, "impossible configurations refused", f"conv_transpose2d accepts {configuration}")
        return
    back = rows._replace(size=size[0]), columns._replace(size=size[1])
    matrices = dense_matrices(*back, (rows.size, columns.size))
    y = dense_conv_input_grad(x, weight, groups, matrices) + bias[:, None, None]
    gathered = np.zeros_like(y) + bias[:, None, None]
    twin(gather_transposed)(
        x, weight, gathered, *options["stride"], *options["dilation"], rows.before, columns.before, groups
    )
    compare(tally, configuration, "gather", gathered, [y])
    dy = choices.integers(y.shape, -9, 9)
    dx = dense_conv(dy, weight, np.zeros(CHANNELS, np.int64), groups, matrices)
    dw = dense_conv_weight_grad(x, dy, weight.shape, groups, matrices)
    db = dy.sum(axis=(0, 2, 3))
    doors = {
        "conv_transpose2d": (y,),
        "conv_transpose2d_input_grad": (dx,),
        "conv_transpose2d_weight_grad": (dw,),
        "conv_transpose2d_backward": (dx, dw, db),
    }
    compare_doors(
        tally, configuration, run, doors, {"x": x, "weight": weight, "bias": bias, "grad_output": dy, **options}
    )


def outputs(axis: Axis, extra: int) -> int:
    """Count the outputs: the places that any input's taps reach, `extra` more, without the padding on both sides."""
    reached = axis._replace(before=0).positions(axis.size)
    return int(reached.max()) + 1 + extra - axis.before - axis.after


def gather_transposed(
    x: np.ndarray,
    weight: np.ndarray,
    y: np.ndarray,
    stride_x: int,
    stride_y: int,
    dilation_x: int,
    dilation_y: int,
    top: int,
    left: int,
    groups: int,
) -> None:
    """Add to ``y``, which holds the bias, what each output takes from each element: centred on the output."""
    channels = weight.shape[0] // groups
    for n in range(y.shape[0]):
        for f in range(y.shape[1]):
            group, own = f // weight.shape[1], f % weight.shape[1]
            for row in range(y.shape[2]):
                for column in range(y.shape[3]):
                    for t in range(weight.shape[2]):
                        for v in range(weight.shape[3]):
                            i, j = row + top - t * dilation_x, column + left - v * dilation_y
                            if i % stride_x == 0 and j % stride_y == 0:
                                i, j = i // stride_x, j // stride_y
                                if 0 <= i < x.shape[2] and 0 <= j < x.shape[3]:
                                    for c in range(group * channels, (group + 1) * channels):
                                        y[n, f, row, column] += x[n, c, i, j] * weight[c, own, t, v]
