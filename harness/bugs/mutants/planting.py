"""How a mutant is made: a mistake planted in, or around, a correct implementation."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.bugs.bug import Bug
from convoracle.harness.oracle import compiled

Function = Callable[..., Any]


@functools.cache
def right(operation: str) -> Function:
    """Return a correct implementation: the reference's loops, compiled, in float32 where the arrays are float16."""
    function = getattr(reference, operation)
    loops = inspect.signature(function).parameters.get("loops")
    if loops is not None:
        function = functools.partial(function, loops=compiled(loops.default))
    return functools.partial(_rounded_once, function)


def mutant(operation: str, kind: str, name: str, says: str, wrong: Function, **declared: Any) -> Bug:
    """Return a bug without a memory: ``wrong(right, *operands, **options)``."""
    return Bug(
        f"{operation}/{name}",
        operation,
        kind,
        says,
        lambda: functools.partial(wrong, right(operation)),
        **declared,
    )


def with_memory(operation: str, kind: str, name: str, says: str, wrong: Function, **declared: Any) -> Bug:
    """Return a bug that is an object: ``wrong(right)`` makes a fresh one, which is then called."""
    return Bug(f"{operation}/{name}", operation, kind, says, lambda: wrong(right(operation)), **declared)


def pair(value: Any) -> tuple[int, int]:
    """Return an option as one value for each of two axes."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def each(returned: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Return what a call returned with every array changed."""
    return tuple(change(array) for array in returned) if isinstance(returned, tuple) else change(returned)


def first(returned: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Return what a call returned with its first, or only, array changed."""
    return (change(returned[0]), *returned[1:]) if isinstance(returned, tuple) else change(returned)


def sides(x_shape: Any, weight_shape: Any, options: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """Return a convolution's padding as (before, after) along each axis."""
    axes, padding = len(x_shape) - 2, options["padding"]
    if padding == "valid" or isinstance(padding, int):
        return ((0 if padding == "valid" else padding,) * 2,) * axes
    if not isinstance(padding, str):
        return tuple((side, side) if isinstance(side, int) else (side[0], side[1]) for side in padding)
    resolved = []
    for n, k, step, spread in zip(
        x_shape[2:], weight_shape[2:], along(options["stride"], axes), along(options["dilation"], axes), strict=True
    ):
        total = max((-(-n // step) - 1) * step + spread * (k - 1) + 1 - n, 0)
        less, more = total // 2, total - total // 2
        resolved.append((less, more) if padding == "same" else (more, less))
    return tuple(resolved)


def along(value: Any, axes: int) -> tuple[int, ...]:
    """Return an option as one value for each axis."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def where_it_fits(wrong: Function) -> Function:
    """Return `wrong`, but right where its geometry is impossible: such a kernel would not have been released."""

    def fitting(right: Function, *operands: Any, **options: Any) -> Any:
        try:
            return wrong(right, *operands, **options)
        except ValueError:
            return right(*operands, **options)

    return fitting


def _rounded_once(function: Function, *operands: Any, **options: Any) -> Any:
    """Call a function with float16 arrays widened to float32, and round its results back."""
    if not any(isinstance(array, np.ndarray) and array.dtype == np.float16 for array in operands):
        return function(*operands, **options)
    wider = [
        array.astype(np.float32) if isinstance(array, np.ndarray) and array.dtype == np.float16 else array
        for array in operands
    ]
    return each(function(*wider, **options), lambda got: got.astype(np.float16) if got.dtype == np.float32 else got)
