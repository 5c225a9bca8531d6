"""convoracle: the operations of convolutional networks, in several backends, each proved right against an oracle.

>>> import numpy as np
>>> import convoracle as co
>>> x, weight = np.ones((1, 3, 8, 9), np.float32), np.ones((4, 3, 3, 3), np.float32)
>>> with co.use_backend("scipy"):
...     co.conv2d(x, weight, padding=1).shape
(1, 4, 8, 9)
"""

from convoracle.fast.avg_pool2d import avg_pool2d, avg_pool2d_backward
from convoracle.fast.columns import col2im, im2col
from convoracle.fast.conv1d import conv1d
from convoracle.fast.conv1d_backward import conv1d_backward, conv1d_bias_grad, conv1d_input_grad, conv1d_weight_grad
from convoracle.fast.conv2d import conv2d
from convoracle.fast.conv2d_backward import conv2d_backward, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad
from convoracle.fast.conv3d import conv3d
from convoracle.fast.conv3d_backward import conv3d_backward, conv3d_bias_grad, conv3d_input_grad, conv3d_weight_grad
from convoracle.fast.conv_transpose2d import conv_transpose2d
from convoracle.fast.conv_transpose2d_backward import (
    conv_transpose2d_backward,
    conv_transpose2d_bias_grad,
    conv_transpose2d_input_grad,
    conv_transpose2d_weight_grad,
)
from convoracle.fast.cross_entropy import cross_entropy, cross_entropy_backward
from convoracle.fast.downsample2d import downsample2d, downsample2d_backward
from convoracle.fast.euclidean_loss import euclidean_loss, euclidean_loss_backward
from convoracle.fast.explain_conv2d import explain_conv2d
from convoracle.fast.linear import linear, linear_backward
from convoracle.fast.locally_connected2d import locally_connected2d, locally_connected2d_backward
from convoracle.fast.log_softmax import log_softmax, log_softmax_backward
from convoracle.fast.max_pool2d import max_pool2d, max_pool2d_backward
from convoracle.fast.mean_subtract import mean_subtract, mean_subtract_backward
from convoracle.fast.plan_conv2d import plan_conv2d
from convoracle.fast.relu import relu, relu_backward
from convoracle.fast.settings import get_accuracy, get_backend, set_backend, use_backend
from convoracle.fast.shapes import conv_output_size, pool_output_size
from convoracle.fast.sigmoid import sigmoid, sigmoid_backward
from convoracle.fast.softmax import softmax, softmax_backward
from convoracle.fast.upsample2d import upsample2d, upsample2d_backward
from convoracle.fast.workspace import get_workspace_limit, set_workspace_limit

__version__ = "0.1.0"

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "col2im",
    "conv1d",
    "conv1d_backward",
    "conv1d_bias_grad",
    "conv1d_input_grad",
    "conv1d_weight_grad",
    "conv2d",
    "conv2d_backward",
    "conv2d_bias_grad",
    "conv2d_input_grad",
    "conv2d_weight_grad",
    "conv3d",
    "conv3d_backward",
    "conv3d_bias_grad",
    "conv3d_input_grad",
    "conv3d_weight_grad",
    "conv_output_size",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_transpose2d_bias_grad",
    "conv_transpose2d_input_grad",
    "conv_transpose2d_weight_grad",
    "cross_entropy",
    "cross_entropy_backward",
    "downsample2d",
    "downsample2d_backward",
    "euclidean_loss",
    "euclidean_loss_backward",
    "explain_conv2d",
    "get_accuracy",
    "get_backend",
    "get_workspace_limit",
    "im2col",
    "linear",
    "linear_backward",
    "locally_connected2d",
    "locally_connected2d_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "mean_subtract",
    "mean_subtract_backward",
    "plan_conv2d",
    "pool_output_size",
    "relu",
    "relu_backward",
    "set_backend",
    "set_workspace_limit",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "upsample2d",
    "upsample2d_backward",
    "use_backend",
]
