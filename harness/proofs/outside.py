"""Evidence from outside: PyTorch and ONNX Runtime agree with the reference on integers, exactly.

Configurations are those of a campaign: asymmetric padding, SAME, dilation, groups, ceil and include-pad, batches. The
data are integers of which every partial sum is exactly representable, so there is one right answer whatever the order
of summation. A mean leaves the integers in its last step: its result, times the divisor, must round to the exact sum,
of integers so small that no division can be off by one half.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.source import PEERS, Source
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.cases.operands import exact_amplitude, integers
from convoracle.harness.operations import OPERATIONS, Operation
from convoracle.harness.operations.base import Output
from convoracle.harness.oracle import compiled
from convoracle.harness.proofs.blocks import LOOPS, Loops, blocks_of
from convoracle.harness.proofs.cases import SEED, run_reference
from convoracle.harness.proofs.tally import Tally, Tick

ROUNDING_BITS = 6
"""A mean and its gradient are held to integers 2**6 times smaller than exactness allows: see `_operands`."""

Peers = Mapping[str, Mapping[str, Candidate]]


def prove(
    configurations: int,
    tick: Tick,
    *,
    loops: Loops = LOOPS,
    twin: Callable[..., Any] = compiled,
    peers: Peers | None = None,
) -> Tally:
    """Compare the peers with the reference's loops, every operation of every peer in turn."""
    tally = Tally()
    offered = {name: _of_peer(name) for name in PEERS} if peers is None else peers
    pairs = [(peer, name) for peer, candidates in offered.items() for name in candidates if blocks_of(name, loops)]
    for number in range(configurations):
        (peer, name), turn = pairs[number % len(pairs)], number // len(pairs)
        operation, candidate = OPERATIONS[name], offered[peer][name]
        blocks = blocks_of(name, loops)
        case = draw_small(operation, candidate.limits, candidate.dtypes, SEED, turn)
        with tally.configuration(f"{name} of {peer}: {describe(case)}"):
            agree = _agree(operation, case, candidate, twin(loops[blocks[turn % len(blocks)]]))
            tally.expect(agree, f"results of {peer} agreed with", f"{name} of {peer} differs: {describe(case)}")
        _count_options(tally, case)
        tick(number + 1, configurations)
    tally.counts["operations of peers"] = len(pairs)
    return tally


def _agree(operation: Operation, case: Any, candidate: Candidate, block: Callable[..., None]) -> bool:
    """Return whether the peer's results are those of the reference, in shape and in every value."""
    outputs = operation.outputs(case)
    operands = _operands(operation, case, outputs)
    passed = {name: array if name == "indices" else array.astype(case.dtype) for name, array in operands.items()}
    positional, keywords = operation.arguments(case, passed)
    returned = candidate.bound_to(operation)(*positional, **keywords)
    results = returned if isinstance(returned, tuple) else (returned,)
    expected = run_reference(operation, case, operands, block)
    return all(
        got.shape == right.shape and np.array_equal(*_as_integers(output, got, right))
        for output, got, right in zip(outputs, results, expected, strict=True)
    )


def _as_integers(output: Output, got: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both results as the integers they stand for: means times their divisors, rounded."""
    if not output.parts:
        return got, right
    divisors = output.parts[0].divisors if len(output.parts) == 1 else np.array(1)
    return np.rint(got.astype(np.float64) * divisors), np.rint(right * divisors)


def _operands(operation: Operation, case: Any, outputs: tuple[Output, ...]) -> dict[str, np.ndarray]:
    """Return integers of the largest amplitude with exact sums, or 2**6 times smaller ones where something is divided.

    There the sum s is exact and at most ``2**(p - 6)``; a division, or a product with a rounded reciprocal, is off by
    less than ``4 u |s| = 2**-4``, and as many as seven such terms may be added up before that reaches one half.
    """
    if not outputs[0].parts:
        return integers(operation, case)
    return integers(operation, case, max(exact_amplitude(outputs, case.dtype) >> ROUNDING_BITS, 1))


def _of_peer(name: str) -> dict[str, Candidate]:
    source = Source("peer", name)
    return {operation: source.load(operation) for operation in source.operations()}


def _count_options(tally: Tally, case: Any) -> None:
    """Count how many configurations had what the proof says it covers."""
    padding = getattr(case, "padding", 0)
    if isinstance(padding, tuple) and any(isinstance(side, tuple) and side[0] != side[1] for side in padding):
        tally.counts["configurations with padding that differs between two sides"] += 1
    for name, plain in (("dilation", 1), ("groups", 1), ("ceil_mode", False), ("count_include_pad", True)):
        if getattr(case, name, plain) not in (plain, (plain, plain)):
            tally.counts[f"configurations with {name} other than {plain}"] += 1
    if isinstance(padding, str):
        tally.counts[f"configurations with padding {padding!r}"] += 1
