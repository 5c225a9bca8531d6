"""Every benchmark runs, as asv would run it, and every variant is measured."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import pytest
from asv_runner.discovery import disc_benchmarks

from convoracle.fast import registry

BENCHMARKS = {
    "bench_activations_and_losses.Activation.track_activation",
    "bench_activations_and_losses.Loss.track_loss",
    "bench_avg_pool2d.AvgPool2d.track_avg_pool2d",
    "bench_avg_pool2d.AvgPool2dBackward.track_avg_pool2d_backward",
    "bench_call.SmallestCall.track_call",
    "bench_call.TinyLayer.track_tiny",
    "bench_conv1d.Conv1d.track_conv1d",
    "bench_conv1d.Conv1dBiasGrad.track_conv1d_bias_grad",
    "bench_conv2d.Conv2d.track_conv2d",
    "bench_conv2d_gradients.Conv2dBiasGrad.track_conv2d_bias_grad",
    "bench_conv2d_gradients.Conv2dGradients.track_gradient",
    "bench_conv3d.Conv3d.track_conv3d",
    "bench_conv3d.Conv3dBiasGrad.track_conv3d_bias_grad",
    "bench_conv_transpose2d.ConvTranspose2d.track_conv_transpose2d",
    "bench_conv_transpose2d.ConvTranspose2dBiasGrad.track_conv_transpose2d_bias_grad",
    "bench_float64.ConvFloat64.track_float64",
    "bench_float64.PoolFloat64.track_float64",
    "bench_linear.Linear.track_linear",
    "bench_locally_connected2d.LocallyConnected2d.track_locally_connected2d",
    "bench_max_pool2d.MaxPool2d.track_max_pool2d",
    "bench_max_pool2d.MaxPool2dBackward.track_max_pool2d_backward",
    "bench_memory.ConvMemory.peakmem_call",
    "bench_memory.LoadedMemory.peakmem_loaded",
    "bench_memory.PoolMemory.peakmem_call",
    "bench_networks.Cifar.track_cifar",
    "bench_networks.Filters.track_filters",
    "bench_networks.MobileNetV2.track_mobilenet_v2",
    "bench_networks.ResNet50.track_resnet50",
    "bench_networks.Vgg16.track_vgg16",
    "bench_reference.Reference.track_reference",
    "bench_resampling.Resampling.track_resampling",
    "bench_startup.FirstCall.track_compiled",
    "bench_startup.FirstCall.track_loaded",
    "bench_startup.Import.timeraw_convoracle",
    "bench_startup.Import.timeraw_numpy",
    "bench_threads.ConvThreads.track_threads",
    "bench_threads.PoolThreads.track_threads",
    "bench_threads.SecondThread.track_second_thread",
    "bench_verdicts.Verdict.track_verdict",
}

# Of the benchmarks that do not measure im2col, what is run here; of the others, im2col on the smallest layer.
ONCE = {
    "bench_call.TinyLayer.track_tiny": ("direct", "conv2d", "1@8 > 1"),
    "bench_startup.FirstCall.track_compiled": ("numba", "max_pool2d"),
    "bench_startup.FirstCall.track_loaded": ("numba", "max_pool2d"),
    "bench_threads.ConvThreads.track_threads": ("direct", "conv2d", "mobilenet_v2 dw 3x3 144@56", "2 threads"),
    "bench_threads.PoolThreads.track_threads": ("direct", "max_pool2d", "resnet50 3x3 stride 2 batch 16", "2 threads"),
    "bench_threads.SecondThread.track_second_thread": ("back to back",),
    "bench_verdicts.Verdict.track_verdict": ("max_pool2d",),
}
NOT_COMPILED = ("im2col", "scipy", "scipy-fft")

# One run gives at most so many numbers, each a third of a second and more: with compiling, some ten minutes.
MOST_NUMBERS = 1200


# What asv would have from the one setup_cache that returns something: seconds that are no measurement.
SECONDS = dict.fromkeys(
    product(["numba", "auto", "direct", "winograd", "plane", "fft"], registry.operations()), (2.0, 1.0)
)


def choose(benchmark: Any, index: int) -> None:
    """Make the next setup that of a combination of parameters, as asv does."""
    if benchmark._params:
        benchmark.set_param_idx(index)
    if benchmark.name.startswith("bench_startup.FirstCall"):
        benchmark.insert_param(SECONDS)


def combinations(benchmark: Any) -> list[tuple[Any, ...]]:
    return list(product(*benchmark._params)) if benchmark._params else [()]


@pytest.fixture(scope="session")
def benchmarks(suite: Path) -> dict[str, Any]:
    return {benchmark.name: benchmark for benchmark in disc_benchmarks(str(suite))}


@pytest.fixture
def _one_sample(suite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    timer = importlib.import_module("benchmarks.timer")
    for name, value in {"LEAST_SAMPLES": 1, "LEAST_NS": 0, "LEAST_SAMPLE_NS": 0}.items():
        monkeypatch.setattr(timer, name, value)
    threads = numba.get_num_threads()
    yield
    numba.set_num_threads(threads)


@pytest.fixture(scope="session")
def measured(benchmarks: dict[str, Any]) -> dict[str, dict[tuple[Any, ...], tuple[str, str] | None]]:
    """Return, by benchmark, which combinations it does not leave out, and which variant (operation, backend) is called.

    The setups are asked, with calls that do nothing: no arrays are made and nothing is compiled.
    """
    called: list[tuple[str, str]] = []

    def call_of(operation: str, backend: str, *_: Any) -> Any:
        called.append((operation, backend))
        return lambda: None

    found: dict[str, dict[tuple[Any, ...], tuple[str, str] | None]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("measurement", "bench_memory", "bench_call", "bench_reference", "bench_verdicts"):
            module = importlib.import_module(f"benchmarks.{name}")
            for function in ("call_of", "smallest_call"):
                if hasattr(module, function):
                    patch.setattr(module, function, call_of)
            for function in ("hold_threads", "reference_call", "seconds_per_verdict"):
                if hasattr(module, function):
                    patch.setattr(module, function, lambda *_, **__: None)
        for name, benchmark in benchmarks.items():
            found[name] = {}
            for index, combination in enumerate(combinations(benchmark)):
                called.clear()
                choose(benchmark, index)
                if not benchmark.do_setup():
                    found[name][combination] = called[-1] if called else None
                    benchmark.do_teardown()
    return found


def test_asv_finds_exactly_these(benchmarks: dict[str, Any]) -> None:
    assert benchmarks.keys() == BENCHMARKS


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_parameters_are_readable(benchmarks: dict[str, Any], name: str) -> None:
    benchmark = benchmarks[name]
    assert len(benchmark.param_names) == len(benchmark._params)
    assert all(isinstance(value, str) for values in benchmark._params for value in values)
    if benchmark.type == "track":
        assert benchmark.unit.startswith(("ns/", "us", "s"))


@pytest.mark.parametrize("operation", registry.operations())
def test_the_speed_of_every_variant_is_measured(measured: dict[str, Any], operation: str) -> None:
    timed = {
        variant
        for name, variants in measured.items()
        if not name.startswith(("bench_memory", "bench_call", "bench_startup"))
        for variant in variants.values()
    }
    assert {backend for backend in registry.variants(operation) if (operation, backend) not in timed} == set()


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_nothing_is_listed_that_never_runs(
    benchmarks: dict[str, Any], measured: dict[str, dict[Any, Any]], name: str
) -> None:
    """Every value of every parameter is in a combination that is measured."""
    for position, values in enumerate(benchmarks[name]._params):
        assert {combination[position] for combination in measured[name]} == set(values)


def test_a_run_ends_in_reasonable_time(measured: dict[str, dict[Any, Any]]) -> None:
    assert sum(map(len, measured.values())) <= MOST_NUMBERS


def smallest_layer(benchmark: Any, tables: ModuleType, networks: ModuleType) -> str | None:
    """Return the layer with the least work among those a benchmark has, if it has any."""
    work = {
        name: getattr(layer, "macs", 0) or layer.window_values
        for module in (tables, networks)
        for table in vars(module).values()
        if isinstance(table, dict)
        for name, layer in table.items()
        if hasattr(layer, "output")
    }
    named = [value for values in benchmark._params for value in values if value in work]
    return min(named, key=work.__getitem__, default=None)


@pytest.mark.usefixtures("_one_sample")
@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_every_benchmark_runs(
    benchmarks: dict[str, Any], networks: ModuleType, layers: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = benchmarks[name]
    smallest = smallest_layer(benchmark, layers, networks)
    if name in ONCE:  # nothing is compiled for these: whose call it is makes no difference here
        call_of = importlib.import_module("benchmarks.calls").call_of
        for module in ("measurement", "bench_call"):
            monkeypatch.setattr(
                f"benchmarks.{module}.call_of", lambda operation, _, *layer: call_of(operation, "im2col", *layer)
            )
    verdicts = importlib.import_module("benchmarks.bench_verdicts")
    whole = verdicts.seconds_per_verdict
    monkeypatch.setattr(verdicts, "seconds_per_verdict", lambda operation, **_: whole(operation, cases=4))
    ran = 0
    for index, combination in enumerate(combinations(benchmark)):
        is_small = smallest is None or smallest in combination
        is_cheap = not combination or name.startswith("bench_reference") or ("im2col" in combination and is_small)
        if combination != ONCE[name] if name in ONCE else not is_cheap:
            continue
        choose(benchmark, index)
        assert not benchmark.do_setup()
        value = benchmark.func(*benchmark._current_params)
        if benchmark.type == "track":
            assert value > 0
        elif name.rpartition(".")[2].startswith("timeraw"):
            subprocess.run([sys.executable, "-c", value], check=True)
        benchmark.do_teardown()
        ran += 1
    assert ran > 0


def test_two_processes_share_a_cache_that_was_empty(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    startup = importlib.import_module("benchmarks.bench_startup")
    run, folders = subprocess.run, []

    def note(*command: Any, env: dict[str, str], **options: Any) -> Any:
        cache = Path(env["NUMBA_CACHE_DIR"])
        folders.append((cache, env["CONVORACLE_CACHE_DIR"], [path.name for path in cache.iterdir()]))
        (cache / "compiled").touch()
        return run(*command, env=env, **options)

    monkeypatch.setattr(startup.subprocess, "run", note)
    assert min(startup.first_and_next_call("conv2d_bias_grad", "im2col")) > 0
    (cache, *_), _ = folders
    assert folders == [(cache, str(cache), []), (cache, str(cache), ["compiled"])]
    assert not cache.exists()


def test_the_memory_benchmarks_compile_beforehand(
    benchmarks: dict[str, Any], measured: dict[str, Any], suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = importlib.import_module("benchmarks.bench_memory")
    compiled = set()
    monkeypatch.setattr(memory, "call_of", lambda *names: lambda: compiled.add(names[:2]))
    for name in ("bench_memory.ConvMemory.peakmem_call", "bench_memory.PoolMemory.peakmem_call"):
        compiled.clear()
        benchmarks[name].do_setup_cache()
        assert compiled == {variant for variant in measured[name].values() if variant[1] not in NOT_COMPILED}
