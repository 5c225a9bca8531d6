"""The triangulation of the convolution and its gradients, in two dimensions, in one, and without weight sharing."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.agreement import compare, compare_doors, refuses
from convoracle.harness.proofs.blocks import Loops
from convoracle.harness.proofs.formulations import (
    dense_conv,
    dense_conv_input_grad,
    dense_conv_weight_grad,
    dense_matrices,
    scatter_conv,
)
from convoracle.harness.proofs.space import POINT, Convolution
from convoracle.harness.proofs.tally import Tally
from convoracle.harness.proofs.triangulated_untied import check_untied

IMAGES, CHANNELS, FILTERS = 2, 2, 4


def check_convolution(
    tally: Tally,
    configuration: Convolution,
    choices: Choices,
    run: Loops,
    twin: Callable[..., Any],
    rule: str | None = None,
) -> None:
    """Compare the formulations of a convolution and of its three gradients.

    With a `rule` the doors are told that, "same" or "same_lower", and have to find the configuration's padding.
    """
    rows, columns, groups = configuration
    x = choices.integers((IMAGES, CHANNELS, rows.size, columns.size), -9, 9)
    weight = choices.integers((FILTERS, CHANNELS // groups, rows.kernel, columns.kernel), -9, 9)
    bias = choices.integers((FILTERS,), -9, 9)
    padding = (rows.before, rows.after), (columns.before, columns.after)
    options: dict[str, Any] = {
        "stride": (rows.stride, columns.stride),
        "padding": padding if rule is None else rule,
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
    values = {"x": x, "weight": weight, "bias": bias, "grad_output": dy, **options}
    compare_doors(tally, configuration, run, _doors("conv2d", y, dx, dw, db), values)
    if columns == POINT:
        lines = {name: array[..., 0] for name, array in values.items() if name in ("x", "weight", "grad_output")}
        along = {name: options[name][0] for name in ("stride", "dilation")}
        along["padding"] = padding[:1] if rule is None else rule
        values = {**lines, "bias": bias, "groups": groups, **along}
        compare_doors(tally, configuration, run, _doors("conv1d", y[..., 0], dx[..., 0], dw[..., 0], db), values)
    if groups == 1:
        check_untied(tally, configuration, choices, run, twin, options)


def _doors(
    name: str, y: np.ndarray, dx: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> dict[str, tuple[np.ndarray, ...]]:
    """Return what each door of a convolution must return."""
    return {
        name: (y,),
        f"{name}_input_grad": (dx,),
        f"{name}_weight_grad": (dw,),
        f"{name}_bias_grad": (db,),
        f"{name}_backward": (dx, dw, db),
    }
