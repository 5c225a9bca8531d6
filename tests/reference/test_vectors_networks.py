"""The lectures' own numbers, and those derived from their formulas by hand: tests/data/vectors.json, part networks.

Where exp or log come in, neither the file's numbers nor ours are exact: both are within a number of roundings of the
true value, which is derived in test_softmax.py, and so of each other.
"""

import itertools
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
    if vector["part"] not in ("maps", "layers")
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


def loss_roundings(scores: np.ndarray) -> float:
    spread, N, C = float(scores.max() - scores.min()), *scores.shape
    return 2 * spread + 8 + C - 1 + 9 * math.log(C) + spread + N


def test_every_vector_is_checked() -> None:
    assert sorted(TESTS) == sorted(VECTORS)


@pytest.mark.parametrize("name", VECTORS)
def test_vector(name: str) -> None:
    vector = VECTORS[name]
    TESTS[name](vector["inputs"], vector["printed"], vector["computed"])


@about("chain_rule_xyz")
def chain_rule(inputs: Any, printed: Any, computed: Any) -> None:
    x, y, z = (reference.graph.variable(inputs[name]) for name in "xyz")
    q = reference.graph.add(x, y)
    f = reference.graph.mul(q, z)
    reference.graph.backward(f)
    result = {"q": q.value, "f": f.value, "df_dq": q.gradient}
    result |= {"df_dx": x.gradient, "df_dy": y.gradient, "df_dz": z.gradient}
    assert result == printed == computed


@about("mul_gate", "add_gate", "max_gate")
def gate(inputs: Any, printed: Any, computed: Any) -> None:
    name = next(name for name, check in VECTORS.items() if check["inputs"] is inputs).removesuffix("_gate")
    x, y = (reference.graph.variable(inputs[key]) for key in "xy")
    f = getattr(reference.graph, name)(x, y)
    reference.graph.backward(f)
    assert (x.gradient, y.gradient) == (computed["df_dx"], computed["df_dy"])
    assert f.value == computed.get("f", f.value)
    slide = {"x": inputs["x"], "y": inputs["y"]}  # the rule is printed in letters for the product
    assert (x.gradient, y.gradient) == tuple(slide.get(rule, rule) for rule in (printed["df_dx"], printed["df_dy"]))


@about("conv_single_filter_params")
def one_filter(inputs: Any, printed: Any, computed: Any) -> None:
    count = reference.param_count.conv2d
    assert count(inputs["C"], 1, inputs["F"], bias=False) == printed["W_dim"] == computed["W_dim"]
    assert count(inputs["C"], 1, inputs["F"]) == printed["params"] == computed["params"]


@about("fc_200x200_40k")
def fully_connected_parameters(inputs: Any, printed: Any, computed: Any) -> None:
    count = reference.param_count.linear
    weights = count(inputs["in"], inputs["hidden"], bias=False)
    assert weights == computed["weights"]
    assert count(inputs["in"], inputs["hidden"]) == computed["with_biases"]
    # rounded up by a quarter
    assert printed["params"] == f"~{math.ceil(weights / 10**9)} Billion"
    assert weights != 2 * 10**9


@about("locally_connected_200x200_40k")
def locally_connected_parameters(inputs: Any, printed: Any, computed: Any) -> None:
    count, side = reference.param_count.locally_connected, math.isqrt(inputs["hidden"])
    assert count(1, 1, inputs["filter"], side, bias=False) == computed["weights"]
    assert count(1, 1, inputs["filter"], side) == computed["with_biases"]
    assert printed["params"] == f"~{computed['weights'] // 10**6} Million"
    # 40 thousand positions need padding
    assert reference.conv_output_size(200, inputs["filter"]) ** 2 == 36481


@about("conv_shared_200x200", "conv_20_filters")
def shared_parameters(inputs: Any, printed: Any, computed: Any) -> None:
    count, filters = reference.param_count.conv2d, inputs["filters"]
    assert count(1, filters, inputs["filter"], bias=False) == printed["params"] == computed["weights"]
    assert count(1, filters, inputs["filter"]) == computed.get("with_bias", computed.get("with_biases"))


@about("mlp_3_4_2")
def small_mlp(inputs: Any, printed: Any, computed: Any) -> None:
    widths = inputs["layers"]
    pairs = list(itertools.pairwise(widths))
    count = reference.param_count.linear
    weights = sum(count(before, after, bias=False) for before, after in pairs)
    learnable = sum(count(before, after) for before, after in pairs)
    assert {"neurons": sum(widths[1:]), "weights": weights, "learnable": learnable} == printed == computed


@about("linear_collapse")
def linear_collapse(inputs: Any, printed: Any, computed: Any) -> None:
    weights, biases = ([np.array(inputs[f"{letter}{layer}"]) for layer in (1, 2)] for letter in "Wb")
    x = np.array([inputs["x"]])
    assert reference.mlp_forward(x, weights, biases, lambda z: z)[0].tolist() == [computed["y"]]
    W, b = reference.collapse_linear_mlp(weights, biases)
    assert W.tolist() == computed["W_star"]
    assert b.tolist() == computed["b_star = W2 b1 + b2"] != reference.linear(biases[0][None], weights[1])[0].tolist()
    assert reference.linear(x, W, b).tolist() == [computed["W_star x + b_star"]]


@about("smallest_network_params")
def smallest_network(inputs: Any, printed: Any, computed: Any) -> None:
    count = reference.param_count.linear
    assert count(inputs["inputs"], inputs["outputs"], bias=False) == computed["weights"]
    assert count(inputs["inputs"], inputs["outputs"]) == computed["learnable"]


@about("smallest_network_literal_loss")
def smallest_network_as_printed(inputs: Any, printed: Any, computed: Any) -> None:
    x, w, b = np.array(inputs["x"]), np.array(inputs["w1"]), inputs["b1"]
    # erratum E-12: as printed, every class has the weights of the first, and sigma and b stand inside the sum
    score = float(reference.sigmoid(w * x + b).sum())
    literal = reference.cross_entropy(np.array([[score] * 3]), np.array([0]))
    assert agree(literal, computed["literal_value"], 9 * math.log(3) + 12)
    assert computed["literal_value"] == computed["ln3"] == math.log(3)
    # with weights of its own for each class the loss depends on them
    weights = np.stack([w, 2 * w, 3 * w])
    scores, _ = reference.mlp_forward(x[None], [weights], [np.full(3, b)])
    assert not agree(reference.cross_entropy(scores, np.array([0])), literal, loss_roundings(scores))


@about("universal_claims")
def linear_segments(inputs: Any, printed: Any, computed: Any) -> None:
    # "number of linear segments": with ReLU, every further layer of two neurons can double it. A tent, folded L times:
    # 2 relu(x) - 4 relu(x - 1/2) on [0, 1]
    for L in range(1, 6):
        fold = np.array([[Fraction(1)], [Fraction(1)]]), np.array([Fraction(0), Fraction(-1, 2)])
        tent = np.array([[Fraction(2), Fraction(-4)]]), np.array([Fraction(0)])
        points = np.array([[Fraction(place, 2 ** (L + 2))] for place in range(2 ** (L + 2) + 1)])
        for _ in range(L):
            points = reference.linear(reference.relu(reference.linear(points, *fold)), *tent)
        slopes = np.diff(points[:, 0])
        segments = 1 + np.count_nonzero(np.diff(slopes))
        assert segments == 2**L
    assert "2^(" in printed["linear_segments"]


@about("architecture_grammar")
def architecture(inputs: Any, printed: Any, computed: Any) -> None:
    layers = reference.parse_architecture(printed["pattern"], N=2, M=3, K=0)
    assert "-".join(layers) == computed["example N=2,M=3,K=0"]


@about("rcnn")
def box_regression(inputs: Any, printed: Any, computed: Any) -> None:
    # the pipeline is a program (examples/); its part with a formula is the regression of a box's four numbers from
    # features under the Euclidean loss. Orthogonal features: one step of gradient descent is the whole way.
    features = np.array([[Fraction(1), Fraction(1)], [Fraction(1), Fraction(-1)]])
    boxes = np.array([[Fraction(number) for number in row] for row in ([3, 1, 4, 1], [5, 9, 2, 6])])

    def gradient(W: np.ndarray) -> tuple[np.ndarray]:
        grad_z, _ = reference.euclidean_loss_backward(reference.linear(features, W), boxes)
        return (reference.linear_backward(grad_z, features, W)[1],)

    start = np.array([[Fraction(0)] * 2] * 4)
    (W,) = reference.gradient_descent(gradient, (start,), Fraction(1), 1)
    assert W.tolist() == [[4, -1], [5, -4], [3, 1], [Fraction(7, 2), Fraction(-5, 2)]]
    assert reference.euclidean_loss(reference.linear(features, W), boxes) == 0
