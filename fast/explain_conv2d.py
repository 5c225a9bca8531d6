"""Which algorithm `backend="auto"` uses for a convolution of planes, and why."""

from typing import TYPE_CHECKING

from convoracle.fast.arguments import IntOrSizes, check_choice, check_shape
from convoracle.fast.arrays import NUMBERS
from convoracle.fast.conv_geometry import ConvPadding, conv_geometry
from convoracle.fast.settings import check_accuracy, get_accuracy
from convoracle.fast.workspace import get_workspace_limit

if TYPE_CHECKING:
    from convoracle.fast.auto.explanation import Explanation

OPERATIONS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad")


def explain_conv2d(
    x_shape: tuple[int, int, int, int],
    weight_shape: tuple[int, int, int, int],
    *,
    stride: IntOrSizes = 1,
    padding: ConvPadding = 0,
    dilation: IntOrSizes = 1,
    groups: int = 1,
    dtype: str = "float32",
    accuracy: str | None = None,
    operation: str = "conv2d",
) -> "Explanation":
    """Say which algorithm ``backend="auto"`` uses for a convolution, and why.

    Parameters
    ----------
    x_shape : (N, C, H, W)
        Shape of the images. Times are estimated for all N; the choice does not depend on N.
    weight_shape : (F, C // groups, kH, kW)
        Shape of the filters.
    stride, padding, dilation, groups
        As `convoracle.conv2d`.
    dtype : str
        Dtype of the arrays.
    accuracy : "normwise" or "componentwise", optional
        The error bound to keep; the one in force if not given (see `convoracle.use_backend`).
    operation : "conv2d", "conv2d_input_grad" or "conv2d_weight_grad"
        The convolution or a gradient of it.

    Returns
    -------
    Explanation
        ``print`` shows a table; ``chosen`` is the backend.

    Raises
    ------
    ValueError, TypeError
        As `convoracle.conv2d`.

    Examples
    --------
    >>> explain_conv2d((1, 3, 8, 9), (4, 3, 3, 3), dtype="int16").chosen
    'numba'
    """
    check_choice("explain_conv2d", "operation", operation, OPERATIONS)
    check_choice("explain_conv2d", "dtype", dtype, NUMBERS)
    images = check_shape("explain_conv2d", "x_shape", x_shape, "NCHW")
    filters = check_shape("explain_conv2d", "weight_shape", weight_shape, "FCHW")
    geometry = conv_geometry(
        "explain_conv2d", images, filters, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    try:
        kept = check_accuracy(accuracy) or get_accuracy()
    except (ValueError, TypeError) as error:
        raise type(error)(f"explain_conv2d: {error}") from error
    from convoracle.fast.auto.explanation import explain
    from convoracle.fast.auto.layer import layer_of

    layer = layer_of(operation, dtype, images, filters, geometry.options())
    return explain(layer, images[0], kept, get_workspace_limit())
