"""The 3-D convolution through the Fourier transforms of `convoracle.fast.readable.conv2d_scipy_fft`."""

from functools import partial

from convoracle.fast.readable import conv2d_scipy_fft, conv3d_by_planes

conv3d = partial(conv3d_by_planes.conv3d, conv2d_scipy_fft)
conv3d_input_grad = partial(conv3d_by_planes.conv3d_input_grad, conv2d_scipy_fft)
conv3d_weight_grad = partial(conv3d_by_planes.conv3d_weight_grad, conv2d_scipy_fft)
conv3d_backward = partial(conv3d_by_planes.conv3d_backward, conv2d_scipy_fft)
