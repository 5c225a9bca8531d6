"""Whole networks through the door: verdicts, limits, reports."""

import json
from typing import Any

import numpy as np
import pytest

import convoracle
from convoracle.harness.networks import NETWORKS
from convoracle.harness.networks.verify_network import KINDS, layers_for, verify_network


def im2col(name: str) -> Any:
    def function(*operands: Any, **options: Any) -> Any:
        return getattr(convoracle, name)(*operands, backend="im2col", **options)

    return function


@pytest.mark.parametrize("name", KINDS)
def test_an_honest_backend_is_right_on_alexnet(name: str) -> None:
    report = verify_network("alexnet", im2col(name), name)
    assert report.passed, str(report)
    assert [one.verdict for one in report.layers] == ["right"] * report.cases
    assert report.cases == len(layers_for("alexnet", name)) > 0


def test_the_fourier_transform_is_right_on_a_layer_too() -> None:
    def fourier(*operands: Any, **options: Any) -> Any:
        return convoracle.conv2d(*operands, backend="scipy-fft", **options)

    report = verify_network("alexnet", fourier, accuracy="normwise", layer="features.3")
    assert report.passed, str(report)


def test_a_failure_names_the_layer_its_configuration_and_the_place() -> None:
    def liar(x: np.ndarray, *operands: Any, **options: Any) -> np.ndarray:
        result = convoracle.conv2d(x, *operands, backend="im2col", **options)
        if x.shape[1] == 192:
            result[0, 100, 3, 5] -= 1
        return result

    report = verify_network("alexnet", liar)
    assert not report.passed
    assert [one.verdict for one in report.layers] == ["right", "right", "WRONG", "right", "right"]
    (failure,) = report.failures
    assert failure.index == (0, 100, 3, 5)
    assert "features.6 of alexnet (192x13x13 -> 384, kernel 3, padding 1)" in failure.message
    assert "layer='features.6'" in failure.command
    assert "WRONG in features.6" in str(report)
    again = verify_network("alexnet", liar, layer="features.6")
    assert again.failures[0].case == failure.case
    assert (again.failures[0].expected, again.failures[0].got) == (failure.expected, failure.got)


def test_layers_outside_the_limits_are_not_called_and_said_to_be() -> None:
    called = []

    def only_3x3(x: np.ndarray, weight: np.ndarray, bias: Any, **options: Any) -> np.ndarray:
        called.append(weight.shape[2:])
        return convoracle.conv2d(x, weight, bias, backend="im2col", **options)

    report = verify_network("alexnet", only_3x3, limits={"kernel_size": {3}})
    assert set(called) == {(3, 3)}
    assert report.passed
    assert [one.verdict for one in report.layers] == ["outside its limits"] * 2 + ["right"] * 3
    assert "2 outside its limits" in report.headline()


def test_where_nothing_is_verified_nothing_is_right() -> None:
    report = verify_network("alexnet", im2col("conv2d"), limits={"kernel_size": {4}})
    assert not report.passed
    assert "is not verified: 0 layers" in report.headline()


def test_every_image_of_a_batch_and_every_dtype_is_compared() -> None:
    def last_wrong(*operands: Any, **options: Any) -> np.ndarray:
        result = convoracle.conv2d(*operands, backend="im2col", **options)
        result[-1] += len(result) > 1 and result.dtype == np.float64
        return result

    assert verify_network("alexnet", last_wrong, layer="features.8", dtypes=("float32", "float64")).passed
    report = verify_network("alexnet", last_wrong, layer="features.8", dtypes=("float32", "float64"), batch=2)
    assert [one.verdict for one in report.layers] == ["right", "WRONG"]


def test_a_layer_that_raises_comes_with_how_it_is_called() -> None:
    def of_operands_alone(x: np.ndarray, weight: np.ndarray, bias: Any) -> np.ndarray:
        return convoracle.conv2d(x, weight, bias, backend="im2col")

    (failure,) = verify_network("alexnet", of_operands_alone, layer="features.8").failures
    assert failure.kind == "raised"
    assert failure.hint.startswith("it is called as conv2d(x, weight, ")
    assert "limits = {'padding': {0, 1}, 'dilation': {1}}" in failure.hint


def test_misuse_is_told() -> None:
    with pytest.raises(ValueError, match="unknown network 'lenet'; known: resnet50, vgg16"):
        verify_network("lenet", im2col("conv2d"))
    with pytest.raises(ValueError, match="linear is in none of the networks"):
        verify_network("vgg16", im2col("linear"), "linear")
    with pytest.raises(ValueError, match=r"vgg16 has no layer 'conv1' of conv2d; it has features\.0"):
        verify_network("vgg16", im2col("conv2d"), layer="conv1")


def test_a_report_is_plain_values() -> None:
    report = verify_network("alexnet", im2col("max_pool2d"), "max_pool2d")
    plain = json.loads(json.dumps(report.as_dict()))
    assert plain["network"] == "alexnet"
    assert [layer["name"] for layer in plain["layers"]] == ["features.2", "features.5", "features.12"]
    assert all(layer["verdict"] == "right" for layer in plain["layers"])


def test_every_kind_of_layer_has_operations() -> None:
    assert {layer.kind for layers in NETWORKS.values() for layer in layers} == set(KINDS.values())
