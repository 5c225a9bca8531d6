"""Speed of the fully connected layer and of its gradients, float32."""

from benchmarks.layers import BACKENDS_BY_NUMPY, LINEAR_LAYERS
from benchmarks.measurement import prepare


class Linear:
    """Nanoseconds per multiply-accumulate; the gradients all together, of the two large ones."""

    params = (BACKENDS_BY_NUMPY, ["linear", "linear_backward"], list(LINEAR_LAYERS))
    param_names = ("backend", "operation", "layer")
    unit = "ns/MAC"

    def setup(self, backend: str, operation: str, layer: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, LINEAR_LAYERS[layer])

    def track_linear(self, backend: str, operation: str, layer: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()
