"""The cases of a campaign: case number so-and-so of a seed, the same on every machine."""

from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.enlarge import enlarged
from convoracle.harness.cases.everyday import everyday, has_layers
from convoracle.harness.cases.limits import Limits
from convoracle.harness.coverage.steering import steered
from convoracle.harness.operations import Operation

EVERY = 10
"""Every so many cases, one is large and one an everyday layer."""


def draw(operation: Operation, limits: Limits, dtypes: tuple[str, ...], seed: int, number: int) -> Any:
    """Return case `number` of the campaign with this seed: a function of its arguments alone.

    One case in ten is the small one that comes after it, made larger in one way. Of operations with kernels, one in ten
    is made a layer of the kind that networks have, or larger too where the limits allow none.
    """
    small = draw_small(operation, limits, dtypes, seed, small_before(operation, number))
    is_layer = is_everyday(operation, number)
    layer = everyday(operation, small, limits, seed, number // EVERY) if is_layer else None
    if layer is not None:
        return layer
    return enlarged(operation, small, limits, seed, number) if is_enlarged(number) or is_layer else small


def is_enlarged(number: int) -> bool:
    """Return whether a campaign's case of this number is a large one."""
    return number % EVERY == EVERY - 1


def is_everyday(operation: Operation, number: int) -> bool:
    """Return whether a campaign's case of this number is an everyday layer."""
    return number % EVERY == EVERY // 2 - 1 and has_layers(operation)


def small_before(operation: Operation, number: int) -> int:
    """Return how many small cases a campaign has before its case of this number."""
    layers = (number + EVERY // 2) // EVERY if has_layers(operation) else 0
    return number - number // EVERY - layers


def draw_small(operation: Operation, limits: Limits, dtypes: tuple[str, ...], seed: int, number: int) -> Any:
    """Return small case `number` of the campaign with this seed.

    It has the combination of options, sizes and layouts that the operation's plan has at this place, and numbers drawn
    for it: see `convoracle.harness.coverage`. An operation from elsewhere has no plan, and limits may be outside all
    that is planned: those cases are drawn at random, the dtype still in its turn where there is a plan.
    """
    plan = steered(operation, limits, dtypes)
    planned = None if plan is None else plan.case(seed, number)
    if planned is not None:
        operation.operand_shapes(planned)
        return planned
    kept = dtypes if plan is None else (plan.dtype(number),)
    reason = ""
    for attempt in range(100):
        choices = Choices(seed, operation.name, number, attempt)
        try:
            case = operation.draw(choices, limits, kept, number)
            operation.operand_shapes(case)
        except ValueError as error:  # a limit forced a combination that does not fit
            reason = str(error)
            continue
        return case
    raise ValueError(f"{operation.name}: the limits leave nothing to test: no possible case in 100 attempts: {reason}")
