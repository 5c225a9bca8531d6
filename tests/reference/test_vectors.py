"""The lectures' own numbers, and those derived from their formulas by hand: tests/data/vectors.json, part maps."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoracle import reference

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "data" / "vectors.json").read_text())["vectors"]
    if vector["part"] == "maps"
}
TESTS: dict[str, Callable[..., None]] = {}


def about(*ids: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which vectors a function checks."""

    def register(check: Callable[..., None]) -> Callable[..., None]:
        TESTS.update(dict.fromkeys(ids, check))
        return check

    return register


def plane(numbers: list[list[float]]) -> np.ndarray:
    return np.array(numbers)[None, None]


def test_every_vector_is_checked() -> None:
    assert sorted(TESTS) == sorted(VECTORS)


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str) -> None:
    vector = VECTORS[name]
    TESTS[name](vector["inputs"], vector["printed"], vector["computed"])


@about("maxpool_4x4_k2_s2")
def max_pool(inputs: Any, printed: Any, computed: Any) -> None:
    x = plane(inputs["x"])
    values, indices = reference.max_pool2d(x, inputs["kernel"], inputs["stride"], return_indices=True)
    assert values[0, 0].tolist() == printed["y"] == computed["y"]
    assert np.stack(np.unravel_index(indices[0, 0], x.shape[2:]), axis=-1).tolist() == computed["argmax_rowcol_0based"]


@about("maxpool_4x4_k2_s2_backward")
def max_pool_backward(inputs: Any, printed: Any, computed: Any) -> None:
    forward = VECTORS[inputs["x_ref"]]["inputs"]
    x = plane(forward["x"])
    _, indices = reference.max_pool2d(x, forward["kernel"], forward["stride"], return_indices=True)
    assert reference.max_pool2d_backward(plane(inputs["dy"]), indices, x.shape)[0, 0].tolist() == computed["dx"]


@about("maxpool_4x4_k2_s1_overlap_backward")
def max_pool_overlap(inputs: Any, printed: Any, computed: Any) -> None:
    x = plane(inputs["x"])
    values, indices = reference.max_pool2d(x, inputs["kernel"], inputs["stride"], return_indices=True)
    assert values[0, 0].tolist() == computed["y"]
    assert np.stack(np.unravel_index(indices[0, 0], x.shape[2:]), axis=-1).tolist() == computed["argmax_rowcol_0based"]
    dx = reference.max_pool2d_backward(plane(inputs["dy"]), indices, x.shape)[0, 0].tolist()
    assert dx == computed["dx"] != computed["dx_if_assigned_instead_of_accumulated"]


@about("maxpool_tie")
def max_pool_tie(inputs: Any, printed: Any, computed: Any) -> None:
    _, indices = reference.max_pool2d(plane(inputs["x"]), inputs["kernel"], inputs["stride"], return_indices=True)
    assert list(divmod(indices.item(), 2)) == computed["first_in_x_then_y_scan_0based"]


@about("avgpool_4x4_k2_s2")
def mean_pool(inputs: Any, printed: Any, computed: Any) -> None:
    y = reference.avg_pool2d(plane(inputs["x"]), inputs["kernel"], inputs["stride"])[0, 0].tolist()
    assert y == printed["y"] == computed["y"]


@about("avgpool_4x4_k2_s2_backward")
def mean_pool_backward(inputs: Any, printed: Any, computed: Any) -> None:
    forward = VECTORS[inputs["x_ref"]]["inputs"]
    shape = plane(forward["x"]).shape
    dx = reference.avg_pool2d_backward(plane(inputs["dy"]), shape, forward["kernel"], forward["stride"])
    assert dx[0, 0].tolist() == computed["dx"]


@about("avgpool_4x4_k2_s1_overlap_backward")
def mean_pool_overlap(inputs: Any, printed: Any, computed: Any) -> None:
    x = plane(inputs["x"])
    assert reference.avg_pool2d(x, inputs["kernel"], inputs["stride"])[0, 0].tolist() == computed["y"]
    dx = reference.avg_pool2d_backward(plane(inputs["dy"]), x.shape, inputs["kernel"], inputs["stride"])
    assert dx[0, 0].tolist() == computed["dx"]


@about(
    "outsize_n7_k3_s1_p0",
    "outsize_n7_k3_s2_p0",
    "outsize_n7_k3_s1_p1",
    "outsize_n32_k5_s1_p2",
    "outsize_n32_k5_s1_p0",
    "outsize_n28_k5_s1_p0",
)
def output_size_that_fits(inputs: Any, printed: Any, computed: Any) -> None:
    for policy in ("floor", "strict"):
        size = reference.conv_output_size(
            inputs["n"], inputs["k"], stride=inputs["s"], padding=inputs["p"], policy=policy
        )
        assert size == printed["out"] == computed["out"]


@about("outsize_n7_k3_s3_p0")
def output_size_that_does_not_fit(inputs: Any, printed: Any, computed: Any) -> None:
    assert reference.conv_output_size(inputs["n"], inputs["k"], stride=inputs["s"]) == computed["floor"]
    with pytest.raises(ValueError, match=f"does not fit: .* leaves {computed['remainder']};"):
        reference.conv_output_size(inputs["n"], inputs["k"], stride=inputs["s"], policy="strict")


@about("outsize_same_k3_s1_p1")
def output_size_is_kept(inputs: Any, printed: Any, computed: Any) -> None:
    sizes = [reference.conv_output_size(n, inputs["k"], stride=inputs["s"], padding=inputs["p"]) for n in range(1, 9)]
    assert sizes == computed["out_for_1..8"]


@about("same_padding_F3", "same_padding_F5", "same_padding_F7")
def same_padding(inputs: Any, printed: Any, computed: Any) -> None:
    assert reference.same_padding(32, inputs["F"]) == (printed["P"], printed["P"])
    assert reference.conv_output_size(32, inputs["F"], padding=printed["P"]) == computed["out_of_32"]


@about("outsize_pad1_stride2_grid")
def padded_grid(inputs: Any, printed: Any, computed: Any) -> None:
    assert [inputs["n"] + 2 * inputs["p"]] * 2 == printed["padded_grid"]
    for n, expected in ((inputs["n"], computed["out_7x7"]), (8, computed["out_8_rows"])):
        assert reference.conv_output_size(n, inputs["k_assumed"], stride=inputs["s"], padding=inputs["p"]) == expected


@about("stride2_half")
def half_is_approximate(inputs: Any, printed: Any, computed: Any) -> None:
    for n, k in ((7, 3), (8, 3), (8, 2)):
        assert reference.conv_output_size(n, k, stride=inputs["s"]) == computed[f"n{n}_k{k}_s2"]


@about("F5_S2_whatever_fits")
def what_fits(inputs: Any, printed: Any, computed: Any) -> None:
    def fits(n: int, padding: int) -> bool:
        try:
            reference.conv_output_size(n, inputs["F"], stride=inputs["S"], padding=padding, policy="strict")
        except ValueError:
            return False
        return True

    assert any(fits(32, padding) for padding in range(8)) == computed["n32_any_symmetric_P_fits"]
    assert [fits(31, padding) for padding in range(4)] == computed["n31_P0..3_fits"]


@about("pool_output_size")
def pool_output_size(inputs: Any, printed: Any, computed: Any) -> None:
    assert reference.pool_output_size(inputs["n"], inputs["F"], stride=inputs["S"]) == computed["out"]
    assert reference.pool_output_size(224, inputs["F"], stride=inputs["S"]) == computed["224->112"]


@about("conv_32x32x3_10f5x5_s1p2", "conv_6f5x5", "conv_5f5x5_neuron_view")
def output_volume(inputs: Any, printed: Any, computed: Any) -> None:
    height, width, channels = inputs["in"]
    size = inputs["F"]
    sides = [
        reference.conv_output_size(extent, size, stride=inputs.get("S", 1), padding=inputs.get("P", 0))
        for extent in (height, width)
    ]
    assert [*sides, inputs["K"]] == printed["out"] == computed["out"]
    if "params" in computed:
        assert inputs["K"] * (size * size * channels + 1) == computed["params"]


@about("example_cnn")
def example_network(inputs: Any, printed: Any, computed: Any) -> None:
    channels, height, width = inputs["input_assumed"]
    for layer, *shape in computed["shape_chain"]:
        if layer == "conv":
            channels = 10
            height, width = (reference.conv_output_size(extent, 3, padding=1) for extent in (height, width))
        elif layer == "pool":
            height, width = (reference.pool_output_size(extent, 2) for extent in (height, width))
        assert [channels, height, width] == shape
    assert channels * height * width == computed["flatten"]


@about("edge_filter")
def edge_filter(inputs: Any, printed: Any, computed: Any) -> None:
    assert inputs["kernel"] == printed["kernel"]
    y = reference.conv2d(plane(inputs["x"]), plane(inputs["kernel"]))[0, 0].tolist()
    assert y == computed["y_correlation"] != computed["y_true_convolution"]


@about("box_filter")
def box_filter(inputs: Any, printed: Any, computed: Any) -> None:
    # in hundredths, hence exact: 9 * 99 = 891
    kernel = np.rint(100 * plane(inputs["kernel"])).astype(int)
    assert kernel.sum() == round(100 * computed["sum_printed"])
    y = reference.conv2d(np.full((1, 1, 3, 3), 9), kernel)
    assert y[0, 0].tolist() == [[round(100 * computed["y_on_constant_9"][0][0])]]


@about("impulse_index_map_5x5_k3")
def impulse(inputs: Any, printed: Any, computed: Any) -> None:
    w = plane(inputs["w[x,y]"])
    z = reference.conv2d(plane(inputs["Y"]), w)[0, 0]
    assert z.tolist() == computed["z"]
    used = {f"{x},{y}": [int(number) for number in divmod(z[x, y], 3)] for x in range(3) for y in range(3)}
    assert used == computed["w index used by z(x',y')"]
    # the slide's list differs in one place, erratum E-1
    slide = printed["w index used by z(x',y')"]
    assert {place for place in used if used[place] != slide[place]} == {"1,2"}


@about("dY_at_2_2", "dY_full_map")
def input_derivative(inputs: Any, printed: Any, computed: Any) -> None:
    for loops in (
        reference.conv2d_input_grad_scatter_loops,
        reference.conv2d_input_grad_gather_loops,
        reference.conv2d_input_grad_flipped_loops,
    ):
        dY = reference.conv2d_input_grad(plane(inputs["dz"]), plane(inputs["w"]), (1, 1, 5, 5), loops=loops)[0, 0]
        if "dY" in computed:
            assert dY.tolist() == computed["dY"]
        else:
            assert dY[2, 2] == computed["dY(2,2)"]


@about("dw_valid")
def weight_derivative(inputs: Any, printed: Any, computed: Any) -> None:
    for loops in (reference.conv2d_weight_grad_loops, reference.conv2d_weight_grad_scatter_loops):
        dw = reference.conv2d_weight_grad(plane(inputs["dz"]), plane(inputs["y"]), (1, 1, 3, 3), loops=loops)
        assert dw[0, 0].tolist() == computed["dw"]


@about("strided_backward_remainder")
def remainder(inputs: Any, printed: Any, computed: Any) -> None:
    n, k, s = inputs["n"], inputs["k"], inputs["s"]
    outputs = reference.conv_output_size(n, k, stride=s)
    assert outputs == computed["out"]
    assert (outputs - 1) * s + 1 == computed["upsampled_naive"]
    assert n - k + 1 == computed["needed"] == computed["upsampled_naive"] + computed["remainder"]
    dY = reference.conv2d_input_grad(
        np.ones((1, 1, outputs, 1), int),
        np.ones((1, 1, k, 1), int),
        (1, 1, n, 1),
        stride=(s, 1),
        loops=reference.conv2d_input_grad_flipped_loops,
    )
    assert dY.ravel().tolist() == [1, 1, 2, 1, 2, 1, 1, 0]


@about("conv2d_integer_nchw_s2_p1_rect")
def whole_layer(inputs: Any, printed: Any, computed: Any) -> None:
    x, w, b, dy = (np.array(inputs[name]) for name in ("x_NCHW", "w_OIHW", "b", "dy"))
    options: dict[str, Any] = {"stride": inputs["stride"], "padding": inputs["padding"]}
    assert reference.conv2d(x, w, b, **options).tolist() == computed["y"]
    dx, dw, db = reference.conv2d_backward(dy, x, w, **options)
    assert dx.tolist() == computed["dx"]
    assert dw.tolist() == computed["dw"]
    assert db.tolist() == computed["db"]
