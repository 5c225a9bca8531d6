"""PyTorch's operations as they are called in inference, and its gradients all in one call."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness.bench.implementation import Implementation
from convoracle.harness.bench.workload import Workload
from convoracle.harness.operations.base import Arrays
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.geometry import pair
from convoracle.harness.operations.pool2d_case import AvgPool2dCase, Pool2dCase

Tensors = dict[str, Any]


def implementation(name: str, workload: Workload, direction: str, sets: Sequence[Arrays]) -> Implementation:
    """Return torch in one of its two memory formats; the tensors are in it before anything is timed."""
    import torch

    layout = torch.channels_last if name == "torch-channels-last" else torch.contiguous_format

    def tensor(array: np.ndarray) -> Any:
        made = torch.from_numpy(array)
        return made.contiguous(memory_format=layout) if made.ndim == 4 else made

    tensors = [{key: tensor(array) for key, array in arrays.items()} for arrays in sets]
    if direction != "forward":
        # Of what a gradient does not depend on, shape and format are looked at, nothing else.
        dtype, shapes = tensors[0]["grad_output"].dtype, {"x": workload.case.x_shape()}
        if isinstance(workload.case, Conv2dCase):
            shapes["weight"] = workload.case.weight_shape()
        absent = {
            key: torch.empty(shape, dtype=dtype).contiguous(memory_format=layout) for key, shape in shapes.items()
        }
        tensors = [{**absent, **one} for one in tensors]
    case = workload.case
    if isinstance(case, Conv2dCase):
        function = _of_convolution(torch, case, direction)
    else:
        function = _of_pool(torch, case, direction)

    def call(number: int) -> Any:
        with torch.inference_mode():
            return function(tensors[number])

    def arrays(result: Any) -> tuple[np.ndarray, ...]:
        results = result if isinstance(result, (tuple, list)) else (result,)
        return tuple(one.detach().contiguous().numpy() for one in results)

    return Implementation(name, call, arrays)


def _of_convolution(torch: Any, case: Conv2dCase, direction: str) -> Callable[[Tensors], Any]:
    """Return the convolution, its three gradients in one call, or one of them."""
    stride, dilation = list(pair(case.stride)), list(pair(case.dilation))
    padding = [before for before, _ in case.sides()]
    if direction == "forward":
        return lambda tensors: torch.nn.functional.conv2d(
            tensors["x"], tensors["weight"], tensors.get("bias"), stride, padding, dilation, case.groups
        )
    rest = ([case.f], stride, padding, dilation, False, [0, 0], case.groups)
    wanted = [direction in ("backward", name) for name in ("input_grad", "weight_grad", "bias_grad")]

    def gradients(tensors: Tensors) -> Any:
        found = torch.ops.aten.convolution_backward(
            tensors["grad_output"], tensors["x"], tensors["weight"], *rest, wanted
        )
        return [gradient for gradient in found if gradient is not None]

    return gradients


def _of_pool(torch: Any, case: Pool2dCase, direction: str) -> Callable[[Tensors], Any]:
    """Return a pool or its gradient."""
    kernel, padding = list(pair(case.kernel_size)), list(pair(case.padding))
    stride = kernel if case.stride is None else list(pair(case.stride))
    if isinstance(case, AvgPool2dCase):
        rest = (kernel, stride, padding, case.ceil_mode, case.count_include_pad, case.divisor_override)
        if direction == "forward":
            return lambda tensors: torch.nn.functional.avg_pool2d(tensors["x"], *rest)
        return lambda tensors: torch.ops.aten.avg_pool2d_backward(tensors["grad_output"], tensors["x"], *rest)
    dilation = list(case.dilations())
    if direction == "forward":
        return lambda tensors: torch.nn.functional.max_pool2d(
            tensors["x"], kernel, stride, padding, dilation, case.ceil_mode
        )
    return lambda tensors: torch.ops.aten.max_pool2d_with_indices_backward(
        tensors["grad_output"], tensors["x"], kernel, stride, padding, dilation, case.ceil_mode, tensors["indices"]
    )
