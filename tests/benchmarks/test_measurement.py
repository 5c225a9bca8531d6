"""A measurement leaves out, compiles, holds the threads, and counts the steps, in this order."""

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import pytest
from asv_runner.benchmarks.mark import SkipNotImplemented

import convoracle as co
from convoracle.fast import registry


@pytest.fixture(scope="module")
def measurement(suite: Path) -> ModuleType:
    return importlib.import_module("benchmarks.measurement")


@pytest.fixture(scope="module")
def calls(suite: Path) -> ModuleType:
    return importlib.import_module("benchmarks.calls")


@pytest.fixture(autouse=True)
def _same_threads_afterwards() -> Iterator[None]:
    threads = numba.get_num_threads()
    yield
    numba.set_num_threads(threads)


@pytest.mark.parametrize("operation", registry.operations())
def test_every_operation_is_called_as_it_is_documented(calls: ModuleType, layers: ModuleType, operation: str) -> None:
    """The names of the arguments, by position, and an accepted call of im2col, which returns something."""
    layer: Any = layers.SMALLEST_CONV if operation.startswith("conv2d") else None
    tables: dict[str, Any] = {
        "conv1d": layers.CONV1D_LAYERS,
        "conv3d": layers.CONV3D_LAYERS,
        "conv_transpose2d": layers.TRANSPOSED_LAYERS,
        "locally_connected2d": layers.LOCAL_LAYERS,
        "linear": layers.LINEAR_LAYERS,
    }
    for primitive, table in tables.items():
        if operation.startswith(primitive):
            layer = next(iter(table.values()))
    if "pool" in operation:
        layer = layers.SMALLEST_POOL
    layer = layer or layers.VALUE_LAYERS[operation.removesuffix("_backward")]
    arguments, options = calls.arguments_of(operation, layer)
    inspect.signature(getattr(co, operation)).bind(*arguments, **options, backend="im2col")
    assert calls.call_of(operation, "im2col", layer)() is not None


def test_the_steps_are_those_done(calls: ModuleType, layers: ModuleType) -> None:
    conv, pool = layers.CONV_LAYERS["resnet50 3x3"], layers.POOL_LAYERS["vgg16 2x2"]
    macs = 64 * 56 * 56 * 64 * 9
    assert [calls.steps_of(f"conv2d{ending}", conv) for ending in ("", "_input_grad", "_backward", "_bias_grad")] == [
        *(macs, macs, 2 * macs),
        64 * 56 * 56,
    ]
    assert calls.steps_of("max_pool2d_backward", pool) == 256 * 28 * 28 * 4
    assert calls.steps_of("softmax_backward", layers.VALUE_LAYERS["softmax"]) == 256_000


def test_a_call_is_made_before_it_is_measured(
    measurement: ModuleType, layers: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr(measurement, "call_of", lambda *asked: lambda: made.append(asked))
    layer = layers.CONV_LAYERS["lenet5 5x5"]
    prepared = measurement.prepare("conv2d", "numba", layer, "float64", threads=1)
    assert made == [("conv2d", "numba", layer, "float64")]
    assert numba.get_num_threads() == 1
    assert prepared.steps == layer.macs


def test_what_is_left_out_is_not_called(
    measurement: ModuleType, layers: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurement, "call_of", lambda *_: pytest.fail("called"))
    with pytest.raises(SkipNotImplemented, match="scipy-fft does not do max_pool2d"):
        measurement.prepare("max_pool2d", "scipy-fft", layers.POOL_LAYERS["vgg16 2x2"])


def test_threads_are_held(measurement: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    monkeypatch.setattr(numba, "set_num_threads", held.append)
    measurement.hold_threads(2)
    assert held == [2]
