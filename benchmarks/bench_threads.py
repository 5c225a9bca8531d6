"""Speed with one thread and with two: what a second processor is worth, and what a second thread costs."""

import statistics
import time

from benchmarks.layers import BACKENDS_WITH_THREADS, POOL_LAYERS
from benchmarks.measurement import prepare
from benchmarks.networks import ALL


class ConvThreads:
    """Nanoseconds per multiply-accumulate; with two threads, of both together."""

    params = (
        BACKENDS_WITH_THREADS,
        ["conv2d", "conv2d_backward"],
        ["resnet50 3x3 128@28", "mobilenet_v2 dw 3x3 144@56", "filters 15x15 1@512"],
        ["1 thread", "2 threads"],
    )
    param_names = ("backend", "operation", "layer", "threads")
    unit = "ns/MAC"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str, threads: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, ALL[layer], threads=int(threads[0]))

    def track_threads(self, backend: str, operation: str, layer: str, threads: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class PoolThreads:
    """Nanoseconds per window value."""

    params = (
        ["direct", "auto"],
        ["max_pool2d", "max_pool2d_backward", "avg_pool2d", "avg_pool2d_backward"],
        ["resnet50 3x3 stride 2 batch 16"],
        ["1 thread", "2 threads"],
    )
    param_names = ("backend", "operation", "layer", "threads")
    unit = "ns/window value"
    timeout = 300

    def setup(self, backend: str, operation: str, layer: str, threads: str) -> None:
        """Make the arrays, and compile."""
        self.measurement = prepare(operation, backend, POOL_LAYERS[layer], threads=int(threads[0]))

    def track_threads(self, backend: str, operation: str, layer: str, threads: str) -> float:
        """Measure one layer."""
        return self.measurement.ns_per_step()


class SecondThread:
    """Microseconds that work for two threads takes longer than each of its halves."""

    params = (["back to back", "after a millisecond"],)
    param_names = ("calls",)
    unit = "us"
    timeout = 60

    def setup(self, calls: str) -> None:
        """Compile, start the thread, and find out how much makes a half of 50 microseconds."""
        from convoracle.fast import threads, workers
        from convoracle.fast.simd.words import add_and_look, new_word

        word, looks = new_word(), workers.looks(50e-6)
        self.share_out = lambda pieces: threads.run_pieces(
            lambda piece, pieces: add_and_look(word, 0, word, 1, looks, 0), pieces
        )
        self.share_out(2)
        self.pause = 0.0 if calls == "back to back" else 1e-3

    def track_second_thread(self, calls: str) -> float:
        """Measure."""
        return self._microseconds(2) - self._microseconds(1)

    def _microseconds(self, pieces: int) -> float:
        """Return the median time of work of so many halves."""
        times = []
        for _ in range(200):
            if self.pause:
                time.sleep(self.pause)
            start = time.perf_counter()
            self.share_out(pieces)
            times.append(time.perf_counter() - start)
        return statistics.median(times) * 1e6
