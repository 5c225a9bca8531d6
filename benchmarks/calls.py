"""One call of an operation on a layer, with its arrays made beforehand.

convoracle is imported inside the functions, so that asv can list the benchmarks of a commit that lacks something.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.layers import ConvLayer, PoolLayer, draw

Call = Callable[[], Any]


def conv_call(operation: str, backend: str, layer: ConvLayer) -> Call:
    """Return a call of the convolution or of one of its gradients in a backend."""
    import convoracle

    return partial(
        getattr(convoracle, operation),
        *_conv_arguments(operation, layer),
        **_conv_options(operation, layer),
        backend=backend,
    )


def pool_call(operation: str, backend: str, layer: PoolLayer) -> Call:
    """Return a call of a pooling or its gradient in a backend."""
    import convoracle

    function = partial(getattr(convoracle, operation), backend=backend)
    return _pool_call(function, operation, layer)


def reference_call(operation: str, layer: ConvLayer | PoolLayer) -> Call:
    """Return a call of the interpreted reference."""
    from convoracle import reference

    function = getattr(reference, operation)
    if isinstance(layer, ConvLayer):
        return partial(function, *_conv_arguments(operation, layer), **_conv_options(operation, layer))
    return _pool_call(function, operation, layer)


def smallest_call(operation: str, backend: str) -> Call:
    """Return a call on so small an input that what is left is the way to the kernel."""
    from benchmarks.layers import SMALLEST_CONV, SMALLEST_POOL

    if operation.startswith("conv2d"):
        return conv_call(operation, backend, SMALLEST_CONV)
    return pool_call(operation, backend, SMALLEST_POOL)


def _conv_arguments(operation: str, layer: ConvLayer) -> tuple[Any, ...]:
    x, weight, grad_output = draw(layer.x), draw(layer.weight), draw(layer.output)
    arguments: dict[str, tuple[Any, ...]] = {
        "conv2d": (x, weight),
        "conv2d_input_grad": (grad_output, weight, layer.x),
        "conv2d_weight_grad": (grad_output, x, layer.weight),
        "conv2d_bias_grad": (grad_output,),
        "conv2d_backward": (grad_output, x, weight),
    }
    return arguments[operation]


def _conv_options(operation: str, layer: ConvLayer) -> dict[str, Any]:
    return {} if operation == "conv2d_bias_grad" else layer.options


def _pool_call(function: Callable[..., Any], operation: str, layer: PoolLayer) -> Call:
    if operation == "max_pool2d_backward":
        import convoracle

        _, indices = convoracle.max_pool2d(draw(layer.x), **layer.options, return_indices=True)
        return partial(function, draw(layer.output), indices, layer.x)
    if operation == "avg_pool2d_backward":
        return partial(function, draw(layer.output), layer.x, **layer.options)
    return partial(function, draw(layer.x), **layer.options)
