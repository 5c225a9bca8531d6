"""Every convolution and every gradient of one as the same sum, which does not mind numbers that contradict each other.

``sum of x[n, c, i*s - p + k*d] * w[f, c, k] * y[n, f, i]``: leave out y and it is the convolution, leave out x and it
is the gradient for x (or the transposed convolution), leave out w and it is the gradient for the weight. The oracle
checks its arguments; here the windows are whatever the tables say, so that a mistake can be put in.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.explain.mistakes.windows import Axis, axes_of
from convoracle.harness.operations.base import Operation

ROLES = ("input_grad", "weight_grad", "bias_grad", "backward")


@dataclass(frozen=True)
class Convolution:
    """A case of any operation of the family.

    Parameters
    ----------
    role : str
        forward, or what the gradient is for.
    transposed : bool
        Whether it belongs to the transposed convolution.
    axes : tuple of Axis
        The windows.
    groups : int
        How many groups of channels there are.
    keeps_size : bool
        The output has the right size, whatever the axes say.
    assigns : str
        Where windows overlap, the ``last window`` or the ``last tap`` wins: ``=`` for ``+=``; empty if all count.
    """

    role: str
    transposed: bool
    axes: tuple[Axis, ...]
    groups: int
    keeps_size: bool = False
    assigns: str = ""


def convolution_of(operation: Operation, case: Any) -> Convolution | None:
    """Return a case as a convolution, or None if it is none."""
    name = operation.name
    if not name.startswith("conv"):
        return None
    role = next((role for role in ROLES if name.endswith(role)), "forward")
    return Convolution(role, name.startswith("conv_transpose"), axes_of(case), case.groups)


def convolve(form: Convolution, case: Any, arrays: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...] | None:
    """Return the results, or None if the numbers leave no window."""
    if form.role == "backward":
        parts = [
            convolve(dataclasses.replace(form, role=role), case, arrays)
            for role in ("input_grad", "weight_grad", "bias_grad")
        ]
        return None if any(part is None for part in parts) else tuple(part[0] for part in parts if part is not None)
    if form.role == "bias_grad":
        grad = arrays["grad_output"]
        return (grad.sum(axis=(0, *range(2, grad.ndim))),)
    if form.role == "weight_grad":
        x, y = arrays["x"], arrays["grad_output"]
        return (_to_weight(form, y, x) if form.transposed else _to_weight(form, x, y),)
    given = arrays["x"] if form.role == "forward" else arrays["grad_output"]
    result = (
        _to_windows(form, case, given, arrays["weight"])
        if (form.role == "forward") != form.transposed
        else _to_input(form, given, arrays["weight"])
    )
    bias = arrays.get("bias")
    if result is None or bias is None or form.role != "forward":
        return None if result is None else (result,)
    return (result + bias.reshape(-1, *[1] * len(form.axes)),)


def _to_windows(form: Convolution, case: Any, x: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Return one number for each window and filter."""
    counts = [axis.windows if form.keeps_size or form.transposed else axis.counted() for axis in form.axes]
    if min(counts) < 1:
        return None
    tables = [axis.table(count, size) for axis, count, size in zip(form.axes, counts, x.shape[2:], strict=True)]
    n, filters, groups = len(x), weight.shape[0], form.groups
    wide = _with_outside(x)
    result = np.zeros((n, groups, filters // groups, int(np.prod(counts))), x.dtype)
    for tap in np.ndindex(*(axis.kernel for axis in form.axes)):
        seen = _read(wide, tables, tap).reshape(n, groups, x.shape[1] // groups, -1)
        result += np.matmul(weight[(..., *tap)].reshape(groups, filters // groups, -1), seen)
    return result.reshape(n, filters, *counts)


def _to_input(form: Convolution, y: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Return one number for each element that the windows read: they add up there, or the last one wins."""
    wrong_size = form.role == "forward" and not form.keeps_size
    sizes = [axis.enlarged() if wrong_size else axis.size for axis in form.axes]
    if min(sizes) < 1:
        return None
    tables = [axis.table(count, size) for axis, count, size in zip(form.axes, y.shape[2:], sizes, strict=True)]
    n, filters, groups = len(y), weight.shape[0], form.groups
    channels = weight.shape[1]
    wide = np.zeros((n, groups * channels, *(size + 1 for size in sizes)), y.dtype)
    grouped = y.reshape(n, groups, filters // groups, -1)
    taps = list(np.ndindex(*(axis.kernel for axis in form.axes)))
    # The last window that reads an element reads it through the first tap.
    for tap in reversed(taps) if form.assigns == "last window" else taps:
        kernel = weight[(..., *tap)].reshape(groups, filters // groups, channels).swapaxes(1, 2)
        spread = np.matmul(kernel, grouped).reshape(n, groups * channels, *y.shape[2:])
        places: Any = (slice(None), slice(None), *np.ix_(*[table[:, k] for table, k in zip(tables, tap, strict=True)]))
        if form.assigns:
            wide[places] = spread
        elif all(axis.outside == "zero" for axis in form.axes):
            wide[places] += spread  # a tap reads each element once; those outside, several times, are cut off below
        else:
            np.add.at(wide, places, spread)
    return wide[(slice(None), slice(None), *[slice(size) for size in sizes])]


def _to_weight(form: Convolution, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return one number for each tap of each filter."""
    tables = [axis.table(count, size) for axis, count, size in zip(form.axes, y.shape[2:], x.shape[2:], strict=True)]
    n, groups = len(x), form.groups
    wide = _with_outside(x)
    by_group = y.reshape(n, groups, y.shape[1] // groups, -1)
    kernel = [axis.kernel for axis in form.axes]
    result = np.zeros((y.shape[1], x.shape[1] // groups, *kernel), x.dtype)
    for tap in np.ndindex(*kernel):
        seen = _read(wide, tables, tap).reshape(n, groups, x.shape[1] // groups, -1)
        products = np.matmul(by_group, seen.swapaxes(2, 3))
        result[(..., *tap)] = products.sum(axis=0).reshape(y.shape[1], -1)
    return result


def _with_outside(x: np.ndarray) -> np.ndarray:
    """Return x with a zero added at the end of every axis, for the taps that lie outside."""
    return np.pad(x, [(0, 0), (0, 0)] + [(0, 1)] * (x.ndim - 2))


def _read(wide: np.ndarray, tables: list[np.ndarray], tap: tuple[int, ...]) -> np.ndarray:
    """Return what every window sees through one tap."""
    columns: Any = np.ix_(*[table[:, k] for table, k in zip(tables, tap, strict=True)])
    read: np.ndarray = wide[(slice(None), slice(None), *columns)]
    return read
