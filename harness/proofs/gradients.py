"""Every backward block of the reference is the exact derivative of its forward block.

The forward loop runs on dual numbers over the rationals, each element of each operand a variable of its own, so that
one run gives the whole Jacobian without any finite difference. Its transpose, applied to a random derivative of the
loss, must be what the backward block returns: equal as fractions, with no tolerance. A maximum has a derivative only
where there is no tie, so max pooling gets distinct values.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.proofs.blocks import LOOPS, Loops, blocks_of
from convoracle.harness.proofs.cases import SEED, objects, run_reference, small_case
from convoracle.harness.proofs.dual import Dual, partials_of
from convoracle.harness.proofs.exponential_gradients import EXPONENTIALS
from convoracle.harness.proofs.layers import LAYERS, Layer, call
from convoracle.harness.proofs.network_gradients import NETWORKS
from convoracle.harness.proofs.printed_gradients import PRINTED, Printed, Shapes
from convoracle.harness.proofs.tally import Tally, Tick


class Derivative(NamedTuple):
    """What a backward operation returns: the derivative of `forward` for each of `operands`, in this order."""

    forward: str
    operands: tuple[str, ...]


DERIVATIVES = {
    "conv2d_input_grad": Derivative("conv2d", ("x",)),
    "conv2d_weight_grad": Derivative("conv2d", ("weight",)),
    "conv2d_bias_grad": Derivative("conv2d", ("bias",)),
    "conv2d_backward": Derivative("conv2d", ("x", "weight", "bias")),
    "max_pool2d_backward": Derivative("max_pool2d", ("x",)),
    "avg_pool2d_backward": Derivative("avg_pool2d", ("x",)),
}
"""The backward operations with cases as a campaign draws them. All their blocks are proved, in every formulation."""


def prove(
    configurations: int,
    tick: Tick,
    *,
    loops: Loops = LOOPS,
    layers: Mapping[str, Layer] = LAYERS,
    printed: Mapping[str, Printed] = PRINTED | EXPONENTIALS | NETWORKS,
) -> Tally:
    """Differentiate forward blocks; `loops`, `layers` and `printed` take the place of the oracle's."""
    tally = Tally()
    subjects: list[Callable[[int], None]] = [
        functools.partial(_prove_block, tally, loops, backward, block)
        for backward in DERIVATIVES
        for block in blocks_of(backward, loops)
    ]
    subjects += [
        functools.partial(_prove_layer, tally, loops, forward, backward)
        for forward, layer in layers.items()
        for backward in layer.backward
    ]
    subjects += [functools.partial(_prove_printed, tally, name, block) for name, block in printed.items()]
    for number in range(configurations):
        with tally.configuration(f"configuration {number}"):
            subjects[number % len(subjects)](number // len(subjects))
        tick(number + 1, configurations)
    tally.counts["backward blocks"] = len(subjects)
    return tally


def _prove_block(tally: Tally, loops: Loops, backward_name: str, block: str, turn: int) -> None:
    """Prove one formulation of a backward operation that the harness verifies."""
    derivative = DERIVATIVES[backward_name]
    forward, backward = OPERATIONS[derivative.forward], OPERATIONS[backward_name]
    case = small_case(backward, ("float64",), turn)
    if "bias" in derivative.operands:
        case = dataclasses.replace(case, bias=True)
    if "indices" in backward.operand_shapes(case):
        case = dataclasses.replace(case, return_indices=True)
    choices = Choices(SEED, "gradients", block, turn)
    shapes = {**backward.operand_shapes(case), **forward.operand_shapes(case)}
    operands = {name: rationals(choices, shape) for name, shape in shapes.items() if name != "indices"}
    if forward.outputs(case)[0].is_selection:
        operands["x"] = distinct_rationals(choices, shapes["x"])
    duals = {**operands, **{name: variables(name, operands[name]) for name in derivative.operands}}
    results = run_reference(forward, case, duals, loops[blocks_of(forward.name, loops)[0]])
    if "indices" in shapes:
        operands["indices"] = results[1]
    exact = transposed_jacobian(results[0], operands["grad_output"])
    gradients = run_reference(backward, case, operands, loops[block])
    for name, gradient in zip(derivative.operands, gradients, strict=True):
        compare(tally, block, name, gradient, operands[name].shape, exact, describe(case))


def _prove_layer(tally: Tally, loops: Loops, forward: str, backward: str, turn: int) -> None:
    """Prove a backward door of a layer, whatever it runs."""
    choices = Choices(SEED, "gradients", backward, turn)
    shapes, options = LAYERS[forward].draw(choices)
    operands = all_distinct(choices, shapes)
    duals = {name: variables(name, values) for name, values in operands.items()}
    output = np.asarray(call(forward, {**duals, **options}, loops.get(f"{forward}_loops"))[0], dtype=object)
    grad_output = rationals(choices, output.shape)
    exact = transposed_jacobian(output, grad_output)
    passed = {**operands, **options, "grad_output": grad_output if grad_output.ndim else grad_output[()]}
    gradients = call(backward, passed, loops.get(f"{backward}_loops"))
    for name, gradient in zip(LAYERS[forward].backward[backward], gradients, strict=True):
        compare(tally, backward, name, gradient, operands[name].shape, exact, f"shapes {shapes}, {options}")


def _prove_printed(tally: Tally, name: str, printed: Printed, turn: int) -> None:
    """Prove a block that has no door of its own or exists only as printed."""
    choices = Choices(SEED, "gradients", name, turn)
    shapes = printed.shapes(choices)
    operands = {operand: rationals(choices, shape) for operand, shape in shapes.items()}
    if "pidx" in printed.results:
        operands["Y"] = distinct_rationals(choices, shapes["Y"])
    duals = {**operands, **{operand: variables(operand, operands[operand]) for operand in printed.operands}}
    output, extra = printed.forward(duals)
    operands["grad_output"] = rationals(choices, output.shape)
    exact = transposed_jacobian(output, operands["grad_output"])
    gradients = printed.backward({**operands, **extra})
    for operand, gradient in zip(printed.operands, gradients, strict=True):
        compare(tally, name, operand, gradient, operands[operand].shape, exact, f"shapes {shapes}")


def compare(
    tally: Tally, block: str, operand: str, gradient: np.ndarray, shape: tuple[int, ...], exact: dict, case: str
) -> None:
    """Compare one gradient with the derivatives of the forward block, element by element."""
    expected = [exact.get((operand, place), 0) for place in range(math.prod(shape))]
    tally.counts["partial derivatives compared"] += len(expected)
    tally.expect(
        gradient.shape == shape and gradient.ravel().tolist() == expected,
        "gradients compared",
        f"{block}: the gradient for {operand} is not the derivative: {case}",
    )


def variables(name: str, values: np.ndarray) -> np.ndarray:
    """Return each element as the variable ``(name, place)``."""
    return objects([Dual(value, {(name, place): Fraction(1)}) for place, value in enumerate(values.flat)], values.shape)


def transposed_jacobian(outputs: np.ndarray, grad_output: np.ndarray) -> dict[Any, Any]:
    """Return, for every variable, the sum over all outputs of ``grad_output`` times the partial derivative."""
    totals: dict[Any, Any] = {}
    for output, weight in zip(outputs.flat, grad_output.flat, strict=True):
        for variable, slope in partials_of(output).items():
            totals[variable] = totals.get(variable, 0) + weight * slope
    return totals


def rationals(choices: Choices, shape: tuple[int, ...]) -> np.ndarray:
    """Return random fractions, of which none is zero: a zero would hide what it is multiplied with."""
    numerators, denominators, signs = (choices.integers(shape, *range_) for range_ in ((1, 9), (1, 5), (0, 1)))
    pairs = zip((numerators * (1 - 2 * signs)).flat, denominators.flat, strict=True)
    return objects([Fraction(int(a), int(b)) for a, b in pairs], shape)


def distinct_rationals(choices: Choices, shape: tuple[int, ...]) -> np.ndarray:
    """Return fractions in random order of which no two are equal and none is zero."""
    order = np.argsort(choices.fractions(shape).ravel(), kind="stable")
    return objects([Fraction(2 * (int(rank) - order.size // 2) + 1, 7) for rank in order], shape)


def all_distinct(choices: Choices, shapes: Shapes) -> dict[str, np.ndarray]:
    """Return operands of which no two elements are equal, also of different operands: no kink is hit."""
    sizes = [math.prod(shape) for shape in shapes.values()]
    pieces = np.split(distinct_rationals(choices, (sum(sizes),)), np.cumsum(sizes)[:-1])
    return {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
