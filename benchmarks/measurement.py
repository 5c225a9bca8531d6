"""What nearly every benchmark does: leave out what is not done, make the arrays, compile, and time the call."""

import sys
from dataclasses import dataclass

from benchmarks.calls import Call, call_of, steps_of
from benchmarks.layers import Layer
from benchmarks.limits import leave_out
from benchmarks.timer import median_ns_per_step


@dataclass(frozen=True)
class Measurement:
    """A call that is ready to be timed, and how many steps it does."""

    call: Call
    steps: int

    def ns_per_step(self) -> float:
        """Return the nanoseconds of a step: a multiply-accumulate, a value of a window, or a value."""
        return median_ns_per_step(self.call, self.steps)


def prepare(operation: str, backend: str, layer: Layer, dtype: str = "float32", threads: int = 1) -> Measurement:
    """Return the call of an operation on a layer, with its arrays made and its kernels compiled."""
    leave_out(operation, backend, layer, threads)
    call = call_of(operation, backend, layer, dtype)
    call()
    hold_threads(threads)
    return Measurement(call, steps_of(operation, layer))


def hold_threads(threads: int) -> None:
    """Let compiled kernels use so many threads, if any kernel is loaded. BLAS was held to one at the start."""
    if "numba" in sys.modules:
        sys.modules["numba"].set_num_threads(threads)


def operation_of(primitive: str, direction: str) -> str:
    """Return the operation's name: a chart names a primitive and shows both directions."""
    return f"{primitive}_backward" if direction == "backward" else primitive
