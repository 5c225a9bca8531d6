"""PyTorch as a candidate: the thinnest wrapper that gives its operations this package's signatures.

Where PyTorch cannot be asked directly (padding that differs between the two sides of an axis), the padding is made
explicit with its own ``pad``. Nothing here computes a value that PyTorch does not.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.operations.geometry import IntOrPair, pair
from convoracle.harness.peers.torch_adapters import ADAPTERS, array, tensor
from convoracle.harness.peers.torch_scores import SCORES

REQUIRES = ("torch",)


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    stride: IntOrPair,
    padding: Any,
    dilation: IntOrPair,
    groups: int,
) -> np.ndarray:
    """``torch.nn.functional.conv2d`` of explicitly padded x."""
    from torch.nn.functional import conv2d

    padded = _padded(tensor(x), _sides(padding, x.shape, weight.shape, stride, dilation))
    given = None if bias is None else tensor(bias)
    return array(conv2d(padded, tensor(weight), given, pair(stride), 0, pair(dilation), groups))


def conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, int, int, int],
    *,
    stride: IntOrPair,
    padding: Any,
    dilation: IntOrPair,
    groups: int,
) -> np.ndarray:
    """``torch.nn.grad.conv2d_input`` for the padded x, without its padding."""
    from torch.nn.grad import conv2d_input

    (top, bottom), (left, right) = _sides(padding, input_shape, weight.shape, stride, dilation)
    n, c, h, w = input_shape
    padded = conv2d_input(
        (n, c, top + h + bottom, left + w + right),
        tensor(weight),
        tensor(grad_output),
        pair(stride),
        0,
        pair(dilation),
        groups,
    )
    return array(padded[:, :, top : top + h, left : left + w])


def conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: tuple[int, int, int, int],
    *,
    stride: IntOrPair,
    padding: Any,
    dilation: IntOrPair,
    groups: int,
) -> np.ndarray:
    """``torch.nn.grad.conv2d_weight`` of explicitly padded x."""
    from torch.nn.grad import conv2d_weight

    padded = _padded(tensor(x), _sides(padding, x.shape, weight_shape, stride, dilation))
    return array(conv2d_weight(padded, weight_shape, tensor(grad_output), pair(stride), 0, pair(dilation), groups))


def conv2d_bias_grad(grad_output: np.ndarray) -> np.ndarray:
    """Autograd of ``torch.nn.functional.conv2d`` for its bias."""
    return conv2d_backward(
        grad_output,
        np.zeros((grad_output.shape[0], 1, *grad_output.shape[2:]), grad_output.dtype),
        np.zeros((grad_output.shape[1], 1, 1, 1), grad_output.dtype),
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
    )[2]


def conv2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    stride: IntOrPair,
    padding: Any,
    dilation: IntOrPair,
    groups: int,
) -> tuple[np.ndarray, ...]:
    """Autograd of ``torch.nn.functional.conv2d``."""
    import torch
    from torch.nn.functional import conv2d

    leaves = [tensor(x), tensor(weight), torch.zeros(len(weight), dtype=tensor(weight).dtype)]
    for leaf in leaves:
        leaf.requires_grad_()
    padded = _padded(leaves[0], _sides(padding, x.shape, weight.shape, stride, dilation))
    result = conv2d(padded, leaves[1], leaves[2], pair(stride), 0, pair(dilation), groups)
    return tuple(array(grad) for grad in torch.autograd.grad(result, leaves, tensor(grad_output)))


def max_pool2d(
    x: np.ndarray, kernel_size: IntOrPair, *, return_indices: bool, **options: Any
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """``torch.nn.functional.max_pool2d``."""
    from torch.nn import functional

    if not return_indices:
        return array(functional.max_pool2d(tensor(x), kernel_size, **options))
    values, indices = functional.max_pool2d_with_indices(tensor(x), pair(kernel_size), **options)
    return array(values), array(indices)


def max_pool2d_backward(
    grad_output: np.ndarray, indices: np.ndarray, input_shape: tuple[int, int, int, int]
) -> np.ndarray:
    """``torch.Tensor.scatter_add_``: PyTorch's own backward wants x and the window, which this operation has not."""
    import torch

    planes = torch.zeros(input_shape, dtype=tensor(grad_output).dtype).flatten(2)
    planes.scatter_add_(2, tensor(indices).flatten(2), tensor(grad_output).flatten(2))
    return array(planes.reshape(input_shape))


def avg_pool2d(x: np.ndarray, kernel_size: IntOrPair, **options: Any) -> np.ndarray:
    """``torch.nn.functional.avg_pool2d``."""
    from torch.nn.functional import avg_pool2d

    return array(avg_pool2d(tensor(x), kernel_size, **options))


def avg_pool2d_backward(
    grad_output: np.ndarray, input_shape: tuple[int, int, int, int], kernel_size: IntOrPair, **options: Any
) -> np.ndarray:
    """Autograd of ``torch.nn.functional.avg_pool2d``."""
    import torch
    from torch.nn.functional import avg_pool2d

    x = torch.zeros(input_shape, dtype=tensor(grad_output).dtype, requires_grad=True)
    return array(torch.autograd.grad(avg_pool2d(x, kernel_size, **options), x, tensor(grad_output))[0])


def _padded(x: Any, sides: tuple[tuple[int, int], tuple[int, int]]) -> Any:
    from torch.nn.functional import pad

    (top, bottom), (left, right) = sides
    return pad(x, (left, right, top, bottom))


def _sides(
    padding: Any, x_shape: Sequence[int], weight_shape: Sequence[int], stride: IntOrPair, dilation: IntOrPair
) -> tuple[tuple[int, int], tuple[int, int]]:
    sides: tuple[tuple[int, int], tuple[int, int]] = reference.resolve_padding(
        padding, x_shape[2:], weight_shape[2:], pair(stride), pair(dilation)
    )
    return sides


def _candidate(function: Callable[..., Any]) -> Candidate:
    return Candidate(function, "torch", command="--candidate torch", concurrent=True)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "conv2d": conv2d,
    "conv2d_input_grad": conv2d_input_grad,
    "conv2d_weight_grad": conv2d_weight_grad,
    "conv2d_bias_grad": conv2d_bias_grad,
    "conv2d_backward": conv2d_backward,
    **ADAPTERS,
    **SCORES,
    "max_pool2d": max_pool2d,
    "max_pool2d_backward": max_pool2d_backward,
    "avg_pool2d": avg_pool2d,
    "avg_pool2d_backward": avg_pool2d_backward,
}
CANDIDATES = {name: _candidate(function) for name, function in FUNCTIONS.items()}
