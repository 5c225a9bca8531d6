"""Speed of what does the same to every value or every row, float32.

`direct` does what is mostly exponentials by vectors; the rest is left to NumPy, in every backend.
"""

from benchmarks.layers import BACKENDS_OF_EXPONENTIALS, VALUE_LAYERS
from benchmarks.measurement import operation_of, prepare


class Activation:
    """Nanoseconds per value of the input."""

    params = (
        BACKENDS_OF_EXPONENTIALS,
        ["relu", "sigmoid", "softmax", "log_softmax", "mean_subtract"],
        ["forward", "backward"],
    )
    param_names = ("backend", "primitive", "direction")
    unit = "ns/value"

    def setup(self, backend: str, primitive: str, direction: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation_of(primitive, direction), backend, VALUE_LAYERS[primitive])

    def track_activation(self, backend: str, primitive: str, direction: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()


class Loss:
    """Nanoseconds per value of the input."""

    params = (BACKENDS_OF_EXPONENTIALS, ["cross_entropy", "euclidean_loss"], ["forward", "backward"])
    param_names = ("backend", "primitive", "direction")
    unit = "ns/value"

    def setup(self, backend: str, primitive: str, direction: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation_of(primitive, direction), backend, VALUE_LAYERS[primitive])

    def track_loss(self, backend: str, primitive: str, direction: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()
