"""The same correlations as `convoracle.fast.readable.conv2d_scipy`, computed through the fast Fourier transform.

Its error is bounded by the norm of the operands and not value by value, and a NaN reaches every output.
"""

from functools import partial

from convoracle.fast.kernels import all_gradients
from convoracle.fast.readable import conv2d_scipy

conv2d = partial(conv2d_scipy.conv2d, method="fft")
conv2d_input_grad = partial(conv2d_scipy.conv2d_input_grad, method="fft")
conv2d_weight_grad = partial(conv2d_scipy.conv2d_weight_grad, method="fft")
conv2d_bias_grad = conv2d_scipy.conv2d_bias_grad


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)
