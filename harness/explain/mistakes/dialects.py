"""The catalogue: for each operation, every other convention and every common mistake we know, as something to run."""

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.mistakes.axis_mistakes import AxisMistake, axis_mistakes, with_same_padding
from convoracle.harness.explain.mistakes.convolution_forms import Convolution, convolution_of, convolve
from convoracle.harness.explain.mistakes.dialect import Dialect, Results, oracle
from convoracle.harness.explain.mistakes.operand_mistake import OperandMistake
from convoracle.harness.explain.mistakes.operand_mistakes import operand_mistakes, rounded_to
from convoracle.harness.explain.mistakes.pool_dialects import pool_dialects
from convoracle.harness.explain.mistakes.result_mistakes import ResultMistake, result_mistakes
from convoracle.harness.explain.mistakes.windows import axes_of, replaced
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Arrays, Operation

LOOKED_AT = 12
"""How many cases tell which operands an operation has."""


@functools.cache
def dialects(operation: str) -> tuple[Dialect, ...]:
    """Return the catalogue of one operation, the simplest first."""
    return tuple(sorted(_dialects(OPERATIONS[operation]), key=lambda dialect: dialect.cost))


def _dialects(operation: Operation) -> Iterator[Dialect]:
    cases = [draw_small(operation, {}, ("float64",), 0, number) for number in range(LOOKED_AT)]
    names = dict.fromkeys(name for case in cases for name in operation.operand_shapes(case))
    axes = axes_of(cases[0])
    if convolution_of(operation, cases[0]) is not None:
        yield from _of_convolution(operation, "".join(axis.name for axis in axes))
    elif "pool" in operation.name:
        yield from pool_dialects(operation)
    spatial = max(len(operation.outputs(cases[0])[0].shape) - 2, 0)
    for mistake in operand_mistakes(operation, tuple(names), len(axes) or spatial):
        yield _with_operand(mistake)
    yield from _with_all_rounded()
    is_gradient = "grad" in operation.name or "backward" in operation.name
    for change in result_mistakes(len(axes) or spatial, "bias" in names, is_gradient):
        yield _with_result(change)


def _with_all_rounded() -> Iterator[Dialect]:
    """Yield what comes of operands in a smaller format, all of them or all but the bias."""
    for bits, what in ((8, "bfloat16"), (11, "eleven bits (float16 or TensorFloat-32)"), (24, "float32")):
        for spared, but in (((), "every operand"), (("bias",), "every operand but the bias")):

            def compute(
                operation: Operation, case: Any, arrays: Arrays, bits: int = bits, spared: tuple[str, ...] = spared
            ) -> Results | None:
                if not case.dtype.startswith("float"):
                    return None
                kept = {name: array for name, array in arrays.items() if name in (*spared, "indices")}
                return oracle(
                    operation, case, {name: kept.get(name, rounded_to(array, bits)) for name, array in arrays.items()}
                )

            yield Dialect(f"the oracle's with {but} rounded to {what}", compute, 3)


def _of_convolution(operation: Operation, names: str) -> Iterator[Dialect]:
    transposed = operation.name.startswith("conv_transpose")
    is_forward = not any(word in operation.name for word in ("grad", "backward"))
    options = ("stride", "padding", "dilation", *(("output_padding",) if transposed else ()))
    mistakes = list(axis_mistakes(options, names))
    if is_forward and not transposed:
        mistakes.append(AxisMistake("with the output size rounded up", lambda case, axes: replaced(axes, ceil="every")))
    for mistake in mistakes:
        for keeps_size in (False, True) if is_forward else (True,):
            for moves in (True, False) if mistake.moves_padding and not transposed else (False,):
                yield _with_axes(mistake, keeps_size, moves, is_forward)
    if transposed == is_forward and not operation.name.endswith(("weight_grad", "bias_grad")):
        for last in ("last window", "last tap"):
            yield _of_form(
                f"the oracle's with = for += where windows overlap: the {last} counts",
                functools.partial(lambda last, case, form: dataclasses.replace(form, assigns=last), last),
                1,
            )


def _with_axes(mistake: AxisMistake, keeps_size: bool, moves_padding: bool, is_forward: bool) -> Dialect:
    def change(case: Any, form: Convolution) -> Convolution | None:
        axes = mistake.change(case, form.axes)
        if axes is not None and moves_padding:
            axes = with_same_padding(case, axes)
        return None if axes is None else dataclasses.replace(form, axes=axes, keeps_size=keeps_size)

    says = f"the oracle's {mistake.says}"
    if mistake.moves_padding and not moves_padding:
        says += ", except by SAME padding"
    if keeps_size and is_forward:
        says += ", in an output of the right size"
    return _of_form(says, change, mistake.cost + (keeps_size and is_forward) + (not moves_padding))


def _of_form(says: str, change: Any, cost: int) -> Dialect:
    def compute(operation: Operation, case: Any, arrays: Arrays) -> Results | None:
        form = convolution_of(operation, case)
        changed = None if form is None else change(case, form)
        return None if changed is None else convolve(changed, case, arrays)

    return Dialect(says, compute, cost)


def _with_operand(mistake: OperandMistake) -> Dialect:
    def compute(operation: Operation, case: Any, arrays: Arrays) -> Results | None:
        if mistake.name not in arrays:
            return oracle(operation, case, arrays)
        changed = mistake.change(case, arrays[mistake.name])
        if changed is None or changed.shape != arrays[mistake.name].shape:
            return None
        return oracle(operation, case, {**arrays, mistake.name: changed})

    return Dialect(f"the oracle's {mistake.says}", compute, mistake.cost)


def _with_result(mistake: ResultMistake) -> Dialect:
    def compute(operation: Operation, case: Any, arrays: Arrays) -> Results | None:
        rights = oracle(operation, case, arrays)
        changed = [
            None if output.is_index else mistake.change(case, arrays, right)
            for output, right in zip(operation.outputs(case), rights, strict=True)
        ]
        if all(result is None for result in changed):
            return None
        # What a mistake cannot happen to, as a bias when planes are turned, stays right.
        return tuple(right if result is None else result for right, result in zip(rights, changed, strict=True))

    return Dialect(f"the oracle's {mistake.says}", compute, mistake.cost)
