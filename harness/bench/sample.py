"""Whether what was timed is right: a part of its outputs, against the exact values, within the bound of its accuracy.

An output of a convolution depends on one image and one filter alone, a pool's on one plane. So the oracle is asked for
a smaller workload: an image and some filters of the big one, with the operands cut to what those outputs read. Its
values are the big one's, and its componentwise bound too, being made of the same terms. The normwise bound is that of
the whole result, as it is declared. Which part it is, is drawn anew each time: a fault elsewhere stays hidden for a
while, not for ever; that every output is right is what ``convoracle verify --network`` is for.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.bench.workload import Workload
from convoracle.harness.bounds import UNIT_ROUNDOFF
from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks import compare
from convoracle.harness.checks.truth import allowance, magnitude, transform_bound, truth
from convoracle.harness.operations.base import Arrays, Operation
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.geometry import pair

MOST_MACS = 1 << 22
"""So many multiply-adds of the oracle's loops for each output, at most, unless a single value takes more."""

Index = tuple[Any, ...]


@dataclass(frozen=True)
class Measured:
    """What a sample of one implementation's results showed.

    Parameters
    ----------
    ratio : float
        The largest error as a multiple of its bound; at most 1 in a right result.
    error : float
        The largest error, as a multiple of the largest value there and of the dtype's unit roundoff.
    values : int
        How many values were compared.
    problem : str, optional
        What is wrong.
    """

    ratio: float
    error: float
    values: int
    problem: str | None = None


@dataclass(frozen=True)
class Part:
    """A part of one output: the smaller case, what it reads of each operand, and where it is in the result."""

    output: int
    case: Any
    operands: dict[str, Index]
    where: Index


def check(
    workload: Workload, direction: str, operands: Arrays, results: Sequence[np.ndarray], accuracy: str, draw: int
) -> Measured:
    """Compare a part of what came back for `operands` with the exact values; `draw` says which part."""
    operation = workload.operation(direction)
    outputs = operation.outputs(workload.case)
    if len(results) != len(outputs):
        return Measured(np.inf, np.inf, 0, f"{len(results)} results came back instead of {len(outputs)}")
    ratios, errors, values = [0.0], [0.0], 0
    for part in parts(workload, direction, Choices(draw, operation.name, str(workload))):
        output, got = outputs[part.output], results[part.output]
        if got.shape != output.shape or got.dtype.name != workload.case.dtype:
            what = f"{output.name} is {got.dtype} of shape {got.shape}, not {workload.case.dtype} of {output.shape}"
            return Measured(np.inf, np.inf, values, what)
        ratio, error, problem = _compare(operation, workload.case, operands, part, got, accuracy)
        values += got[part.where].size
        ratios.append(ratio)
        errors.append(error)
        if problem is not None:
            return Measured(max(ratios), max(errors), values, problem)
    return Measured(max(ratios), max(errors), values)


def _compare(
    operation: Operation, case: Any, operands: Arrays, part: Part, result: np.ndarray, accuracy: str
) -> tuple[float, float, str | None]:
    """Return the error of a part as a multiple of its bound and of the largest value, and what is wrong."""
    small = operation.outputs(part.case)[part.output]
    cut = {
        name: operands[name][index] if name == "indices" else operands[name][index].astype(np.float64)
        for name, index in part.operands.items()
    }
    got = result[part.where].reshape(small.shape)
    if small.is_selection:
        problem = compare.exact(small, got, small.compute(cut), "normal floats")
        return (0.0, 0.0, None) if problem is None else (np.inf, np.inf, problem.sentence)
    size = magnitude(small, cut)
    high, low, own = truth(small, cut, case.dtype, size)
    bound = own + allowance(small, cut, high, size, case.dtype, "componentwise")
    whole = operation.outputs(case)[part.output]
    if accuracy == "normwise" and (whole.norms is not None or whole.box_norm):
        needed = {name: operands[name].astype(np.float64) for name in whole.terms[0]}
        bound = bound + transform_bound(whole, needed, case.dtype)
    ratio, found = compare.bounded(small, got, (high, low), bound, "bounded")
    largest = float(np.max(np.abs(high), initial=np.finfo(np.float64).tiny))
    error = float(np.max(np.abs((got.astype(np.float64) - high) - low), initial=0.0))
    return ratio, error / largest / UNIT_ROUNDOFF[case.dtype], None if found is None else found.sentence


def parts(workload: Workload, direction: str, choices: Choices) -> Iterator[Part]:
    """Yield a part of each output of a pass."""
    case = workload.case
    if isinstance(case, Conv2dCase):
        of = {"forward": (_of_result,), "input_grad": (_of_grad_x,), "weight_grad": (_of_grad_weight,)}
        for output, part in enumerate(of.get(direction, (_of_grad_x, _of_grad_weight, _of_grad_bias))):
            yield part(case, choices, output)
        return
    taps = pair(case.kernel_size)
    planes = _some(case.c, case.output_shape()[2] * case.output_shape()[3] * taps[0] * taps[1], choices)
    image = choices.below(case.n)
    index = _product([image], planes)
    small = dataclasses.replace(case, n=1, c=len(planes))
    yield Part(0, small, dict.fromkeys(workload.operation(direction).operand_shapes(case), index), index)


def _of_result(case: Conv2dCase, choices: Choices, output: int) -> Part:
    """Return some outputs of one image: of several whole groups, or of some filters of one."""
    (inputs, filters), image = _channels(case), choices.below(case.n)
    groups, chosen = _groups_of(case, filters, _work(case, inputs), choices)
    at = _in_groups(groups, chosen, filters)
    small = dataclasses.replace(case, n=1, c=len(groups) * inputs, f=len(at), groups=len(groups))
    x = _product([image], _in_groups(groups, np.arange(inputs), inputs))
    read: dict[str, Index] = {"x": x, "weight": (at,)}
    return Part(output, small, {**read, "bias": (at,)} if case.bias else read, _product([image], at))


def _of_grad_x(case: Conv2dCase, choices: Choices, output: int) -> Part:
    """Return the gradient of some channels of one image."""
    (inputs, filters), image = _channels(case), choices.below(case.n)
    groups, chosen = _groups_of(case, inputs, _work(case, filters), choices)
    sending = _in_groups(groups, np.arange(filters), filters)
    small = dataclasses.replace(case, n=1, c=len(groups) * len(chosen), f=len(sending), groups=len(groups), bias=False)
    read: dict[str, Index] = {"grad_output": _product([image], sending), "weight": _product(sending, chosen)}
    x = _in_groups(groups, chosen, inputs)
    return Part(output, small, read, _product([image], x))


def _of_grad_weight(case: Conv2dCase, choices: Choices, output: int) -> Part:
    """Return the gradient, summed over all images, of several whole groups, or of some channels of one filter."""
    (inputs, filters), work = _channels(case), _work(case, case.n)
    groups, by_filter = _some(case.groups, work * inputs * filters, choices), np.arange(filters)
    channels = np.arange(inputs)
    if work * inputs * filters > MOST_MACS:
        by_filter, channels = _some(filters, MOST_MACS, choices), _some(inputs, work, choices)
    at, read_from = _in_groups(groups, by_filter, filters), _in_groups(groups, channels, inputs)
    small = dataclasses.replace(case, c=len(read_from), f=len(at), groups=len(groups), bias=False)
    every = np.arange(case.n)
    read: dict[str, Index] = {"grad_output": _product(every, at), "x": _product(every, read_from)}
    return Part(output, small, read, _product(at, channels))


def _of_grad_bias(case: Conv2dCase, choices: Choices, output: int) -> Part:
    """Return the gradient of some biases."""
    height, width = case.output_size()
    chosen = _some(case.f, case.n * height * width, choices)
    small = dataclasses.replace(case, f=len(chosen), c=1, groups=1, bias=False)
    return Part(output, small, {"grad_output": _product(np.arange(case.n), chosen)}, (chosen,))


def _channels(case: Conv2dCase) -> tuple[int, int]:
    """Return the input channels and the filters of a group."""
    return case.c // case.groups, case.f // case.groups


def _work(case: Conv2dCase, terms: int) -> int:
    """Return the multiply-adds of one plane of outputs that sums so many planes, all taps included."""
    height, width = case.output_size()
    return height * width * case.kernel_size[0] * case.kernel_size[1] * terms


def _groups_of(case: Conv2dCase, channels: int, work: int, choices: Choices) -> tuple[np.ndarray, np.ndarray]:
    """Return some groups and some channels within each: all channels of several groups, or some of one."""
    chosen = _some(channels, work, choices)
    if len(chosen) < channels:
        return np.array([choices.below(case.groups)]), chosen
    return _some(case.groups, work * channels, choices), chosen


def _some(count: int, work: int, choices: Choices) -> np.ndarray:
    """Return as many of `count` numbers as can be afforded at so much work each, in order."""
    afforded = max(1, min(count, MOST_MACS // max(work, 1)))
    return np.array(sorted(choices.shuffled(range(count))[:afforded]))


def _in_groups(groups: np.ndarray, within: np.ndarray, size: int) -> np.ndarray:
    """Return the numbers of channels, from the numbers of groups and those within a group of `size`."""
    return (groups[:, None] * size + within[None, :]).ravel()


def _product(*axes: Sequence[int] | np.ndarray) -> Index:
    """Return the index of all combinations of numbers along the first axes."""
    return np.ix_(*(np.asarray(axis) for axis in axes))
