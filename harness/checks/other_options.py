"""The cases that differ from another in one option, and have operands of the same shapes."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from convoracle.harness.choices import Choices
from convoracle.harness.operations.base import Operation

_OTHER_VALUES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("stride", (1, 2, (1, 2), (2, 1), 3)),
    ("padding", (0, 1, (0, 1), (1, 0), 2)),
    ("dilation", (1, 2, (1, 2), (2, 1))),
    ("ceil_mode", (False, True)),
    ("count_include_pad", (False, True)),
    ("divisor_override", (None, 1, 3)),
    ("axis", (0, 1, -1)),
    ("grad_output", (1, 2, -3)),
)
"""What an option is changed to when the arrays stay the same."""


class OtherOptions:
    """Every such case, in a random order, each worked out when it is first looked at: most often the first will do."""

    def __init__(self, operation: Operation, case: Any) -> None:
        self._found: list[Any] = []
        self._rest = _others(operation, case)

    def __iter__(self) -> Iterator[Any]:
        yield from self._found
        for other in self._rest:
            self._found.append(other)
            yield other


def _others(operation: Operation, case: Any) -> Iterator[Any]:
    """Yield the cases."""
    shapes = operation.operand_shapes(case)
    names = [name for name, _ in _OTHER_VALUES if name in operation.options and hasattr(case, name)]
    changes = [(name, value) for name, values in _OTHER_VALUES if name in names for value in values]
    for name, value in Choices(case.seed, "other options").shuffled(changes):
        if value == getattr(case, name):
            continue
        other = dataclasses.replace(case, **{name: value})
        with contextlib.suppress(ValueError):  # an impossible case
            if operation.operand_shapes(other) == shapes:
                yield other
