"""Speed of down- and upsampling and of their gradients, float32. All backends leave them to NumPy, today."""

from benchmarks.layers import BACKENDS_BY_NUMPY, VALUE_LAYERS
from benchmarks.measurement import operation_of, prepare


class Resampling:
    """Nanoseconds per value of the input."""

    params = (BACKENDS_BY_NUMPY, ["downsample2d", "upsample2d"], ["forward", "backward"])
    param_names = ("backend", "primitive", "direction")
    unit = "ns/value"

    def setup(self, backend: str, primitive: str, direction: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation_of(primitive, direction), backend, VALUE_LAYERS[primitive])

    def track_resampling(self, backend: str, primitive: str, direction: str) -> float:
        """Measure one of them."""
        return self.measurement.ns_per_step()
