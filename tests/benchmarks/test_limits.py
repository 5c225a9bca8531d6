"""What is left out of the benchmarks is left out on purpose, and says why."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from asv_runner.benchmarks.mark import SkipNotImplemented

from convoracle.fast import registry


def test_left_out_for_their_slowness_or_size(layers: ModuleType, networks: ModuleType, limits: ModuleType) -> None:
    left_out = {
        backend: [
            name
            for name, layer in (layers.CONV_LAYERS | networks.FILTERS).items()
            if limits.too_much("conv2d", backend, layer)
        ]
        for backend in layers.BACKENDS
    }
    assert {backend: names for backend, names in left_out.items() if names} == {
        "im2col": ["filters 63x63 1@512", "filters dw 31x31 32@112"],
        "numba": ["vgg16 conv5", "filters 63x63 1@512", "filters dw 31x31 32@112"],
        "scipy": [
            *("dilated 3x3", "resnet50 1x1", "resnet50 3x3", "resnet50 3x3 stride 2", "resnet50 7x7 stride 2"),
            *("vgg16 conv5", "filters 15x15 1@512", "filters 63x63 1@512", "filters dw 11x11 64@56"),
            *("filters dw 31x31 32@112", "filters 11x11s4 3>64@224", "filters 3x3d2 64@56"),
        ],
        "scipy-fft": [
            *("resnet50 1x1", "resnet50 3x3", "resnet50 3x3 stride 2", "vgg16 conv5", "filters 3x3d2 64@56"),
        ],
    }


def test_leaving_out_says_why(layers: ModuleType, limits: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = layers.CONV_LAYERS["lenet5 5x5"], layers.CONV_LAYERS["resnet50 3x3"]
    with pytest.raises(SkipNotImplemented, match="scipy takes 20 to 300 ns for each: left out above 10000000 steps"):
        limits.leave_out("conv2d", "scipy", large)
    with pytest.raises(SkipNotImplemented, match="backend scipy-fft does not do max_pool2d"):
        limits.leave_out("max_pool2d", "scipy-fft")
    limits.leave_out("conv2d", "scipy", small)
    limits.leave_out("conv2d", "scipy", replace(small, x=(88, 6, 14, 14), output=(88, 16, 10, 10)), is_repeated=False)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    with pytest.raises(SkipNotImplemented, match="2 threads are more than this machine has processors"):
        limits.leave_out("conv2d", "numba", small, threads=2)


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"kernel_size": {5}, "stride": {1}}, None),
        ({"kernel_size": {(3, 3), (5, 5)}}, None),
        ({"kernel_size": {3}}, "backend numba does not do kernel_size (5, 5) (3 only)"),
        ({"stride": {2}}, "backend numba does not do stride 1 (2 only)"),
        ({"groups": {1, 2}, "padding": {0, 1}}, None),
    ],
)
def test_declared_limits_are_left_out(
    layers: ModuleType, limits: ModuleType, limit: dict[str, Any], reason: str
) -> None:
    variant = registry.Variant("nowhere:conv2d", limits=limit)
    assert limits.outside_limits("numba", variant, replace(layers.CONV_LAYERS["lenet5 5x5"])) == reason
