"""The oracle: the loops of five lectures on convolutional networks, typed one for one.

Arrays are NCHW, weights OIHW, indices start at 0; axis -2 is the lectures' x, axis -1 their y. Every operation is a
pure loop function (``conv2d_loops``) behind a door that checks its arguments (``conv2d``). The loops use ``+``, ``*``,
``/`` and comparisons only, so they run on floats, integers, ``fractions.Fraction`` and dual numbers, and ``numba.njit``
compiles them unchanged; pass the compiled function as ``loops=``. What needs ``exp``, ``log`` or a square root
(sigmoid, softmax and its losses, the norm) is the lecture's lines of NumPy instead, on floats. Nothing but NumPy is
imported, and nothing is shared with ``convoracle.fast``.

What each lecture gave, and where it errs: ``docs/sources.md``.
"""

import convoracle.reference.filters as filters
import convoracle.reference.graph as graph
import convoracle.reference.param_count as param_count
from convoracle.reference.activations import (
    activation_backward,
    relu,
    relu_backward,
    relu_backward_loops,
    relu_jacobian,
    relu_loops,
    sigmoid,
    sigmoid_backward,
)
from convoracle.reference.aggregate_loss import aggregate_loss
from convoracle.reference.architecture import parse_architecture
from convoracle.reference.avg_pool2d import (
    avg_pool2d,
    avg_pool2d_backward,
    avg_pool2d_backward_loops,
    avg_pool2d_divisors,
    avg_pool2d_loops,
)
from convoracle.reference.build_cnn import CnnLayer, build_cnn, initial_parameters, layer_table
from convoracle.reference.cnn import (
    ConvolutionLayer,
    MaxPoolingLayer,
    MeanPoolingLayer,
    StoredCnn,
    cnn_backward,
    cnn_forward,
    cnn_maps,
)
from convoracle.reference.conv1d import conv1d, conv1d_loops
from convoracle.reference.conv1d_backward import conv1d_backward, conv1d_backward_loops
from convoracle.reference.conv1d_bias_grad import conv1d_bias_grad, conv1d_bias_grad_loops
from convoracle.reference.conv1d_input_grad import conv1d_input_grad, conv1d_input_grad_loops
from convoracle.reference.conv1d_weight_grad import conv1d_weight_grad, conv1d_weight_grad_loops
from convoracle.reference.conv2d import conv2d, conv2d_loops
from convoracle.reference.conv2d_backward import conv2d_backward, conv2d_backward_loops
from convoracle.reference.conv2d_bias_grad import conv2d_bias_grad, conv2d_bias_grad_loops
from convoracle.reference.conv2d_input_grad import (
    conv2d_input_grad,
    conv2d_input_grad_flipped_loops,
    conv2d_input_grad_gather_loops,
    conv2d_input_grad_scatter_loops,
)
from convoracle.reference.conv2d_weight_grad import (
    conv2d_weight_grad,
    conv2d_weight_grad_loops,
    conv2d_weight_grad_scatter_loops,
)
from convoracle.reference.conv3d import conv3d, conv3d_loops
from convoracle.reference.conv3d_backward import conv3d_backward, conv3d_backward_loops
from convoracle.reference.conv3d_bias_grad import conv3d_bias_grad, conv3d_bias_grad_loops
from convoracle.reference.conv3d_input_grad import conv3d_input_grad, conv3d_input_grad_loops
from convoracle.reference.conv3d_weight_grad import conv3d_weight_grad, conv3d_weight_grad_loops
from convoracle.reference.conv_transpose2d import (
    conv_transpose2d,
    conv_transpose2d_loops,
    conv_transpose2d_upsampled_loops,
)
from convoracle.reference.conv_transpose2d_backward import (
    conv_transpose2d_backward,
    conv_transpose2d_backward_loops,
    conv_transpose2d_bias_grad,
)
from convoracle.reference.conv_transpose2d_input_grad import (
    conv_transpose2d_input_grad,
    conv_transpose2d_input_grad_loops,
)
from convoracle.reference.conv_transpose2d_weight_grad import (
    conv_transpose2d_weight_grad,
    conv_transpose2d_weight_grad_loops,
)
from convoracle.reference.convolve2d_full import convolve2d_full
from convoracle.reference.cross_entropy import cross_entropy, cross_entropy_backward
from convoracle.reference.flatten import flatten, unflatten
from convoracle.reference.gradient_check import gradcheck, numerical_gradient
from convoracle.reference.gradient_descent import gradient_descent, sgd_step
from convoracle.reference.linear import (
    linear,
    linear_as_conv2d,
    linear_backward,
    linear_backward_loops,
    linear_loops,
    neuron,
)
from convoracle.reference.locally_connected2d import (
    locally_connected2d,
    locally_connected2d_backward,
    locally_connected2d_backward_loops,
    locally_connected2d_loops,
)
from convoracle.reference.losses import (
    euclidean_loss,
    euclidean_loss_backward,
    euclidean_loss_loops,
    l1_loss,
    l1_loss_backward,
    l1_loss_loops,
    norm_loss,
    norm_loss_backward,
)
from convoracle.reference.matmul import matmul, matmul_backward, matmul_backward_loops, matmul_loops
from convoracle.reference.max_pool2d import max_pool2d, max_pool2d_backward, max_pool2d_backward_loops, max_pool2d_loops
from convoracle.reference.mean_subtract import (
    mean_subtract,
    mean_subtract_backward,
    mean_subtract_naive,
    mean_subtract_newaxis,
)
from convoracle.reference.mlp import StoredMlp, collapse_linear_mlp, mlp_backward, mlp_forward, scan_mlp
from convoracle.reference.pad2d import pad2d, unpad2d
from convoracle.reference.receptive_field import receptive_field
from convoracle.reference.resample2d import (
    downsample2d,
    downsample2d_backward,
    downsample2d_loops,
    upsample2d,
    upsample2d_backward,
    upsample2d_loops,
)
from convoracle.reference.run_cnn import StoredRun, run_cnn, run_cnn_backward
from convoracle.reference.shapes import conv_output_size, pool_output_size, resolve_padding, same_padding
from convoracle.reference.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward, softmax_naive

__all__ = [
    "CnnLayer",
    "ConvolutionLayer",
    "MaxPoolingLayer",
    "MeanPoolingLayer",
    "StoredCnn",
    "StoredMlp",
    "StoredRun",
    "activation_backward",
    "aggregate_loss",
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool2d_backward_loops",
    "avg_pool2d_divisors",
    "avg_pool2d_loops",
    "build_cnn",
    "cnn_backward",
    "cnn_forward",
    "cnn_maps",
    "collapse_linear_mlp",
    "conv1d",
    "conv1d_backward",
    "conv1d_backward_loops",
    "conv1d_bias_grad",
    "conv1d_bias_grad_loops",
    "conv1d_input_grad",
    "conv1d_input_grad_loops",
    "conv1d_loops",
    "conv1d_weight_grad",
    "conv1d_weight_grad_loops",
    "conv2d",
    "conv2d_backward",
    "conv2d_backward_loops",
    "conv2d_bias_grad",
    "conv2d_bias_grad_loops",
    "conv2d_input_grad",
    "conv2d_input_grad_flipped_loops",
    "conv2d_input_grad_gather_loops",
    "conv2d_input_grad_scatter_loops",
    "conv2d_loops",
    "conv2d_weight_grad",
    "conv2d_weight_grad_loops",
    "conv2d_weight_grad_scatter_loops",
    "conv3d",
    "conv3d_backward",
    "conv3d_backward_loops",
    "conv3d_bias_grad",
    "conv3d_bias_grad_loops",
    "conv3d_input_grad",
    "conv3d_input_grad_loops",
    "conv3d_loops",
    "conv3d_weight_grad",
    "conv3d_weight_grad_loops",
    "conv_output_size",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_transpose2d_backward_loops",
    "conv_transpose2d_bias_grad",
    "conv_transpose2d_input_grad",
    "conv_transpose2d_input_grad_loops",
    "conv_transpose2d_loops",
    "conv_transpose2d_upsampled_loops",
    "conv_transpose2d_weight_grad",
    "conv_transpose2d_weight_grad_loops",
    "convolve2d_full",
    "cross_entropy",
    "cross_entropy_backward",
    "downsample2d",
    "downsample2d_backward",
    "downsample2d_loops",
    "euclidean_loss",
    "euclidean_loss_backward",
    "euclidean_loss_loops",
    "filters",
    "flatten",
    "gradcheck",
    "gradient_descent",
    "graph",
    "initial_parameters",
    "l1_loss",
    "l1_loss_backward",
    "l1_loss_loops",
    "layer_table",
    "linear",
    "linear_as_conv2d",
    "linear_backward",
    "linear_backward_loops",
    "linear_loops",
    "locally_connected2d",
    "locally_connected2d_backward",
    "locally_connected2d_backward_loops",
    "locally_connected2d_loops",
    "log_softmax",
    "log_softmax_backward",
    "matmul",
    "matmul_backward",
    "matmul_backward_loops",
    "matmul_loops",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_backward_loops",
    "max_pool2d_loops",
    "mean_subtract",
    "mean_subtract_backward",
    "mean_subtract_naive",
    "mean_subtract_newaxis",
    "mlp_backward",
    "mlp_forward",
    "neuron",
    "norm_loss",
    "norm_loss_backward",
    "numerical_gradient",
    "pad2d",
    "param_count",
    "parse_architecture",
    "pool_output_size",
    "receptive_field",
    "relu",
    "relu_backward",
    "relu_backward_loops",
    "relu_jacobian",
    "relu_loops",
    "resolve_padding",
    "run_cnn",
    "run_cnn_backward",
    "same_padding",
    "scan_mlp",
    "sgd_step",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "softmax_naive",
    "unflatten",
    "unpad2d",
    "upsample2d",
    "upsample2d_backward",
    "upsample2d_loops",
]
