"""The transposed convolution through the register tile of `convoracle.fast.direct.conv2d`."""

from functools import partial

from convoracle.fast.direct import conv2d as conv2d_direct
from convoracle.fast.readable import conv_transpose2d_by_adjoint

conv_transpose2d = partial(conv_transpose2d_by_adjoint.conv_transpose2d, conv2d_direct)
conv_transpose2d_input_grad = partial(conv_transpose2d_by_adjoint.conv_transpose2d_input_grad, conv2d_direct)
conv_transpose2d_weight_grad = partial(conv_transpose2d_by_adjoint.conv_transpose2d_weight_grad, conv2d_direct)
conv_transpose2d_bias_grad = partial(conv_transpose2d_by_adjoint.conv_transpose2d_bias_grad, conv2d_direct)
conv_transpose2d_backward = partial(conv_transpose2d_by_adjoint.conv_transpose2d_backward, conv2d_direct)
