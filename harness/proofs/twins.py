"""The compiled twin: ``numba.njit`` of every loop function gives the very bits that the interpreter gives.

Each loop function is handed to its own door, which calls it as it always does; what stands in for it runs the
interpreted and the compiled function on copies of the same arrays and compares everything they wrote, byte by byte.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import floats
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.cases.operands import integers, random_floats
from convoracle.harness.operations import OPERATIONS, Operation
from convoracle.harness.oracle import compiled
from convoracle.harness.proofs.blocks import LOOPS, Loops, operation_of
from convoracle.harness.proofs.cases import SEED, run_reference, small_case
from convoracle.harness.proofs.layers import LAYERS, call, owner_of
from convoracle.harness.proofs.tally import Tally, Tick

DTYPES = ("float32", "float64", "int64")


def prove(configurations: int, tick: Tick, *, loops: Loops = LOOPS, twin: Callable[..., Any] = compiled) -> Tally:
    """Compare every loop function with its compiled twin, in turn over the dtypes its operation has."""
    tally = Tally()
    names = [name for name in loops if operation_of(name) is not None or owner_of(name) is not None]
    ran: set[tuple[str, str]] = set()
    for number in range(configurations):
        name, turn = names[number % len(names)], number // len(names)
        with tally.configuration(name):
            both = _Both(loops[name], twin(loops[name]))
            operation = operation_of(name)
            run = functools.partial(_run_layer, name) if operation is None else functools.partial(_run, operation)
            dtype, case = run(turn, both)
            tally.expect(
                both.are_equal, f"pairs of runs compared in {dtype}", f"{name}: compiled and interpreted differ: {case}"
            )
            tally.counts["bytes compared"] += both.compared
            ran.add((name, dtype))
        tick(number + 1, configurations)
    for name in sorted(set(loops) - set(names)):
        tally.fail(f"{name} belongs to no operation the proofs know")
    tally.counts["loop functions"] = len(names)
    for dtype in DTYPES:
        tally.counts[f"of these in {dtype}"] = sum(other == dtype for _, other in ran)
    return tally


class _Both:
    """Stands in for a loop function: runs it and its twin, and leaves the arrays as the first wrote them."""

    def __init__(self, interpreted: Callable[..., None], compiled: Callable[..., None]) -> None:
        self._interpreted, self._compiled = interpreted, compiled
        self.are_equal = False
        self.compared = 0

    def __call__(self, *arguments: Any) -> None:
        copies = [value.copy() if isinstance(value, np.ndarray) else value for value in arguments]
        self._interpreted(*arguments)
        self._compiled(*copies)
        pairs = [pair for pair in zip(arguments, copies, strict=True) if isinstance(pair[0], np.ndarray)]
        self.are_equal = all(one.tobytes() == other.tobytes() for one, other in pairs)
        self.compared = sum(one.nbytes for one, _ in pairs)


def _run(name: str, turn: int, both: _Both) -> tuple[str, str]:
    """Run a loop function behind the door of an operation the harness knows; return the dtype and the case."""
    operation = OPERATIONS[name]
    case = small_case(operation, (_dtype(operation.takes_integers, turn),), turn)
    run_reference(operation, case, _operands(operation, case, turn), both)
    return case.dtype, describe(case)


def _run_layer(name: str, turn: int, both: _Both) -> tuple[str, str]:
    """Run a loop function behind the door of another layer; return the dtype, and the shapes and options."""
    owner = owner_of(name)
    assert owner is not None
    forward, door = owner
    layer, choices = LAYERS[forward], Choices(SEED, "twins", name, turn)
    dtype = _dtype(layer.takes_integers, turn)
    shapes, options = layer.draw(choices)
    operands: dict[str, Any] = {operand: _numbers(choices, shape, dtype) for operand, shape in shapes.items()}
    if door != forward:
        output = np.shape(call(forward, {**operands, **options})[0])
        operands["grad_output"] = _numbers(choices, output, dtype)
    call(door, {**operands, **options}, both)
    return dtype, f"shapes {shapes}, {options}"


def _dtype(takes_integers: bool, turn: int) -> str:
    """Return each dtype in turn; where something is divided there are no integers."""
    dtypes = DTYPES if takes_integers else DTYPES[:2]
    return dtypes[turn % len(dtypes)]


def _numbers(choices: Choices, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Return integers, or floats of many magnitudes whose sums round at every step."""
    if dtype == "int64":
        return choices.integers(shape, -1000, 1000)
    return floats(choices, "wide", shape, dtype).astype(dtype)


def _operands(operation: Operation, case: Any, turn: int) -> dict[str, np.ndarray]:
    """Return operands of the case's dtype: floats that round at every step, some of them NaN in a selection."""
    if case.dtype == "int64":
        drawn = integers(operation, case)
    else:
        drawn = random_floats(operation, case)[1]
        if operation.outputs(case)[0].is_selection and "x" in drawn:
            choices = Choices(SEED, "not a number", turn)
            drawn["x"][choices.fractions(drawn["x"].shape) < 0.1] = np.nan
    return {name: array.astype(case.dtype) if name != "indices" else array for name, array in drawn.items()}
