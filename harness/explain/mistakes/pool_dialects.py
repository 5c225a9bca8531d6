"""What other libraries, and common mistakes, make of a pool."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from convoracle.harness.explain.evidence import arranged
from convoracle.harness.explain.mistakes.axis_mistakes import Axes, AxisMistake, axis_mistakes
from convoracle.harness.explain.mistakes.dialect import Dialect, Results
from convoracle.harness.explain.mistakes.pooling_forms import Pooling, pool, pooling_of
from convoracle.harness.explain.mistakes.windows import replaced
from convoracle.harness.operations.base import Arrays, Operation

MAXIMA: dict[str, dict[str, Any]] = {
    "the maximum over a padding of zeros": {"padding_counts": True},
    "the maximum of the window and zero": {"floor": 0.0},
    "the oracle's with the last of equal maxima": {"ties": "last"},
    "the oracle's with the first of equal maxima by columns": {"ties": "by columns"},
    "the oracle's with NaN ignored": {"nan": "ignored"},
    "the oracle's with indices in the padded plane": {"index": "padded"},
    "the oracle's with indices inside the window": {"index": "window"},
    "the oracle's with indices in the whole image": {"index": "image"},
    "the oracle's with indices in the whole batch": {"index": "batch"},
    "the oracle's with indices column by column": {"index": "columns"},
}
MEANS: dict[str, dict[str, Any]] = {
    "the sum of the window divided by the taps inside the input": {"divisor": "inside"},
    "the sum of the window divided by the taps inside the padded input": {"divisor": "padded"},
    "the sum of the window divided by the whole kernel": {"divisor": "kernel"},
    "the sum of the window, not divided": {"divisor": "one"},
}


def pool_dialects(operation: Operation) -> Iterator[Dialect]:
    """Yield the dialects of a pool or of its gradient."""
    if operation.name == "max_pool2d_backward":
        yield from _of_indices()
        return
    rules = dict(MAXIMA if operation.name == "max_pool2d" else MEANS)
    if operation.name == "avg_pool2d_backward":
        rules = {says.replace("the sum of the window", "the gradient"): rule for says, rule in rules.items()}
        for last in ("last window", "last tap"):
            rules[f"the oracle's with = for += where windows overlap: the {last} counts"] = {"assigns": last}
    for says, rule in rules.items():
        yield _dialect(says, 1, functools.partial(lambda rule, case, form: dataclasses.replace(form, **rule), rule))
    if operation.name != "max_pool2d":
        yield _dialect("the oracle's with divisor_override ignored", 1, _without_override)
        for divisor, word in (("inside", "off"), ("padded", "on")):
            yield _dialect(
                f"the oracle's with count_include_pad always {word}", 1, functools.partial(_counting, divisor)
            )
        yield _dialect("the oracle's with count_include_pad inverted", 1, _inverted)
    options = ("stride", "padding", "kernel_size", *(("dilation",) if operation.name == "max_pool2d" else ()))
    for mistake in (*axis_mistakes(options, "hw"), *_of_sizes()):
        says = f"the oracle's {mistake.says}"
        yield _dialect(
            says, mistake.cost, functools.partial(lambda mistake, case, form: _moved(case, form, mistake), mistake)
        )
        if operation.name != "avg_pool2d_backward":
            yield _dialect(
                f"{says}, in an output of the right size",
                mistake.cost + 1,
                functools.partial(
                    lambda mistake, case, form: _moved(case, dataclasses.replace(form, keeps_size=True), mistake),
                    mistake,
                ),
            )


def _of_sizes() -> Iterator[AxisMistake]:
    def other(case: Any, axes: Axes) -> Axes:
        return replaced(axes, ceil="floor" if case.ceil_mode else "ceil")

    yield AxisMistake("with ceil_mode ignored", lambda case, axes: replaced(axes, ceil="floor"))
    yield AxisMistake("with ceil_mode always on", lambda case, axes: replaced(axes, ceil="ceil"))
    yield AxisMistake("with ceil_mode inverted", other)
    yield AxisMistake(
        "with windows that start in the padding kept under ceil_mode",
        lambda case, axes: replaced(axes, ceil="every") if case.ceil_mode else axes,
    )
    yield AxisMistake(
        "with a stride of one where none is given",
        lambda case, axes: replaced(axes, stride=1) if case.stride is None else axes,
    )
    yield AxisMistake(
        "with the kernel's size as the stride",
        lambda case, axes: replaced(axes, stride=tuple(axis.kernel for axis in axes)),
    )


def _dialect(says: str, cost: int, change: Any) -> Dialect:
    def compute(operation: Operation, case: Any, arrays: Arrays) -> Results | None:
        form = pooling_of(operation, case)
        changed = None if form is None else change(case, form)
        return None if changed is None else pool(changed, case, arrays)

    return Dialect(says, compute, cost)


def _moved(case: Any, form: Pooling, mistake: AxisMistake) -> Pooling | None:
    axes = mistake.change(case, form.axes)
    return None if axes is None else dataclasses.replace(form, axes=axes)


def _without_override(case: Any, form: Pooling) -> Pooling:
    return dataclasses.replace(form, divisor="padded" if case.count_include_pad else "inside")


def _counting(divisor: str, case: Any, form: Pooling) -> Pooling:
    return form if case.divisor_override is not None else dataclasses.replace(form, divisor=divisor)


def _inverted(case: Any, form: Pooling) -> Pooling:
    if case.divisor_override is not None:
        return form
    return dataclasses.replace(form, divisor="inside" if case.count_include_pad else "padded")


def _of_indices() -> Iterator[Dialect]:
    """Yield the dialects of a maximum's gradient, which knows nothing of windows."""

    def scattered(says: str, assigns: bool, by_columns: bool) -> Dialect:
        def compute(operation: Operation, case: Any, arrays: Arrays) -> Results:
            n, c, height, width = case.x_shape()
            # Laid out in memory as in the call: in which order NumPy assigns to one place twice depends on that.
            passed = arranged(operation, case, arrays)
            grad, places = (passed[name].reshape(n * c, -1) for name in ("grad_output", "indices"))
            if by_columns:
                places = places % height * width + places // height
            result = np.zeros((n * c, height * width), grad.dtype)
            planes = np.arange(n * c)[:, None]
            if assigns:
                result[planes, places] = grad
            else:
                np.add.at(result, (planes, places), grad)
            return (result.reshape(case.x_shape()),)

        return Dialect(says, compute, 1)

    yield scattered("the oracle's with = for += where windows share a maximum", True, False)
    yield scattered("the oracle's with indices column by column", False, True)
