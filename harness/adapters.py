"""Implementations with other conventions, as candidates: other layouts, no batch, a result to write into, few options.

Each takes an implementation and returns a callable with convoracle's calling convention that `verify` accepts. What it
cannot do is in its ``limits``, which `verify` and the command line honour. They can be combined:
``nhwc(batchless(mine))`` is for an implementation of single images in HWC.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.candidates.candidate import named

Function = Callable[..., Any]

_IMAGES = {
    "conv2d": (("x",), (0,)),
    "conv2d_input_grad": (("x",), (0,)),
    "conv2d_weight_grad": (("weight",), (0, 1)),
    "conv2d_backward": (("x", "weight", "bias"), (0, 1)),
    "max_pool2d": (("x", "x"), (0,)),
    "max_pool2d_backward": (("x",), (0, 1)),
    "avg_pool2d": (("x",), (0,)),
    "avg_pool2d_backward": (("x",), (0,)),
}
"""For each operation, what its results are, and which of its arguments are images or gradients shaped like them."""

_WEIGHTS = {"conv2d": 1, "conv2d_input_grad": 1, "conv2d_backward": 2}
"""Where the weight is among the arguments."""

_SHAPES = {"conv2d_input_grad": 2, "max_pool2d_backward": 2, "avg_pool2d_backward": 1}
"""Where the shape of an image is among the arguments."""


def nhwc(function: Function, operation: str = "conv2d") -> Function:
    """Return a candidate for an implementation whose images are (N, H, W, C).

    The weight stays (F, C / groups, kH, kW): see `hwio`.

    Parameters
    ----------
    function : callable
        The implementation, with convoracle's arguments in this other layout.
    operation : str
        Which operation it is.

    Examples
    --------
    >>> from convoracle.harness import verify
    >>> def mine(x, kernel_size, **options):  # (N, H, W, C)
    ...     import convoracle
    ...     return convoracle.avg_pool2d(x.transpose(0, 3, 1, 2), kernel_size, **options).transpose(0, 2, 3, 1)
    >>> verify("avg_pool2d", nhwc(mine, "avg_pool2d"), examples=20).passed
    True
    """
    results, images = _known(operation)

    @functools.wraps(function)
    def adapted(*operands: Any, **options: Any) -> Any:
        passed = list(operands)
        for position in images:
            passed[position] = np.moveaxis(passed[position], 1, -1)
        if operation in _SHAPES:
            n, c, h, w = passed[_SHAPES[operation]]
            passed[_SHAPES[operation]] = (n, h, w, c)
        returned = function(*passed, **options)
        return _each(returned, results, {"x": lambda array: np.moveaxis(array, -1, 1)})

    return _declared(adapted, function)


def hwio(function: Function, operation: str = "conv2d") -> Function:
    """Return a candidate for an implementation whose weights are (kH, kW, C / groups, F), as TensorFlow's are."""
    results, _ = _known(operation)

    @functools.wraps(function)
    def adapted(*operands: Any, **options: Any) -> Any:
        passed = list(operands)
        if operation in _WEIGHTS:
            passed[_WEIGHTS[operation]] = np.transpose(passed[_WEIGHTS[operation]], (2, 3, 1, 0))
        if operation == "conv2d_weight_grad":
            f, c, *kernel = passed[2]
            passed[2] = (*kernel, c, f)
        returned = function(*passed, **options)
        return _each(returned, results, {"weight": lambda array: np.transpose(array, (3, 2, 0, 1))})

    return _declared(adapted, function)


def batchless(function: Function, operation: str = "conv2d") -> Function:
    """Return a candidate for an implementation of one image, without a batch axis; images are passed one by one.

    Raises
    ------
    ValueError
        For an operation that sums over the batch.
    """
    results, images = _known(operation)
    if "weight" in results:
        raise ValueError(f"{operation} sums over the batch: a function of one image cannot stand for it")

    @functools.wraps(function)
    def adapted(*operands: Any, **options: Any) -> Any:
        returned = []
        for image in range(len(operands[0])):
            passed = [one[image] if position in images else one for position, one in enumerate(operands)]
            if operation in _SHAPES:
                passed[_SHAPES[operation]] = tuple(passed[_SHAPES[operation]][1:])
            returned.append(function(*passed, **options))
        if isinstance(returned[0], tuple):
            return tuple(np.stack(parts) for parts in zip(*returned, strict=True))
        return np.stack(returned)

    return _declared(adapted, function)


def writing_out(function: Function, operation: str = "conv2d") -> Function:
    """Return a candidate for an implementation that writes its result into an array passed as ``out``.

    What it returns is ignored. The array has the right shape and dtype, and holds NaN (or the smallest integer), so
    that an element which is not written shows.
    """
    if operation not in ("conv2d", "conv2d_input_grad", "conv2d_weight_grad", "avg_pool2d", "max_pool2d"):
        raise ValueError(f"no result to write into is known for {operation}")

    @functools.wraps(function)
    def adapted(*operands: Any, **options: Any) -> np.ndarray:
        dtype = operands[0].dtype
        shape = _result_shape(operation, operands, options)
        out = np.full(shape, np.nan, dtype) if dtype.kind == "f" else np.full(shape, np.iinfo(np.int64).min, np.int64)
        function(*operands, **options, out=out)
        return out

    return _declared(adapted, function, {"return_indices": {False}} if operation == "max_pool2d" else {})


def integer_options(function: Function, names: Sequence[str] = ("stride", "padding", "dilation")) -> Function:
    """Return a candidate for an implementation whose options are single integers, the same along both axes.

    Parameters
    ----------
    function : callable
        The implementation.
    names : sequence of str
        Which options; those that it does not have are left out.
    """
    values = {"stride": (1, 2, 3), "padding": (0, 1, 2, 3), "dilation": (1, 2, 3), "kernel_size": (1, 2, 3, 5)}
    for name in names:
        if name not in values:
            raise ValueError(f"unknown option {name!r}; known: {', '.join(values)}")
    kept = [name for name in names if _accepts(function, name)]

    @functools.wraps(function)
    def adapted(*operands: Any, **options: Any) -> Any:
        single = {name: _single(options[name]) for name in kept if name in options}
        return function(*operands, **{**options, **single})

    return _declared(adapted, function, {name: {(value, value) for value in values[name]} for name in kept})


ADAPTERS: dict[str, Callable[..., Function]] = {
    "nhwc": nhwc,
    "hwio": hwio,
    "batchless": batchless,
    "writing_out": writing_out,
}
"""The adapters that need nothing but the implementation and the operation."""


def _known(operation: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return what is known of an operation, or raise ValueError."""
    if operation not in _IMAGES:
        raise ValueError(f"no adapter for {operation!r}; known for {', '.join(_IMAGES)}")
    return _IMAGES[operation]


def _each(returned: Any, results: Sequence[str], change: Mapping[str, Callable[[Any], Any]]) -> Any:
    """Return one result, or each of several, changed by what it is."""
    if not isinstance(returned, tuple):
        return np.ascontiguousarray(change.get(results[0], np.asarray)(returned))
    return tuple(
        np.ascontiguousarray(change.get(kind, np.asarray)(one)) for kind, one in zip(results, returned, strict=False)
    )


def _declared(adapted: Function, function: Function, limits: Mapping[str, Any] | None = None) -> Function:
    """Return the adapted function with the limits, accuracy and dtypes of the one inside, and limits of its own."""
    adapted.__dict__["limits"] = {**getattr(function, "limits", {}), **(limits or {})}
    adapted.__qualname__ = f"<{named(function)[0]}, adapted>"  # which no --candidate reaches
    return adapted


def _accepts(function: Function, name: str) -> bool:
    """Return whether a callable takes a keyword."""
    parameters = inspect.signature(function).parameters
    return name in parameters or any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())


def _single(value: Any) -> int | None:
    """Return the one integer that an option stands for."""
    if value is None or isinstance(value, int):
        return value
    (one,) = set(value)
    return int(one)


def _result_shape(operation: str, operands: Sequence[Any], options: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the shape of what an operation returns."""
    if operation in ("conv2d_input_grad", "conv2d_weight_grad"):
        return tuple(operands[2])
    x = operands[0]
    if operation == "conv2d":
        weight = operands[1]
        stride, dilation = (_pair(options.get(name, 1)) for name in ("stride", "dilation"))
        sides = reference.resolve_padding(options.get("padding", 0), x.shape[2:], weight.shape[2:], stride, dilation)
        sizes = [
            reference.conv_output_size(size, k, stride=s, padding=p, dilation=d)
            for size, k, s, p, d in zip(x.shape[2:], weight.shape[2:], stride, sides, dilation, strict=True)
        ]
        return len(x), len(weight), *sizes
    kernel = _pair(operands[1])
    stride = kernel if options.get("stride") is None else _pair(options["stride"])
    sizes = [
        reference.pool_output_size(size, k, stride=s, padding=p, dilation=d, ceil_mode=options.get("ceil_mode", False))
        for size, k, s, p, d in zip(
            x.shape[2:],
            kernel,
            stride,
            _pair(options.get("padding", 0)),
            _pair(options.get("dilation", 1)),
            strict=True,
        )
    ]
    return *x.shape[:2], *sizes


def _pair(value: Any) -> tuple[int, int]:
    """Return an option as one value for each axis."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])
