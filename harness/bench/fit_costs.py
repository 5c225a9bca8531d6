"""Fit what the cost model of `backend="auto"` says of each algorithm.

``python -m convoracle.harness.bench.fit_costs [SECONDS]`` does it, in about so many seconds of timing.

Layers are drawn at random: those of networks, depthwise and grouped ones, patches, filters of images. Every algorithm
that may be the fastest for one is timed on it, on one thread, for one image and for some, on a machine that does
nothing else.
A time is a sum of terms (`convoracle.fast.auto.terms`); their costs are the numbers that are not negative and make the
errors of its logarithm small. What is printed belongs in `fast/auto/costs.py`, and below it is how well choices by
these costs would have done on the layers they were fitted to; `convoracle bench --regret` asks that of other layers.
"""

import itertools
import math
import random
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
from scipy.optimize import nnls

from convoracle.fast import registry
from convoracle.fast.auto.candidates import obstacle_of
from convoracle.fast.auto.estimate import BATCHES, per_second
from convoracle.fast.auto.graded import ALGORITHMS
from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.rates import rates
from convoracle.fast.auto.term import Tile
from convoracle.fast.auto.terms import TERMS
from convoracle.fast.kernels import bind_kernel
from convoracle.fast.simd.microkernel import ROWS
from convoracle.fast.simd.vectors import VECTOR_BITS

OPERATIONS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad")
FEWEST_MACS, MOST_MACS = 20_000, 1_500_000_000
MOST_NUMBERS = 25_000_000
REPEATS, SETS = 5, 3
NEGLIGIBLE = 1e-6


class Timing(NamedTuple):
    """How long an algorithm took for a layer and a batch."""

    backend: str
    layer: Layer
    images: int
    seconds: float


def draw_layers(seed: int = 7) -> Iterator[Layer]:
    """Yield layers of all sorts, one of each in turn, without end."""
    rng = random.Random(seed)

    def between(least: int, most: int) -> int:
        return round(math.exp(rng.uniform(math.log(least), math.log(most))))

    def layer(channels: int, size: int, filters: int, kernel: int, stride: int = 1, groups: int = 1) -> Layer:
        channels, filters = (math.ceil(planes / groups) * groups for planes in (channels, filters))
        end = kernel // 2 if stride < kernel else 0
        pairs = ((stride, stride), ((end, end), (end, end)), (1, 1))
        return Layer(
            "conv2d", "float32", channels, (size, size + rng.randrange(3)), filters, (kernel, kernel), *pairs, groups
        )

    def dilated(layer: Layer, by: int) -> Layer:
        (end, _), _ = layer.padding
        return layer._replace(dilation=(by, by), padding=((by * end, by * end),) * 2)

    while True:
        yield layer(between(3, 600), between(5, 120), between(8, 600), 3)
        yield layer(between(8, 1000), between(5, 112), between(8, 1000), 1, rng.choice((1, 1, 2)))
        channels, kernel = between(8, 500), rng.choice((3, 3, 3, 5, 7, 11, 15, 31))
        yield layer(channels, max(between(7, 120), kernel), channels, kernel, rng.choice((1, 1, 2)), channels)
        yield layer(between(3, 600), between(5, 120), between(8, 600), 3)
        yield layer(between(3, 200), between(14, 120), between(16, 200), rng.choice((3, 5, 7)), 2)
        yield layer(between(3, 300), between(5, 64), between(8, 300), 5, 1, rng.choice((1, 1, 2)))
        yield layer(between(1, 12), between(10, 120), between(1, 24), rng.choice((3, 3, 5)))
        yield layer(3, between(32, 240), between(16, 96), rng.choice((3, 5, 7, 11)), rng.choice((2, 2, 4)))
        kernel = rng.choice((2, 2, 4, 8, 16))
        yield layer(rng.choice((3, between(8, 200))), kernel * between(4, 32), between(16, 768), kernel, kernel)
        kernel = rng.choice((3, 5, 7, 9, 11, 15, 21, 31, 41, 63))
        yield layer(rng.choice((1, 1, 3)), between(max(64, kernel), 600), rng.choice((1, 1, 2, 4)), kernel)
        groups = rng.choice((2, 4, 8, 16, 32))
        channels, filters = groups * rng.choice((2, 4, 8, 16)), groups * rng.choice((2, 4, 8, 16))
        yield layer(channels, between(7, 80), filters, 3, rng.choice((1, 1, 2)), groups)
        planes = layer(between(1, 64), between(8, 80), between(4, 64), rng.choice((3, 3, 5)), 1, rng.choice((1, 2, 4)))
        yield dilated(planes, rng.choice((2, 3)))
        # Most taps outside of the plane, planes of a few numbers, many filters of an image, kernels in a row, and heads
        # of few filters.
        yield dilated(layer(between(16, 500), between(14, 66), between(16, 500), 3), rng.choice((4, 6, 12, 18, 24)))
        yield layer(between(32, 600), between(1, 6), between(32, 600), rng.choice((3, 3, 5)))
        yield layer(
            rng.choice((1, 3)), between(64, 400), between(16, 64), rng.choice((3, 5, 7, 9)), rng.choice((1, 1, 2))
        )
        in_a_row = layer(between(3, 200), between(7, 80), between(8, 200), rng.choice((3, 5, 7)))
        (kernel, _), (ends, _) = in_a_row.kernel_size, in_a_row.padding
        wide = in_a_row._replace(kernel_size=(1, kernel), padding=((0, 0), ends))
        yield rng.choice((wide, in_a_row._replace(kernel_size=(kernel, 1), padding=(ends, (0, 0)))))
        few, many = between(1, 6), between(8, 128)
        yield layer(*rng.choice(((few, between(32, 300), many), (many, between(32, 300), few))), 1)


def timed_layers(seconds: float) -> list[Timing]:
    """Time all algorithms on as many layers as there is time for."""
    end, timings = time.perf_counter() + seconds, []
    sound = (layer for layer in draw_layers() if FEWEST_MACS <= layer.macs <= MOST_MACS)
    while time.perf_counter() < end:
        layer = next(sound)
        numbers = layer.input_numbers + layer.output_numbers
        some = max(2, min(BATCHES[-1], MOST_MACS // (2 * layer.macs), MOST_NUMBERS // numbers))
        for operation, images in itertools.product(OPERATIONS, (1, some)):
            timings += _time_layer(layer._replace(operation=operation), images)
    return timings


def _time_layer(layer: Layer, images: int) -> list[Timing]:
    """Time all algorithms on one layer in turn; the fastest of a few times counts."""
    able = [backend for backend in ALGORITHMS if obstacle_of(backend, layer, "normwise", sys.maxsize) is None]
    arguments, options = _arguments(layer, images), layer.options
    del options["kernel_size"]
    arrays = tuple(argument for argument in arguments if not isinstance(argument, tuple))
    # As in the benchmark, nobody finds in a cache what another has just read.
    sets = [arrays, *(tuple(None if a is None else a.copy() for a in arrays) for _ in range(SETS - 1))]
    calls = {
        # As a call that has been made before, whose checks and plan are remembered.
        backend: bind_kernel(
            registry.variant(layer.operation, backend).load(), layer.dtype, arrays, arguments[len(arrays) :], options
        )
        for backend in able
    }
    times: dict[str, list[float]] = {backend: [] for backend in able}
    turns = itertools.cycle(sets)
    for repeat, (backend, call) in itertools.product(range(REPEATS + 1), calls.items()):
        operands = next(turns)
        start = time.perf_counter()
        call(*operands)
        if repeat:
            times[backend].append(time.perf_counter() - start)
    return [Timing(backend, layer, images, min(found)) for backend, found in times.items()]


def _arguments(layer: Layer, images: int) -> tuple[Any, ...]:
    """Return the arguments of a kernel."""
    numbers = np.random.default_rng(0).standard_normal(4099, np.float32)
    x_shape = (images, layer.channels, *layer.size)
    weight_shape = (layer.filters, layer.channels // layer.groups, *layer.kernel_size)
    x, weight, grad_output = (
        np.resize(numbers, shape) for shape in (x_shape, weight_shape, (images, layer.filters, *layer.output_size))
    )
    return {
        "conv2d": (x, weight, None),
        "conv2d_input_grad": (grad_output, weight, x_shape),
        "conv2d_weight_grad": (grad_output, x, weight_shape),
    }[layer.operation]


def seconds_of_terms(timing: Timing) -> dict[str, float]:
    """Return how long each term would take at the rates of the machine."""
    layer = timing.layer
    at = per_second(rates(), layer.dtype)
    terms = TERMS[timing.backend](layer, Tile(VECTOR_BITS // (8 * layer.itemsize), ROWS))
    return {term.name: (term.once + timing.images * term.image) / at[term.kind] for term in terms}


def fit(timings: list[Timing]) -> dict[str, float]:
    """Return the cost of each term of one algorithm for one operation."""
    rows = [seconds_of_terms(timing) for timing in timings]
    # An algorithm that goes several ways has other terms in each.
    names = list(dict.fromkeys(name for row in rows for name in row))
    matrix, times = (
        np.array([[row.get(name, 0.0) for name in names] for row in rows]),
        np.array([timing.seconds for timing in timings]),
    )
    weights = 1 / times
    for _ in range(8):
        costs = nnls(matrix * weights[:, None], times * weights)[0]
        estimated = np.maximum(matrix @ costs, 1e-9)
        # Relative errors count, those of the logarithm rather, and a few large ones not as their squares.
        weights = 1 / np.sqrt(times * estimated * (1 + np.abs(np.log(estimated / times)) / 0.2))
    return {name: float(f"{cost:.3g}") for name, cost in zip(names, costs, strict=True) if cost > NEGLIGIBLE}


def regrets(timings: list[Timing], costs: dict[tuple[str, str], dict[str, float]], operation: str) -> np.ndarray:
    """Return, for each layer and batch, by how much what would be chosen is slower than the best."""

    def typical(timing: Timing) -> float:
        batches = (seconds_of_terms(timing._replace(images=images)) for images in BATCHES)
        kept = costs[timing.backend, operation]
        return math.prod(sum(kept.get(name, 0) * amount for name, amount in terms.items()) for terms in batches)

    cases: dict[tuple[Layer, int], list[Timing]] = {}
    for timing in timings:
        if timing.layer.operation == operation:
            cases.setdefault((timing.layer, timing.images), []).append(timing)
    return np.array(
        [
            min(case, key=typical).seconds / min(one.seconds for one in case) - 1
            for case in cases.values()
            if len(case) > 1
        ]
    )


def main() -> None:
    """Measure, fit and print."""
    numba.set_num_threads(1)
    timings = timed_layers(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
    costs = {}
    for key in itertools.product(ALGORITHMS, OPERATIONS):
        of_key = [timing for timing in timings if (timing.backend, timing.layer.operation) == key]
        if of_key:
            costs[key] = fit(of_key)
            print(f"    {key}: {costs[key]},".replace("'", '"'))
    for operation in OPERATIONS:
        lost = regrets(timings, costs, operation)
        print(
            f"{operation}: {len(lost)} layers and batches, regret {np.median(lost):.3f} in the median and "
            f"{lost.mean():.3f} on average, at most 5 % in {100 * np.mean(lost <= 0.05):.0f} %"
        )


if __name__ == "__main__":
    main()
