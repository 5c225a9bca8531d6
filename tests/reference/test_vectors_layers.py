"""The lectures' own numbers, and those derived from their formulas by hand: tests/data/vectors.json, part layers.

Where exp or log come in, neither the file's numbers nor ours are exact: both are within a number of roundings of the
true value, which is derived in test_softmax.py and test_activations.py, and so of each other.
"""

import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convoracle import reference

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "data" / "vectors.json").read_text())["vectors"]
    if vector["part"] == "layers"
}
TESTS: dict[str, Callable[..., None]] = {}


def about(*ids: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say which vectors a function checks."""

    def register(check: Callable[..., None]) -> Callable[..., None]:
        TESTS.update(dict.fromkeys(ids, check))
        return check

    return register


def agree(result: Any, expected: Any, roundings: float, scale: float = 1.0) -> bool:
    """Whether two computed numbers of at most this many roundings of this size each can stand for one true value."""
    u = 2.0**-53
    bound = 2 * roundings * u / (1 - roundings * u) * scale
    return bool(np.all(np.abs(np.asarray(result) - np.asarray(expected, float)) <= bound))


def softmax_roundings(scores: np.ndarray) -> float:
    return 2 * (float(scores.max() - scores.min()) + 8) + scores.shape[1]


def loss_roundings(scores: np.ndarray) -> float:
    spread, N, C = float(scores.max() - scores.min()), *scores.shape
    return 2 * spread + 8 + C - 1 + 9 * math.log(C) + spread + N


def test_every_vector_is_checked() -> None:
    assert sorted(TESTS) == sorted(VECTORS)


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str) -> None:
    vector = VECTORS[name]
    TESTS[name](vector["inputs"], vector["printed"], vector["computed"])


@about("softmax_cross_entropy_3class")
def softmax_loss(inputs: Any, printed: Any, computed: Any) -> None:
    scores, target = np.array([inputs["scores"]]), np.array([inputs["true_class_1based"] - 1])
    p = reference.softmax(scores)
    assert agree(p[0], computed["p"], softmax_roundings(scores))
    loss = reference.cross_entropy(scores, target)
    assert agree(loss, computed["loss"], loss_roundings(scores))
    gradient = reference.cross_entropy_backward(scores, target)
    assert agree(gradient[0], computed["dL_df = p - onehot"], softmax_roundings(scores) + 2)
    # the slide's numbers, at the digits it prints; the logarithm is the natural one
    assert np.round(np.exp(scores[0]), 3)[0] == printed["exp"][0]
    assert np.round(np.exp(scores[0]), 2)[1:].tolist() == printed["exp"][1:]
    assert round(float(loss), 2) == printed["loss"]
    assert printed["loss"] not in (round(computed["loss_log10"], 2), round(computed["loss_log2"], 2))
    # its first probability is wrong in the last digit: that of the exponentials rounded before
    assert np.round(p[0], 3)[1:].tolist() == printed["p"][1:]
    assert round(float(p[0, 0]), 3) != printed["p"][0]
    rounded = np.array(printed["exp"]) / np.sum(printed["exp"])
    assert round(float(rounded[0]), 3) == printed["p"][0]


@about("softmax_overflow", "softmax_underflow")
def naive_and_stable_softmax(inputs: Any, printed: Any, computed: Any) -> None:
    f = np.array(inputs["f"])
    assert np.isnan(reference.softmax_naive(f)).tolist() == [[entry == "nan" for entry in computed["naive"][0]]]
    assert "NaN" in printed["naive"]
    assert agree(reference.softmax(f), computed["stable"], softmax_roundings(f))


@about("cross_entropy_of_stable_softmax_pitfall")
def stable_loss(inputs: Any, printed: Any, computed: Any) -> None:
    f = np.array(inputs["f"])
    assert reference.softmax(f).tolist() == computed["p_stable"]
    assert reference.cross_entropy(f, np.array([inputs["label_0based"]])) == computed["logsumexp_loss"]


@about("softmax_loss_batch")
def softmax_loss_of_a_batch(inputs: Any, printed: Any, computed: Any) -> None:
    f, labels = np.array(inputs["f"]), np.array(inputs["labels_0based"])
    assert agree(reference.softmax(f), computed["p"], softmax_roundings(f))
    assert agree(reference.cross_entropy(f, labels), computed["loss_mean"], loss_roundings(f))
    gradient = reference.cross_entropy_backward(f, labels)
    assert agree(gradient, computed["dL_df=(p-t)/N"], softmax_roundings(f) + 2)


@about("relu_vector_backprop")
def relu(inputs: Any, printed: Any, computed: Any) -> None:
    x, dz = np.array(inputs["x"]), np.array(inputs["dL_dz"])
    assert reference.relu(x).tolist() == printed["z"]
    assert reference.relu_jacobian(x).tolist() == printed["jacobian"]
    assert reference.relu_backward(dz, x).tolist() == printed["dL_dx"]
    assert printed == computed


@about("matmul_backprop_as_printed", "matmul_backprop_sign_repaired")
def matmul(inputs: Any, printed: Any, computed: Any) -> None:
    x, w, dy = (np.array(inputs[name]) for name in ("x", "w", "dL_dy"))
    y = reference.matmul(x, w)
    assert y.tolist() == computed["y"]
    dx, dw = reference.matmul_backward(dy, x, w)
    assert dx.tolist() == computed["dL_dx = dL_dy @ w.T"]
    assert dw.tolist() == computed["dL_dw = x.T @ dL_dy"]
    # erratum E-14: the slide's y belongs to x and w only after four signs have been moved
    if "printed_y_minus_x@w" in computed:
        assert (np.array(printed["y"]) - y).tolist() == computed["printed_y_minus_x@w"]
        assert y.tolist() != printed["y"]
    else:
        assert y.tolist() == printed["y"]


@about("matmul_single_element")
def matmul_element(inputs: Any, printed: Any, computed: Any) -> None:
    for name in ("matmul_backprop_as_printed", "matmul_backprop_sign_repaired"):
        x, w, dy = (np.array(VECTORS[name]["inputs"][key]) for key in ("x", "w", "dL_dy"))
        dx, _ = reference.matmul_backward(dy, x, w)
        assert dx[inputs["n"], inputs["d"]] == computed["dL_dx[0,1] = sum_m dL_dy[0,m]*w[1,m]"]


@about("jacobian_memory")
def jacobian(inputs: Any, printed: Any, computed: Any) -> None:
    def entries(N: int, D: int, M: int) -> tuple[int, int]:
        """Count the entries of both Jacobians, one row per entry of y, as matmul_backward gives them."""
        x, w = np.ones((N, D), int), np.ones((D, M), int)
        by_x = by_w = 0
        for place in np.ndindex(N, M):
            dy = np.zeros((N, M), int)
            dy[place] = 1
            dx, dw = reference.matmul_backward(dy, x, w)
            by_x, by_w = by_x + dx.size, by_w + dw.size
        return by_x, by_w

    N, D, M = 2, 3, 4
    assert entries(N, D, M) == (N * D * N * M, D * M * N * M)
    N, D, M = inputs["N"], inputs["D"], inputs["M"]
    assert (computed["dy_dx_entries"], computed["dy_dw_entries"]) == (N * D * N * M, D * M * N * M)
    # erratum E-15: "each" is true of one of the two
    gibibytes = [count * inputs["bytes_per_entry"] / 2**30 for count in (N * D * N * M, D * M * N * M)]
    assert printed["each"] == f"~{gibibytes[0]:.0f} GB"
    assert gibibytes[1] == 1024 * computed["dy_dw_TiB_float32"] != gibibytes[0]


@about("sigmoid_neuron")
def sigmoid_neuron(inputs: Any, printed: Any, computed: Any) -> None:
    x = inputs["x"]
    *w, b = next(value for key, value in inputs.items() if key.startswith("w_assumed"))
    y = reference.neuron(x, w, b, lambda z: reference.sigmoid(np.array([z]))[0])
    assert agree(y, computed["y"], 18, computed["y"])
    (dz,) = reference.sigmoid_backward(np.array([1.0]), np.array([w[0] * x[0] + w[1] * x[1] + b]))
    assert agree([dz * w_i for w_i in w], computed["dy_dx"], 39)
    assert agree([dz * x[0], dz * x[1], dz], computed["dy_dw"], 39)
    assert round(float(y), 2) == printed["y"]
    # the slide's gradient is that of a local gradient rounded to 0.2, which is not its value
    assert [round(float(dz * w_i), 2) for w_i in w] != printed["dy_dx"]
    assert [round(round(float(dz), 1) * w_i, 2) for w_i in w] == printed["dy_dx"]


@about("mean_subtraction")
def mean_subtraction(inputs: Any, printed: Any, computed: Any) -> None:
    X = np.array(inputs["X"])
    assert reference.mean_subtract(X).tolist() == computed["H"]
    exact = np.array([[Fraction(1), Fraction(0), Fraction(0)], [Fraction(0), Fraction(1), Fraction(2)]])
    dx = reference.mean_subtract_backward(exact).astype(float)
    assert agree(dx, computed["backward_of_dh=[[1,0,0],[0,1,2]]"], 2)
    unit = np.array([[Fraction(i == j) for j in range(3)] for i in range(3)])
    assert agree(reference.mean_subtract_backward(unit).astype(float), computed["local_jacobian_D3"], 2)


@about("mean_subtraction_dimension_mismatch")
def mean_subtraction_trap(inputs: Any, printed: Any, computed: Any) -> None:
    with pytest.raises(ValueError, match="broadcast"):
        reference.mean_subtract_naive(np.zeros((2, 3)))
    X = np.array(inputs["X_square"])
    assert reference.mean_subtract_naive(X).tolist() == computed["naive_square_silently_subtracts_column_broadcast"]
    assert reference.mean_subtract(X).tolist() == computed["correct_square"]


@about("euclidean_loss")
def euclidean_loss(inputs: Any, printed: Any, computed: Any) -> None:
    z, y = np.array(inputs["z"]), np.array(inputs["y"])
    assert reference.euclidean_loss(z, y) == computed["L"]
    assert [reference.euclidean_loss(z[i : i + 1], y[i : i + 1]) for i in range(2)] == computed["L_i"]
    grad_z, grad_y = reference.euclidean_loss_backward(z, y)
    assert (grad_z.tolist(), grad_y.tolist()) == (computed["dL_dz"], computed["dL_dy"])
    # with respect to L_i, not L: the batch is not divided by
    assert reference.euclidean_loss_backward(z, y, 2)[0].tolist() == computed["dLi_dz"]


@about("loss_scale")
def scaled_loss(inputs: Any, printed: Any, computed: Any) -> None:
    z, y = (np.array(VECTORS["euclidean_loss"]["inputs"][name]) for name in "zy")
    scaled, plain = reference.euclidean_loss_backward(z, y, inputs["C"]), reference.euclidean_loss_backward(z, y)
    for gradient, unscaled in zip(scaled, plain, strict=True):
        assert gradient.tolist() == (inputs["C"] * unscaled).tolist()


@about("cifar10_flatten")
def flattened_image(inputs: Any, printed: Any, computed: Any) -> None:
    rows = reference.flatten(np.zeros((2, *inputs["shape_CHW"])))
    assert rows.shape == (2, printed["flat"])
    assert printed == computed


@about("downsample")
def downsample(inputs: Any, printed: Any, computed: Any) -> None:
    y = reference.downsample2d(np.array(inputs["x"])[None, None], inputs["S"])
    assert y[0, 0].tolist() == computed["y = x[::S,::S]"]


@about("upsample")
def upsample(inputs: Any, printed: Any, computed: Any) -> None:
    x, S = np.array(inputs["x"])[None, None], inputs["S"]
    assert reference.upsample2d(x, S)[0, 0].tolist() == computed["between_adjacent_only (W-1)S+1"]
    # erratum E-6: "by factor S" is one row and column more
    larger = tuple(S * extent for extent in x.shape[2:])
    assert reference.upsample2d(x, S, larger)[0, 0].tolist() == computed["by_factor_S (S*W)"]
    assert reference.upsample2d(x, S).shape[2:] != larger
