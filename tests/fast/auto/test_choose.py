"""What is chosen: by shapes, accuracy and memory, never by the batch, the threads or the data; and it is computed."""

import itertools
import math
import multiprocessing
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numba
import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry, remembered
from convoracle.fast.auto import candidates, choose, direct_terms, hopeless
from convoracle.fast.auto.candidates import candidates_of, choose_backend
from convoracle.fast.auto.costs import COSTS
from convoracle.fast.auto.estimate import Seconds, Times, estimate
from convoracle.fast.auto.graded import ALGORITHMS, FALL_BACK
from convoracle.fast.auto.layer import Layer, layer_of
from convoracle.fast.auto.machine import Rates
from convoracle.fast.auto.term import Tile
from convoracle.fast.auto.terms import ROWS_IN_PLACE, TERMS
from convoracle.fast.direct import patch_sums, patches, weight_grad_plan
from convoracle.fast.plane import window_tile
from convoracle.fast.simd import microkernel

MANY = 64 << 20
GRADIENTS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad")


def layers() -> Iterator[Layer]:
    """Layers of every sort: sizes, kernels, strides, dilations, groups, dtypes."""
    kinds = (
        (1, 3, 1, 1, 1),
        (1, 1, 0, 1, 1),
        (2, 3, 1, 1, 1),
        (1, 3, 2, 2, 1),
        (2, 7, 3, 1, 1),
        (1, 5, 2, 1, 1),
        (1, 15, 7, 1, 1),
        (1, 3, 1, 1, 4),
        (1, 3, 1, 1, 64),
        (1, 31, 15, 1, 64),
    )
    sizes = ((7, 7), (14, 13), (56, 56), (112, 200))
    for operation, dtype in itertools.product(GRADIENTS, ("float32", "float64")):
        yield Layer(operation, dtype, 64, (4, 5), 64, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 64)
    for operation, dtype, (stride, k, p, dilation, groups), size in itertools.product(
        GRADIENTS, ("float32", "float64"), kinds, sizes
    ):
        if min(size) + 2 * p >= k:
            pairs = ((stride, stride), ((p, p), (p, p)), (dilation, dilation))
            yield Layer(operation, dtype, 64, size, 64, (k, k), *pairs, groups)
            if groups == 1:
                yield Layer(operation, dtype, 3, size, 10, (k, k), *pairs, groups)
                yield Layer(operation, dtype, 512, size, 512, (k, k), *pairs, groups)
    for operation in GRADIENTS:
        yield wide_windows(operation)
        yield Layer(operation, "float32", 20, (4, 5), 20, (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 20)


def wide_windows(operation: str) -> Layer:
    """Windows as wide as the input, as for text: the input gradient is a sum of patches."""
    return Layer(operation, "float32", 1, (60, 300), 100, (4, 300), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)


def test_who_is_chosen_may(example_rates: Rates) -> None:
    for layer in layers():
        for accuracy, limit in itertools.product(("normwise", "componentwise"), (0, MANY)):
            first = candidates_of(layer, accuracy, limit)[0]
            assert first.obstacle is None
            assert choose_backend(layer, accuracy, limit) == first.backend
            variant = registry.variant(layer.operation, first.backend)
            assert variant.accuracy == "componentwise" or accuracy == "normwise"
            assert first.workspace <= limit


@pytest.mark.parametrize(
    ("accuracy", "limit", "seconds", "first"),
    [
        ("normwise", MANY, {"winograd": 1, "fft": 2, "direct": 3, "plane": 4}, ["winograd", "fft", "direct", "plane"]),
        ("normwise", MANY, {"winograd": 3, "fft": 4, "direct": 2, "plane": 1}, ["plane", "direct", "winograd", "fft"]),
        ("componentwise", MANY, {"winograd": 1, "fft": 2, "direct": 4, "plane": 3}, ["plane", "direct"]),
        ("normwise", 0, {"winograd": 1, "fft": 2, "direct": 3, "plane": 4}, []),
    ],
)
def test_the_fastest_comes_first(
    accuracy: str, limit: int, seconds: Mapping[str, float], first: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With times written down here, those that may stand in their order, before what is there if nobody else may."""
    nothing = Seconds(0, 0, 0)
    monkeypatch.setattr(candidates, "time_of", lambda backend, _: Times(nothing, Seconds(seconds[backend], 0, 0)))
    layer = Layer("conv2d", "float32", 16, (32, 31), 16, (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1), 1)
    able = [found.backend for found in candidates_of(layer, accuracy, limit) if found.obstacle is None]
    assert able == [*first, *FALL_BACK]


def test_every_algorithm_has_terms_and_costs_for_what_it_may_be_chosen_for(example_rates: Rates) -> None:
    for backend, operations in ALGORITHMS.items():
        for operation in set(operations) & set(GRADIENTS):
            costs, counted = COSTS[backend, operation], set()
            for layer in layers():
                if layer.operation == operation and candidates.obstacle_of(backend, layer, "normwise", MANY) is None:
                    terms = TERMS[backend](layer, Tile(16, 8))
                    assert len({term.name for term in terms}) == len(terms)
                    counted |= {term.name for term in terms}
                    assert all(math.isfinite(term.once) and math.isfinite(term.image) for term in terms)
                    assert all(term.once >= 0 and term.image >= 0 for term in terms)
                    times = estimate(backend, layer, example_rates, Tile(16, 8))
                    assert 0 < times.typical < math.inf
                    assert times.of_batch(2).total <= 2 * times.of_batch(1).total
            # Winograd's algorithm along one axis has terms of its own: no layer has all of them.
            assert costs.keys() <= counted


@pytest.mark.parametrize(
    ("size", "kernel", "padding", "dilation", "saves"),
    [
        ((1, 1), 3, 1, 1, ()),
        ((5, 5), 5, 0, 1, ()),
        ((33, 33), 3, 18, 18, ()),
        ((33, 33), 3, 4, 4, GRADIENTS),
        ((7, 7), 3, 1, 1, GRADIENTS),
    ],
)
def test_winograd_is_hopeless_where_it_saves_no_products(
    size: tuple[int, int], kernel: int, padding: int, dilation: int, saves: tuple[str, ...]
) -> None:
    """A plane of one pixel, a result of one, and taps that are mostly outside of a plane."""
    pairs = ((1, 1), ((padding, padding),) * 2, (dilation, dilation))
    for operation in GRADIENTS:
        layer = Layer(operation, "float32", 64, size, 64, (kernel, kernel), *pairs, 1)
        assert (hopeless.why_hopeless("winograd", layer) is None) == (operation in saves)


def test_work_is_counted_with_the_numbers_of_the_kernels() -> None:
    """They are written down twice, since whoever counts is to import no kernel."""
    assert ROWS_IN_PLACE[microkernel.ROWS] == window_tile.ROWS
    assert direct_terms.OUTPUTS == weight_grad_plan.OUTPUTS
    assert direct_terms.INSIDE == weight_grad_plan.CUT_PARTS / weight_grad_plan.CUT_OF
    assert direct_terms.LAID == patches.LAYING
    assert (direct_terms.ADDED, direct_terms.ADDED * direct_terms.ADDED_ROW) == (
        patch_sums.ADDING,
        patch_sums.ADDING_ROW,
    )
    assert direct_terms.MOST_PATCHES == patches.MOST_NUMBERS


def test_kernels_as_wide_as_the_input_go_to_direct(example_rates: Rates) -> None:
    """Their input gradient is a patch for each output, which few channels and columns do not make slow."""
    for operation in GRADIENTS:
        layer = wide_windows(operation)
        times = {name: estimate(name, layer, example_rates, Tile(16, 8)).typical for name in ("direct", "plane", "fft")}
        assert choose_backend(layer, "normwise", MANY) == "direct"
        assert times["direct"] < min(times["plane"], times["fft"]) / 2


def test_the_batch_does_not_matter(example_rates: Rates) -> None:
    options = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    for operation in GRADIENTS:
        chosen = []
        for images in (0, 1, 2, 16, 1000):
            shapes = {"x_shape": (images, 64, 56, 56), "weight_shape": (64, 64, 3, 3)}
            kernel = choose.choose_kernel(operation, "float32", "normwise", {**options, **shapes})
            chosen.append(str(kernel))
        assert len(set(chosen)) == 1


def force(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """Make one algorithm seem much the fastest, whatever the layer."""
    monkeypatch.setattr(candidates, "why_hopeless", lambda backend, layer: None)
    costs = {
        key: {name: cost * (1e-6 if key[0] == backend else 1) for name, cost in kept.items()}
        for key, kept in COSTS.items()
    }
    monkeypatch.setattr("convoracle.fast.auto.estimate.COSTS", costs)
    candidates.choose_backend.cache_clear()
    remembered.forget()


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    candidates.choose_backend.cache_clear()
    remembered.forget()
    yield
    candidates.choose_backend.cache_clear()
    remembered.forget()


X = np.random.default_rng(0).standard_normal((3, 16, 20, 21)).astype(np.float32)
WEIGHT = np.random.default_rng(1).standard_normal((24, 16, 3, 3)).astype(np.float32)
GRAD = np.random.default_rng(2).standard_normal((3, 24, 20, 21)).astype(np.float32)


def calls(**options: Any) -> Mapping[str, tuple[np.ndarray, ...]]:
    """A convolution and its gradients."""
    return {
        "conv2d": (co.conv2d(X, WEIGHT, padding=1, **options),),
        "conv2d_input_grad": (co.conv2d_input_grad(GRAD, WEIGHT, X.shape, padding=1, **options),),
        "conv2d_weight_grad": (co.conv2d_weight_grad(GRAD, X, WEIGHT.shape, padding=1, **options),),
        "conv2d_backward": co.conv2d_backward(GRAD, X, WEIGHT, padding=1, **options),
    }


@pytest.mark.parametrize("backend", [name for name, done in ALGORITHMS.items() if "conv2d" in done])
def test_what_is_chosen_computes(backend: str, example_rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    force(monkeypatch, backend)
    options = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    automatic, explicit = calls(backend="auto"), calls(backend=backend)
    for operation in GRADIENTS:
        layer = layer_of(operation, "float32", X.shape, WEIGHT.shape, options)
        assert choose_backend(layer, "normwise", MANY) == backend
        assert [one.tobytes() for one in automatic[operation]] == [one.tobytes() for one in explicit[operation]]
    assert [one.tobytes() for one in automatic["conv2d_backward"][:2]] == [
        one.tobytes() for one in explicit["conv2d_backward"][:2]
    ]


def test_an_accuracy_keeps_transforms_out(example_rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    for backend in ALGORITHMS:
        force(monkeypatch, backend)
        for layer in layers():
            chosen = choose_backend(layer, "componentwise", MANY)
            assert registry.variant(layer.operation, chosen).accuracy == "componentwise"


def test_the_same_bits_on_any_number_of_threads() -> None:
    before, results = numba.get_num_threads(), {}
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        numba.set_num_threads(threads)
        try:
            results[threads] = [one.tobytes() for ones in calls(backend="auto").values() for one in ones]
        finally:
            numba.set_num_threads(before)
    first, *others = results.values()
    assert all(other == first for other in others)


@pytest.mark.parametrize("backend", [name for name, done in ALGORITHMS.items() if "conv2d" in done])
def test_what_is_not_finite_is_as_the_definition_has_it(
    backend: str, example_rates: Rates, monkeypatch: pytest.MonkeyPatch
) -> None:
    force(monkeypatch, backend)
    x, grad, weight = X.copy(), GRAD.copy(), WEIGHT.copy()
    x[0, 3, 0, 5], x[1, 2, 10, 20], x[1, 7, 3, 3] = np.inf, np.nan, -np.inf
    grad[0, 3, 7, 5], grad[2, 2, 10, 19] = np.inf, np.nan
    weight[3, 4, 1, 1] = np.inf
    for arrays in ((x, WEIGHT, grad), (X, weight, GRAD)):
        results, truths = (
            (
                co.conv2d(*arrays[:2], padding=1, backend=name),
                *co.conv2d_backward(arrays[2], *arrays[:2], padding=1, backend=name),
            )
            for name in ("auto", "numba")
        )
        for result, truth in zip(results, truths, strict=True):
            for kind in (np.isnan, np.isposinf, np.isneginf):
                np.testing.assert_array_equal(kind(result), kind(truth))


def test_dtypes_and_operations_that_no_algorithm_takes_fall_back() -> None:
    assert list(FALL_BACK) == ["numba", "im2col"]
    for operation in registry.operations():
        for dtype in registry.variant(operation, "auto").dtypes:
            kernel = choose.choose_kernel(operation, dtype, "normwise", {})
            assert callable(kernel)
    assert choose.choose_kernel("max_pool2d", "int8", "normwise", {}).__module__.endswith("max_pool2d_numba")
    assert choose.choose_kernel("max_pool2d", "float32", "normwise", {}).__module__.endswith("direct.max_pool2d")
    assert choose.choose_kernel("relu", "float32", "normwise", {}).__module__.endswith("relu_numpy")


def _bits() -> list[bytes]:
    return [one.tobytes() for ones in calls(backend="auto").values() for one in ones]


def _send_bits(connection: Any) -> None:
    connection.send(_bits())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_computes_the_same() -> None:
    expected = _bits()
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    child = context.Process(target=_send_bits, args=(there,))
    child.start()
    assert here.poll(60)
    assert here.recv() == expected
    child.join()
