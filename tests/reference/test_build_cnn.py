import itertools

import numpy as np
import pytest

from convoracle.reference import build_cnn, initial_parameters, layer_table, parse_architecture

EXAMPLE = parse_architecture("[(CONV-RELU)*2-POOL]*3-FC, SOFTMAX")


def test_example_of_the_lecture() -> None:
    layers = build_cnn(EXAMPLE, (3, 32, 32), classes=10)
    assert len(layers) == 17
    assert [layer.output_shape for layer in layers if layer.name == "POOL"] == [(10, 16, 16), (10, 8, 8), (10, 4, 4)]
    # 3x3 filters: 27 + 1 numbers each in the first layer, 90 + 1 in the five others; then 160 inputs and 10 classes
    assert [layer.parameters for layer in layers if layer.parameters] == [280, *[910] * 5, 1610]
    macs = [10 * 27 * 32 * 32, 10 * 90 * 32 * 32, *[10 * 90 * 16 * 16] * 2, *[10 * 90 * 8 * 8] * 2, 1600]
    assert [layer.macs for layer in layers if layer.macs] == macs
    fields = [layer.receptive_field for layer in layers if layer.name in ("CONV", "POOL", "FC")]
    assert fields == [(n, n) for n in (3, 5, 6, 10, 14, 16, 24, 32, 36, 60)]
    assert layers[0].input_shape == (3, 32, 32)
    assert layers[-1].input_shape == layers[-1].output_shape == (10,)
    assert all(first.output_shape == second.input_shape for first, second in itertools.pairwise(layers))


def test_options_are_used_for_every_layer() -> None:
    layers = build_cnn(
        ["CONV", "POOL", "FC", "RELU", "FC"],
        (2, 11, 20),
        filters=4,
        kernel_size=5,
        stride=2,
        padding=0,
        pool_size=3,
        hidden=7,
        classes=3,
    )
    assert [layer.output_shape for layer in layers] == [(4, 4, 8), (4, 1, 2), (7,), (7,), (3,)]
    assert [layer.weight_shape for layer in layers] == [(4, 2, 5, 5), (), (7, 8), (), (3, 7)]
    assert [layer.bias_shape for layer in layers] == [(4,), (), (7,), (), (3,)]
    assert [(layer.stride, layer.padding) for layer in layers[:3]] == [(2, 0), (3, 0), (1, 0)]
    assert [layer.parameters for layer in layers] == [204, 0, 63, 0, 24]
    assert [layer.macs for layer in layers] == [4 * 2 * 25 * 32, 0, 56, 0, 21]
    # the first fully connected layer sees the whole of the 1 x 2 map before it
    assert [layer.receptive_field for layer in layers] == [(5, 5), (9, 9), (9, 15), (9, 15), (9, 15)]
    assert build_cnn(["CONV"], (1, 5, 5), padding=2)[0].padding == 2


def test_initial_parameters_fit_their_layers() -> None:
    layers = build_cnn(EXAMPLE, (3, 32, 32), classes=10)
    parameters = initial_parameters(layers, np.random.default_rng(0), np.float32)
    for layer, (weight, bias) in zip(layers, parameters, strict=True):
        assert weight.size + bias.size == layer.parameters
        assert weight.shape == (layer.weight_shape or (0,))
        assert weight.dtype == bias.dtype == np.float32
        assert not bias.any()
    again = initial_parameters(layers, np.random.default_rng(0))
    assert (again[0][0].astype(np.float32) == parameters[0][0]).all()
    # the same normal numbers, scaled by the number of inputs: 27 and 90
    first = np.random.default_rng(0).standard_normal(270)
    assert (again[0][0].ravel() == np.sqrt(2 / 27) * first).all()


def test_table_adds_up() -> None:
    table = layer_table(build_cnn(EXAMPLE, (3, 32, 32), classes=10)).splitlines()
    assert table[2] == "| CONV | 10 x 32 x 32 | 280 | 276480 | 3 x 3 |"
    assert table[-1].startswith("| sum |  | 6440 |")
    assert len(table) == 2 + 17 + 1


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="build_cnn: got 'DROPOUT'; allowed: 'CONV'"):
        build_cnn(["DROPOUT"], (1, 4, 4))
    with pytest.raises(ValueError, match="build_cnn: got POOL after FC, at place 2"):
        build_cnn(["FC", "RELU", "POOL"], (1, 4, 4))
    with pytest.raises(ValueError, match="got an FC that no RELU follows and no classes"):
        build_cnn(["FC"], (1, 4, 4))
    with pytest.raises(ValueError, match="output size: a window of 2"):
        build_cnn(["POOL"], (1, 1, 4))
