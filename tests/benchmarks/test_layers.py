"""What asv addresses by position stays put: literal tables, complete, and true."""

import ast
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry

FILES = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))

# The order of the first release. Append to the tables in layers.py; what is listed here keeps its place for ever.
FIRST = {
    "BACKENDS": ["im2col", "numba", "scipy", "scipy-fft"],
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
    ],
    "MEMORY_CONV_LAYERS": ["cifar 3x3 batch 32", "vgg16 conv1_2"],
    "MEMORY_POOL_LAYERS": ["vgg16 pool1"],
}


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is made of constants, and of layers made of constants."""
    if isinstance(node, ast.Call):
        return (
            isinstance(node.func, ast.Name)
            and node.func.id in ("ConvLayer", "PoolLayer")
            and all(map(is_literal, node.args))
        )
    if isinstance(node, ast.Dict):
        return all(key is not None and is_literal(key) for key in node.keys) and all(map(is_literal, node.values))
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(is_literal, node.elts))
    return isinstance(node, ast.Constant)


def is_listed(node: ast.expr) -> bool:
    """Whether an expression is a literal, a table of layers.py, or the keys of one."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "list" and all(map(is_listed, node.args))
    if isinstance(node, (ast.List, ast.Tuple)):
        return all(map(is_listed, node.elts))
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id in FIRST)


def test_the_tables_are_literal(suite: Path) -> None:
    tree = ast.parse((suite / "layers.py").read_text(encoding="utf-8"))
    tables = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
    }
    assert FIRST.keys() <= tables.keys()
    assert [name for name, value in tables.items() if not is_literal(value)] == []


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
def test_the_tables_are_only_appended_to(layers: ModuleType, table: str) -> None:
    assert list(getattr(layers, table))[: len(FIRST[table])] == FIRST[table]


def test_every_backend_is_listed(layers: ModuleType) -> None:
    assert set(layers.BACKENDS) == set(registry.BUILT_IN)


@pytest.mark.parametrize("table", ["CONV_LAYERS", "MEMORY_CONV_LAYERS"])
def test_the_convolutions_have_the_output_they_say(layers: ModuleType, table: str) -> None:
    for layer in getattr(layers, table).values():
        x, weight = np.zeros(layer.x, np.int8), np.zeros(layer.weight, np.int8)
        options = {name: value for name, value in layer.options.items() if name != "groups"}
        sizes = tuple(
            co.conv_output_size(size, kernel, **options)
            for size, kernel in zip(x.shape[2:], weight.shape[2:], strict=True)
        )
        assert layer.output == (layer.x[0], layer.weight[0], *sizes)
        assert layer.x[1] == layer.weight[1] * layer.options.get("groups", 1)


@pytest.mark.parametrize("table", ["POOL_LAYERS", "MEMORY_POOL_LAYERS"])
def test_the_poolings_have_the_output_they_say(layers: ModuleType, table: str) -> None:
    for layer in getattr(layers, table).values():
        assert co.avg_pool2d(np.zeros(layer.x, np.float32), **layer.options).shape == layer.output


def test_the_work_is_counted_as_by_hand(layers: ModuleType) -> None:
    assert layers.CONV_LAYERS["resnet50 3x3"].macs == 64 * 56 * 56 * 64 * 3 * 3 == 115_605_504
    assert layers.CONV_LAYERS["mobilenet 3x3 depthwise"].macs == 256 * 28 * 28 * 3 * 3
    assert layers.POOL_LAYERS["resnet50 3x3 stride 2"].window_values == 64 * 56 * 56 * 9


def test_the_arrays_are_the_same_every_time(layers: ModuleType) -> None:
    drawn = layers.draw((2, 3))
    assert drawn.dtype == np.float32
    assert drawn.std() > 0
    np.testing.assert_array_equal(drawn, layers.draw((2, 3)))
