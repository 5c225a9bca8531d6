"""What asv compares by name stays put: literal tables, complete, and true."""

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry

FILES = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))

# The order of the first release. Append to the tables; what is listed here keeps its place for ever.
FIRST = {
    "BACKENDS": ["im2col", "numba", "scipy", "scipy-fft", "direct", "auto", "winograd", "plane", "fft"],
    "CONV_LAYERS": [
        "lenet5 5x5",
        "cifar 3x3",
        "mobilenet 3x3 depthwise",
        "mobilenet 3x3 depthwise stride 2",
        "dilated 3x3",
        "resnet50 1x1",
        "resnet50 3x3",
        "resnet50 3x3 stride 2",
        "resnet50 7x7 stride 2",
        "vgg16 conv5",
    ],
    "POOL_LAYERS": [
        "lenet5 2x2",
        "vgg16 2x2",
        "resnet50 3x3 stride 2",
        "squeezenet 3x3 stride 2 ceil",
        "inception 3x3 stride 1",
        "resnet50 global 7x7",
        "resnet50 3x3 stride 2 batch 16",
    ],
    "CONV1D_LAYERS": ["temporal 3"],
    "CONV3D_LAYERS": ["video 3x3x3"],
    "TRANSPOSED_LAYERS": ["dcgan 4x4 stride 2", "unet 2x2 stride 2"],
    "LOCAL_LAYERS": ["deepface L6 5x5"],
    "LINEAR_LAYERS": ["lenet5 fc batch 64", "resnet50 fc batch 64"],
    "MEMORY_CONV_LAYERS": ["cifar 3x3 batch 32", "vgg16 conv1_2"],
    "MEMORY_POOL_LAYERS": ["vgg16 pool1"],
    "RESNET50": [
        "resnet50 7x7s2 3>64@224",
        "resnet50 1x1 64>256@56",
        "resnet50 3x3 64@56",
        "resnet50 3x3s2 128@56",
        "resnet50 1x1s2 256>512@56",
        "resnet50 3x3 128@28",
        "resnet50 1x1 1024>256@14",
        "resnet50 3x3 256@14",
        "resnet50 3x3 512@7",
    ],
    "VGG16": [
        "vgg16 3x3 3>64@224",
        "vgg16 3x3 128@112",
        "vgg16 3x3 256@56",
        "vgg16 3x3 512@28",
        "vgg16 3x3 512@14",
    ],
    "MOBILENET_V2": [
        "mobilenet_v2 3x3s2 3>32@224",
        "mobilenet_v2 dw 3x3 32@112",
        "mobilenet_v2 dw 3x3s2 96@112",
        "mobilenet_v2 dw 3x3 144@56",
        "mobilenet_v2 dw 3x3 576@14",
        "mobilenet_v2 1x1 24>144@56",
        "mobilenet_v2 1x1 320>1280@7",
    ],
    "CIFAR": ["cifar 3x3 3>10@32", "cifar 5x5 3>6@32", "cifar 3x3 16>32@32", "cifar 3x3 64@16"],
    "FILTERS": [
        "filters 5x5 1@512",
        "filters 15x15 1@512",
        "filters 63x63 1@512",
        "filters dw 11x11 64@56",
        "filters dw 31x31 32@112",
        "filters 11x11s4 3>64@224",
        "filters 3x3d2 64@56",
    ],
}
CONVOLUTIONS = ("CONV_LAYERS", "MEMORY_CONV_LAYERS", "CONV1D_LAYERS", "CONV3D_LAYERS")
NETWORKS = ("RESNET50", "VGG16", "MOBILENET_V2", "CIFAR", "FILTERS")


@pytest.fixture(scope="session")
def tables(layers: ModuleType, networks: ModuleType) -> dict[str, Any]:
    return {name: table for name, table in (vars(layers) | vars(networks)).items() if name.isupper()}


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is made of constants, and of layers made of constants."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id.endswith("Layer") and all(map(is_literal, node.args))
    if isinstance(node, ast.Dict):
        return all(key is not None and is_literal(key) for key in node.keys) and all(map(is_literal, node.values))
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(is_literal, node.elts))
    return isinstance(node, ast.Constant)


def is_listed(node: ast.expr) -> bool:
    """Whether an expression is a literal, a table, or the keys of one."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "list" and all(map(is_listed, node.args))
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(is_listed, node.elts))
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


@pytest.mark.parametrize("file", ["layers.py", "networks.py"])
def test_the_tables_are_literal(suite: Path, file: str) -> None:
    tree = ast.parse((suite / file).read_text(encoding="utf-8"))
    tables = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
    }
    assert len(tables) > 5
    assert [name for name, value in tables.items() if name != "ALL" and not is_literal(value)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_params_are_literal(path: Path) -> None:
    params = [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "params"
    ]
    assert [ast.unparse(value) for value in params if not is_listed(value)] == []


@pytest.mark.parametrize("expression", ["list(registry.backends())", "[*BACKENDS, 'new']", "(sorted(BACKENDS),)"])
def test_computed_params_are_noticed(expression: str) -> None:
    assert not is_listed(ast.parse(expression, mode="eval").body)


@pytest.mark.parametrize("table", FIRST)
def test_the_tables_are_only_appended_to(tables: dict[str, Any], table: str) -> None:
    assert list(tables[table])[: len(FIRST[table])] == FIRST[table]


def test_no_layer_of_a_network_hides_another(tables: dict[str, Any]) -> None:
    assert len(tables["ALL"]) == sum(len(tables[name]) for name in NETWORKS)


def test_every_backend_is_listed(tables: dict[str, Any]) -> None:
    assert set(tables["BACKENDS"]) == set(registry.BUILT_IN)
    listed = set(tables["BACKENDS"])
    assert all(set(tables[name]) <= listed for name in tables if name.startswith("BACKENDS_"))


@pytest.mark.parametrize("table", CONVOLUTIONS + NETWORKS)
def test_the_convolutions_have_the_output_they_say(tables: dict[str, Any], table: str) -> None:
    for layer in tables[table].values():
        options = {name: value for name, value in layer.options.items() if name != "groups"}
        sizes = tuple(
            co.conv_output_size(size, kernel, **options)
            for size, kernel in zip(layer.x[2:], layer.weight[2:], strict=True)
        )
        assert layer.output == (layer.x[0], layer.weight[0], *sizes)
        assert layer.x[1] == layer.weight[1] * layer.options.get("groups", 1)


@pytest.mark.parametrize(
    ("table", "operation"),
    [
        ("TRANSPOSED_LAYERS", "conv_transpose2d"),
        ("LOCAL_LAYERS", "locally_connected2d"),
        ("LINEAR_LAYERS", "linear"),
        ("POOL_LAYERS", "avg_pool2d"),
        ("MEMORY_POOL_LAYERS", "avg_pool2d"),
    ],
)
def test_the_others_too(tables: dict[str, Any], table: str, operation: str) -> None:
    for layer in tables[table].values():
        shapes = [layer.x] if "pool" in operation else [layer.x, layer.weight]
        arrays = [np.zeros(shape, np.float32) for shape in shapes]
        result = getattr(co, operation)(*arrays, **layer.options, backend="im2col")
        assert result.shape == layer.output


@pytest.mark.parametrize("table", NETWORKS)
def test_the_names_of_a_network_say_the_layer(tables: dict[str, Any], table: str) -> None:
    for name, layer in tables[table].items():
        network, *depthwise, kernel, channels = name.split()
        assert network == table.lower()
        size, _, stride = kernel.partition("s")
        size, _, dilation = size.partition("d")
        assert size == "x".join(map(str, layer.weight[2:]))
        assert (int(stride or 1), int(dilation or 1)) == tuple(
            layer.options.get(key, 1) for key in ("stride", "dilation")
        )
        assert layer.options.get("groups", 1) == (layer.x[1] if depthwise else 1)
        inside, _, outside = channels.partition("@")[0].partition(">")
        assert (int(inside), int(outside or inside)) == (layer.x[1], layer.output[1])
        assert channels.endswith(f"@{layer.x[2]}")


def test_the_work_is_counted_as_by_hand(tables: dict[str, Any]) -> None:
    assert tables["CONV_LAYERS"]["resnet50 3x3"].macs == 64 * 56 * 56 * 64 * 3 * 3 == 115_605_504
    assert tables["CONV_LAYERS"]["mobilenet 3x3 depthwise"].macs == 256 * 28 * 28 * 3 * 3
    assert tables["TRANSPOSED_LAYERS"]["unet 2x2 stride 2"].macs == 64 * 28 * 28 * 32 * 2 * 2
    assert tables["LOCAL_LAYERS"]["deepface L6 5x5"].macs == 21 * 21 * 16 * 16 * 5 * 5
    assert tables["LINEAR_LAYERS"]["resnet50 fc batch 64"].macs == 64 * 2048 * 1000
    assert tables["POOL_LAYERS"]["resnet50 3x3 stride 2"].window_values == 64 * 56 * 56 * 9


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_arrays_are_the_same_every_time(layers: ModuleType, dtype: str) -> None:
    drawn = layers.draw((2, 3), dtype)
    assert drawn.dtype == dtype
    assert drawn.std() > 0
    np.testing.assert_array_equal(drawn, layers.draw((2, 3)))
