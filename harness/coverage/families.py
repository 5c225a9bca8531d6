"""Which family each operation is of."""

from convoracle.harness.coverage.along_axis_family import AlongAxisFamily
from convoracle.harness.coverage.convolution_family import ConvolutionFamily
from convoracle.harness.coverage.family import Family
from convoracle.harness.coverage.layer_family import LinearFamily, LossFamily, MapsFamily
from convoracle.harness.coverage.pool_family import PoolFamily
from convoracle.harness.coverage.resampling_family import ResamplingFamily
from convoracle.harness.coverage.transposed_family import TransposedFamily
from convoracle.harness.operations import Operation
from convoracle.harness.operations.axis_case import AlongAxis
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.conv_case import ConvCase
from convoracle.harness.operations.conv_transpose2d_case import ConvTranspose2dCase
from convoracle.harness.operations.linear import LinearCase
from convoracle.harness.operations.loss_case import LossCase
from convoracle.harness.operations.pool2d_case import Pool2dCase
from convoracle.harness.operations.relu import Relu
from convoracle.harness.operations.resampling import ResamplingCase


def family_of(operation: Operation) -> Family | None:
    """Return the family of an operation; None for one that is not of this package, whose cases it draws itself."""
    case_type = operation.case_type
    if issubclass(case_type, Conv2dCase):
        return ConvolutionFamily(operation, "hw")
    if issubclass(case_type, ConvCase):
        return ConvolutionFamily(operation, "dhw"[-case_type.axes :])
    for known, family in (
        (ConvTranspose2dCase, TransposedFamily),
        (Pool2dCase, PoolFamily),
        (LinearCase, LinearFamily),
        (LossCase, LossFamily),
        (ResamplingCase, ResamplingFamily),
    ):
        if issubclass(case_type, known):
            return family(operation)
    if isinstance(operation, AlongAxis):
        return AlongAxisFamily(operation)
    if isinstance(operation, Relu):
        return MapsFamily(operation)
    return None


PLANS = {
    "conv1d": "conv1d",
    "conv2d": "conv2d",
    "conv3d": "conv3d",
    "conv_transpose2d": "conv_transpose2d",
    "max_pool2d": "max_pool2d",
    "avg_pool2d": "avg_pool2d",
    "locally_connected2d": "locally_connected2d",
    "linear": "linear",
    "relu": "relu_backward",
    "sigmoid": "sigmoid_backward",
    "softmax": "softmax_backward",
    "cross_entropy": "cross_entropy_backward",
    "downsample2d": "downsample2d",
}
"""The plans, and for each the operation it is made for: the one with all options and operands.

A plan serves all gradients, and the operations that are `ALIKE`: they have the same geometry.
"""

PLANNED = tuple(PLANS)

ALIKE = {
    "log_softmax": "softmax",
    "mean_subtract": "softmax",
    "euclidean_loss": "cross_entropy",
    "upsample2d": "downsample2d",
}


def plan_name(operation: Operation) -> str:
    """Return which plan an operation's cases follow."""
    forward = next(name for name in (*PLANNED, *ALIKE) if operation.name.startswith(name))
    return ALIKE.get(forward, forward)
