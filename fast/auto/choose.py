"""Which backend computes a call of ``backend="auto"``.

The convolutions of planes and their gradients go to the algorithm that is estimated to be the fastest for their layer,
of those that may compute it (`convoracle.fast.auto.candidates`). `conv1d`, `conv3d` and `conv_transpose2d` go through
planes, and so do the same. Pools have one algorithm. Everything else, and dtypes that no algorithm takes, goes to
`numba`, or to `im2col` where Numba is missing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from convoracle.fast import kernels, registry, workspace
from convoracle.fast.auto.candidates import choose_backend
from convoracle.fast.auto.graded import ALGORITHMS, FALL_BACK
from convoracle.fast.auto.layer import layer_of
from convoracle.fast.selector import find_obstacle

Kernel = Callable[..., Any]


def choose_kernel(operation: str, dtype: str, accuracy: str, request: Mapping[str, Any]) -> Kernel:
    """Return the kernel that does a call; `request` has its options, and its shapes if they are known."""
    direct = registry.variants(operation).get("direct")
    if direct is not None and direct.planes is not None and _is_here("direct", operation, dtype):
        return direct.load(Planes(accuracy))
    if operation in registry.CONVOLUTIONS["conv2d"] and "x_shape" in request:
        return fastest_kernel(operation, dtype, accuracy, request["x_shape"], request["weight_shape"], request)
    for backend, operations in {**ALGORITHMS, **FALL_BACK}.items():
        if operation in operations and _is_here(backend, operation, dtype):
            return registry.variant(operation, backend).load()
    raise AssertionError(f"{operation}: im2col does everything")


def fastest_kernel(
    operation: str,
    dtype: str,
    accuracy: str,
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    options: Mapping[str, Any],
) -> Kernel:
    """Return the kernel of one of `conv2d`'s operations that is the fastest for a layer."""
    if operation == "conv2d_backward":
        input_grad, weight_grad = (
            fastest_kernel(f"conv2d_{gradient}", dtype, accuracy, x_shape, weight_shape, options)
            for gradient in ("input_grad", "weight_grad")
        )
        bias_grad = choose_kernel("conv2d_bias_grad", dtype, accuracy, {})
        return kernels.all_gradients(input_grad, weight_grad, bias_grad)
    layer = layer_of(operation, dtype, x_shape, weight_shape, options)
    return registry.variant(operation, choose_backend(layer, accuracy, workspace.get_workspace_limit())).load()


class Planes:
    """The kernels of `conv2d`, each of which chooses its algorithm when it is bound to arrays of some shapes."""

    def __init__(self, accuracy: str) -> None:
        self.accuracy = accuracy
        self.conv2d = kernels.kernel_from(self._bind_conv2d, arrays=3)
        self.conv2d_input_grad = kernels.kernel_from(self._bind_input_grad, arrays=2)
        self.conv2d_weight_grad = kernels.kernel_from(self._bind_weight_grad, arrays=2)
        self.conv2d_bias_grad = kernels.kernel_from(self._bind_bias_grad, arrays=1)

    def _bind_conv2d(self, x: Any, weight: Any, bias: Any, **options: Any) -> Kernel:
        kernel = fastest_kernel("conv2d", x.dtype.name, self.accuracy, x.shape, weight.shape, options)
        return kernels.bind_kernel(kernel, x.dtype.name, (x, weight, bias), (), options)

    def _bind_input_grad(self, grad_output: Any, weight: Any, input_shape: tuple[int, ...], **options: Any) -> Kernel:
        dtype = weight.dtype.name
        kernel = fastest_kernel("conv2d_input_grad", dtype, self.accuracy, input_shape, weight.shape, options)
        return kernels.bind_kernel(kernel, dtype, (grad_output, weight), (input_shape,), options)

    def _bind_weight_grad(self, grad_output: Any, x: Any, weight_shape: tuple[int, ...], **options: Any) -> Kernel:
        kernel = fastest_kernel("conv2d_weight_grad", x.dtype.name, self.accuracy, x.shape, weight_shape, options)
        return kernels.bind_kernel(kernel, x.dtype.name, (grad_output, x), (weight_shape,), options)

    def _bind_bias_grad(self, grad_output: Any) -> Kernel:
        dtype = grad_output.dtype.name
        kernel = choose_kernel("conv2d_bias_grad", dtype, self.accuracy, {})
        return kernels.bind_kernel(kernel, dtype, (grad_output,), (), {})


def _is_here(backend: str, operation: str, dtype: str) -> bool:
    """Tell whether a backend is here and takes a dtype."""
    variant = registry.variant(operation, backend)
    return find_obstacle(variant, dtype, {}) is None and variant.missing() is None
