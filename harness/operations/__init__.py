"""The operations the harness verifies, by name."""

from convoracle.harness.operations.avg_pool2d import AvgPool2d, AvgPool2dBackward
from convoracle.harness.operations.base import Operation
from convoracle.harness.operations.conv2d import (
    Conv2d,
    Conv2dBackward,
    Conv2dBiasGrad,
    Conv2dInputGrad,
    Conv2dWeightGrad,
)
from convoracle.harness.operations.max_pool2d import MaxPool2d, MaxPool2dBackward

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Conv2d(),
        Conv2dInputGrad(),
        Conv2dWeightGrad(),
        Conv2dBiasGrad(),
        Conv2dBackward(),
        MaxPool2d(),
        MaxPool2dBackward(),
        AvgPool2d(),
        AvgPool2dBackward(),
    )
}


def named(operation: str) -> Operation:
    """Return the operation of that name, or raise ValueError with the names there are."""
    try:
        return OPERATIONS[operation]
    except (KeyError, TypeError):
        raise ValueError(f"unknown operation {operation!r}; known: {', '.join(OPERATIONS)}") from None
