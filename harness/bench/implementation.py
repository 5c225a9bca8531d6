"""What is timed: a backend of this package, another library, or anybody's function, made ready for one workload.

Everything that is not the operation itself is done before: arrays in the layout that is asked for, sessions, compiled
kernels. What a call needs anew for every result, such as packed or transformed weights, is part of the call, except
for ONNX Runtime, whose weights are constants that it has packed when the session was made.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.fast import registry
from convoracle.harness.bench.rounds import Call
from convoracle.harness.bench.workload import Workload
from convoracle.harness.candidates.source import CannotRun, Source
from convoracle.harness.operations.base import Arrays

PEERS = {
    "torch": "torch, contiguous arrays (NCHW)",
    "torch-channels-last": "torch, arrays in its channels_last format (NHWC)",
    "onnxruntime": "onnxruntime, weights packed beforehand; it has no gradients",
}

THREADS_OF = {
    **dict.fromkeys(("torch", "torch-channels-last"), "torch"),
    **dict.fromkeys(("numba", "direct", "winograd", "plane", "fft", "auto"), "convoracle"),
}
"""Whose threads an implementation computes with: those of the same library need not go to sleep in between. Of one that
is not listed nothing is known (im2col's are those of BLAS)."""


@dataclass(frozen=True)
class Implementation:
    """An implementation, ready to be called.

    Parameters
    ----------
    name : str
        A backend, one of `PEERS`, or ``module:function``.
    call : callable
        Computes the result for the set of operands of a number.
    arrays : callable
        What a call returned, as NumPy arrays in the order of the operation's outputs.
    accuracy : {"componentwise", "normwise"}
        The bound its results are held to.
    allocates_in_numpy : bool
        Whether `tracemalloc` sees its memory.
    """

    name: str
    call: Call
    arrays: Callable[[Any], tuple[np.ndarray, ...]]
    accuracy: str = "componentwise"
    allocates_in_numpy: bool = False


def library_of(name: str) -> str:
    """Return whose threads an implementation computes with, or its own name."""
    return THREADS_OF.get(name, name)


def check_name(name: str) -> None:
    """Raise CannotRun if there is no implementation of this name, or it cannot be used here."""
    if name in PEERS:
        for module in ("onnx", "onnxruntime") if name == "onnxruntime" else ("torch",):
            try:
                __import__(module)
            except Exception as error:
                raise CannotRun(
                    f"{name!r} needs {module}, which cannot be imported here ({type(error).__name__}: {error}); "
                    "pip install 'convoracle[peers]' brings it"
                ) from error
        return
    if ":" in name:
        source = Source("function", name)
        try:
            offered = source.operations()
        except CannotRun:
            raise CannotRun(f"{name!r}: a function needs the name of its operation, as my_kernels:conv2d") from None
        for operation in offered:
            source.load(operation)
        return
    if not registry.is_backend(name):
        raise CannotRun(
            f"unknown implementation {name!r}; allowed: {', '.join(PEERS)}, MODULE:FUNCTION, or a backend: "
            f"{', '.join(registry.backends())}"
        )
    missing = registry.missing(name)
    if missing is not None:
        raise CannotRun(f"backend {name!r} needs {missing}")


def prepare(name: str, workload: Workload, direction: str, sets: Sequence[Arrays], threads: int) -> Implementation:
    """Return an implementation that was called once on every set.

    Raises
    ------
    CannotRun
        If it does not do this pass of this workload.
    """
    if not workload.has(direction):
        raise CannotRun(f"{workload.kind} has no {direction}")
    if name == "onnxruntime":
        from convoracle.harness.bench import onnxruntime_calls

        made = onnxruntime_calls.implementation(workload, direction, sets, threads)
    elif name in PEERS:
        from convoracle.harness.bench import torch_calls

        made = torch_calls.implementation(name, workload, direction, sets)
    elif ":" in name:
        made = _function(name, workload, direction, sets)
    else:
        made = _backend(name, workload, direction, sets)
    try:
        for number in range(len(sets)):
            made.call(number)
    except Exception as error:  # whatever a stranger's function raises
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        raise CannotRun(f"{name} cannot do {direction} of {workload}: {reason}") from error
    return made


def _backend(name: str, workload: Workload, direction: str, sets: Sequence[Arrays]) -> Implementation:
    """Return the public function with this backend."""
    import convoracle

    operation = workload.operation(direction)
    try:
        variant = registry.variant(operation.name, name)
    except (ValueError, ImportError) as error:
        raise CannotRun(str(error)) from error
    function = getattr(convoracle, operation.name)
    arguments = [operation.arguments(workload.case, arrays) for arrays in sets]

    def call(number: int) -> Any:
        positional, keywords = arguments[number]
        return function(*positional, **keywords, backend=name)

    return Implementation(name, call, as_tuple, variant.accuracy, allocates_in_numpy=True)


def _function(name: str, workload: Workload, direction: str, sets: Sequence[Arrays]) -> Implementation:
    """Return a function that has the name of its operation, called as ``convoracle verify --candidate`` calls it."""
    operation, source = workload.operation(direction), Source("function", name)
    if operation.name not in source.operations():
        raise CannotRun(f"{name} is no {operation.name}")
    candidate = source.load(operation.name)
    function = candidate.bound_to(operation)
    arguments = [operation.arguments(workload.case, arrays) for arrays in sets]

    def call(number: int) -> Any:
        positional, keywords = arguments[number]
        return function(*positional, **keywords)

    return Implementation(name, call, as_tuple, candidate.accuracy, allocates_in_numpy=True)


def as_tuple(result: Any) -> tuple[np.ndarray, ...]:
    """Return one array or several as a tuple."""
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)
