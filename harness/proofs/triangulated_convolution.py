"""The triangulation of the convolution and its gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.choices import Choices
from convoracle.harness.proofs.agreement import compare, refuses
from convoracle.harness.proofs.blocks import Loops, blocks_of
from convoracle.harness.proofs.formulations import (
    dense_conv,
    dense_conv_input_grad,
    dense_conv_weight_grad,
    dense_matrices,
    scatter_conv,
)
from convoracle.harness.proofs.space import Convolution
from convoracle.harness.proofs.tally import Tally

IMAGES, CHANNELS, FILTERS = 2, 2, 4


def check_convolution(
    tally: Tally, configuration: Convolution, choices: Choices, run: Loops, twin: Callable[..., Any]
) -> None:
    """Compare the formulations of a convolution and of its three gradients."""
    rows, columns, groups = configuration
    x = choices.integers((IMAGES, CHANNELS, rows.size, columns.size), -9, 9)
    weight = choices.integers((FILTERS, CHANNELS // groups, rows.kernel, columns.kernel), -9, 9)
    bias = choices.integers((FILTERS,), -9, 9)
    options: dict[str, Any] = {
        "stride": (rows.stride, columns.stride),
        "padding": ((rows.before, rows.after), (columns.before, columns.after)),
        "dilation": (rows.dilation, columns.dilation),
        "groups": groups,
    }
    windows = rows.windows(), columns.windows()
    if min(windows) == 0:
        refused = refuses(lambda: reference.conv2d(x, weight, bias, **options))
        tally.expect(refused, "impossible configurations refused", f"conv2d accepts {configuration}")
        return
    matrices = dense_matrices(rows, columns, windows)
    dy = choices.integers((IMAGES, FILTERS, *windows), -9, 9)
    y = dense_conv(x, weight, bias, groups, matrices)
    scattered = np.zeros_like(y) + bias[:, None, None]
    twin(scatter_conv)(
        x, weight, scattered, *options["stride"], *options["dilation"], rows.before, columns.before, groups
    )
    dx = dense_conv_input_grad(dy, weight, groups, matrices)
    dw = dense_conv_weight_grad(dy, x, weight.shape, groups, matrices)
    db = dy.sum(axis=(0, 2, 3))
    compare(tally, configuration, "scatter", scattered, [y])
    doors: dict[str, tuple[Callable[..., Any], list[np.ndarray]]] = {
        "conv2d": (lambda loops: reference.conv2d(x, weight, bias, **options, loops=loops), [y]),
        "conv2d_input_grad": (
            lambda loops: reference.conv2d_input_grad(dy, weight, x.shape, **options, loops=loops),
            [dx],
        ),
        "conv2d_weight_grad": (
            lambda loops: reference.conv2d_weight_grad(dy, x, weight.shape, **options, loops=loops),
            [dw],
        ),
        "conv2d_bias_grad": (lambda loops: reference.conv2d_bias_grad(dy, loops=loops), [db]),
        "conv2d_backward": (
            lambda loops: reference.conv2d_backward(dy, x, weight, **options, loops=loops),
            [dx, dw, db],
        ),
    }
    for operation, (door, expected) in doors.items():
        for name in blocks_of(operation, run):
            compare(tally, configuration, name, door(run[name]), expected)
