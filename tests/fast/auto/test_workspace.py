"""How much memory calls take beside their arrays: what is measured, and the setting."""

import os
import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry, workspace
from convoracle.fast.auto.candidates import candidates_of
from convoracle.fast.auto.layer import layer_of
from convoracle.fast.auto.workspace_needs import workspace_of
from convoracle.harness.bench.threads import thread_limit

# Memory that compiled kernels ask for is not seen by tracemalloc; the system tells the most a process ever had.
MEASURE = """
    import ctypes, re, sys
    import numpy as np
    import convoracle as co

    def told(name):
        with open("/proc/self/status") as file:
            return 1024 * int(re.search(name + r":\\s+(\\d+)", file.read())[1])

    def workspace_of(call, *arguments, **options):
        call(*arguments, **options)  # compiled, and the threads started
        ctypes.CDLL(None).malloc_trim(0)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = told("VmRSS")
        results = call(*arguments, **options)
        results = results if isinstance(results, tuple) else (results,)
        return told("VmHWM") - before - sum(result.nbytes for result in results)

    def numbers(*shape):
        return np.resize(np.float32([1, 2, 3]), shape)

    for images, weights, options in (
        ((2, 32, 160, 160), (64, 32, 3, 3), {"padding": 1}),
        ((2, 512, 14, 14), (512, 512, 3, 3), {"padding": 1}),
        ((2, 256, 40, 40), (256, 256, 1, 1), {}),
        ((1, 96, 120, 120), (96, 1, 15, 15), {"padding": 7, "groups": 96}),
        ((1, 1, 700, 700), (1, 1, 61, 61), {"padding": 30}),
    ):
        x, weight = numbers(*images), numbers(*weights)
        grad = numbers(*co.conv2d(x, weight, **options).shape)
        print(workspace_of(co.conv2d, x, weight, **options))
        print(workspace_of(co.conv2d_backward, grad, x, weight, **options))
    x, weight = numbers(1, 8, 24, 80, 90), numbers(8, 8, 3, 3, 3)
    grad = numbers(*co.conv3d(x, weight, padding=1).shape)
    print(workspace_of(co.conv3d, x, weight, padding=1))
    print(workspace_of(co.conv3d_backward, grad, x, weight, padding=1))
    print(workspace_of(co.conv_transpose2d, numbers(2, 64, 80, 80), numbers(64, 32, 3, 3), numbers(32), stride=2))
    print(workspace_of(co.max_pool2d, numbers(2, 64, 200, 200), 3, stride=2))
    print(workspace_of(co.avg_pool2d, numbers(2, 64, 200, 200), 3, stride=2))
"""


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="only Linux tells how much memory a process had at most"
)
def test_calls_take_no_more_than_is_allowed_beside_their_arrays() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE)], capture_output=True, text=True, check=True, env=os.environ
    )
    taken = [int(line) for line in finished.stdout.split()]
    assert len(taken) == 15
    assert max(taken) <= workspace.DEFAULT, taken


Shape = tuple[int, int, int, int]


@pytest.mark.parametrize(
    ("x_shape", "weight_shape", "padding", "dilation"),
    [
        ((64, 128, 16, 16), (128, 128, 3, 3), 1, 1),  # weights that are kept
        ((2, 512, 14, 14), (512, 512, 3, 3), 1, 1),  # and that are not
        ((2, 96, 27, 27), (256, 96, 5, 5), 2, 1),
        ((1, 512, 33, 33), (256, 512, 3, 3), 12, 12),
    ],
)
def test_no_call_takes_more_than_is_said(x_shape: Shape, weight_shape: Shape, padding: int, dilation: int) -> None:
    numbers = np.random.default_rng(0)
    x, weight = (numbers.standard_normal(shape, np.float32) for shape in (x_shape, weight_shape))
    options: dict[str, Any] = {"padding": padding, "dilation": dilation}
    given = {"stride": (1, 1), "padding": ((padding,) * 2,) * 2, "dilation": (dilation,) * 2, "groups": 1}
    grad = co.conv2d(x, weight, **options, backend="winograd")
    for operation, call in {
        "conv2d": lambda: co.conv2d(x, weight, **options, backend="winograd"),
        "conv2d_input_grad": lambda: co.conv2d_input_grad(grad, weight, x_shape, **options, backend="winograd"),
        "conv2d_weight_grad": lambda: co.conv2d_weight_grad(grad, x, weight_shape, **options, backend="winograd"),
    }.items():
        call()
        said = workspace_of("winograd", layer_of(operation, "float32", x_shape, weight_shape, given))
        assert peak_of(call) <= said, operation


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_patches_take_more_than_is_said(dtype: str) -> None:
    x_shape, weight_shape, stride = (1, 3, 384, 384), (64, 3, 32, 32), 16
    grad, weight = np.ones((1, 64, 23, 23), dtype), np.ones(weight_shape, dtype)
    options = {"stride": (stride, stride), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}

    def call() -> np.ndarray:
        return co.conv2d_input_grad(grad, weight, x_shape, stride=stride, backend="direct")

    call()
    said = workspace_of("direct", layer_of("conv2d_input_grad", dtype, x_shape, weight_shape, options))
    assert workspace_of("direct", layer_of("conv2d", dtype, x_shape, weight_shape, options)) < peak_of(call) <= said


def peak_of(call: Callable[[], np.ndarray]) -> int:
    """Return the most bytes a call takes beside its result, on one thread, in a new one that keeps no memory yet."""

    def measure() -> int:
        tracemalloc.start()
        try:
            result = call()
            return tracemalloc.get_traced_memory()[1] - result.nbytes
        finally:
            tracemalloc.stop()

    with thread_limit(1), ThreadPoolExecutor(1) as pool:
        return pool.submit(measure).result()


def test_weights_that_pass_by_in_pieces_are_not_counted(example_rates: object) -> None:
    before = co.get_workspace_limit()
    try:
        co.set_workspace_limit(16 << 20)
        assert co.explain_conv2d((1, 512, 14, 14), (512, 512, 3, 3), padding=1).chosen == "winograd"
    finally:
        co.set_workspace_limit(before)


LAYER = layer_of(
    "conv2d",
    "float32",
    (1, 512, 28, 28),
    (512, 512, 3, 3),
    {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1},
)


def test_an_algorithm_that_needs_more_is_not_chosen(example_rates: object) -> None:
    found = {candidate.backend: candidate for candidate in candidates_of(LAYER, "normwise", workspace.DEFAULT)}
    needed = found["winograd"].workspace
    assert needed > found["direct"].workspace
    less = {candidate.backend: candidate for candidate in candidates_of(LAYER, "normwise", needed - 1)}
    assert less["winograd"].obstacle == f"needs {needed / 2**20:.0f} MiB of workspace"
    assert next(iter(less)) == "direct"
    assert next(iter(candidates_of(LAYER, "normwise", 0))).backend == "numba"


def test_the_setting_is_heeded(example_rates: object) -> None:
    shapes = (1, 512, 28, 28), (512, 512, 3, 3)
    before = co.get_workspace_limit()
    try:
        assert co.explain_conv2d(*shapes, padding=1).chosen == "winograd"
        co.set_workspace_limit(8 << 20)
        explained = co.explain_conv2d(*shapes, padding=1)
        assert registry.variant("conv2d", explained.chosen).accuracy == "componentwise"
        assert "workspace at most 8 MiB" in str(explained)
    finally:
        co.set_workspace_limit(before)


def test_what_may_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, error, message in (
        (-1, ValueError, "workspace limit must not be negative, got -1"),
        (1e6, TypeError, r"workspace limit must be an int \(bytes\) or None, got float: 1000000.0"),
        (True, TypeError, "workspace limit must be an int"),
    ):
        with pytest.raises(error, match=message):
            co.set_workspace_limit(limit)  # type: ignore[arg-type]
    monkeypatch.setattr(workspace, "_limit", None)
    monkeypatch.setenv("CONVORACLE_WORKSPACE", "1048576")
    assert co.get_workspace_limit() == 1 << 20
    co.set_workspace_limit(None)
    monkeypatch.setenv("CONVORACLE_WORKSPACE", "64M")
    message = "environment variable CONVORACLE_WORKSPACE: must be a number of bytes, got '64M'"
    with pytest.raises(ValueError, match=message):
        co.get_workspace_limit()
    monkeypatch.setenv("CONVORACLE_WORKSPACE", "")
    assert co.get_workspace_limit() == 64 << 20
    co.set_workspace_limit(None)
