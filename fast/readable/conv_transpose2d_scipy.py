"""The transposed convolution through the correlations of `convoracle.fast.readable.conv2d_scipy`."""

from functools import partial

from convoracle.fast.readable import conv2d_scipy, conv_transpose2d_by_adjoint

conv_transpose2d = partial(conv_transpose2d_by_adjoint.conv_transpose2d, conv2d_scipy)
conv_transpose2d_input_grad = partial(conv_transpose2d_by_adjoint.conv_transpose2d_input_grad, conv2d_scipy)
conv_transpose2d_weight_grad = partial(conv_transpose2d_by_adjoint.conv_transpose2d_weight_grad, conv2d_scipy)
conv_transpose2d_bias_grad = partial(conv_transpose2d_by_adjoint.conv_transpose2d_bias_grad, conv2d_scipy)
conv_transpose2d_backward = partial(conv_transpose2d_by_adjoint.conv_transpose2d_backward, conv2d_scipy)
