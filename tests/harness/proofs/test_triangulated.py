"""The triangulation holds on a sample of its space, and finds every mutant there."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs import space
from convoracle.harness.proofs.blocks import LOOPS, Loops
from convoracle.harness.proofs.covering import all_pairs, pairs_missing, pairwise
from convoracle.harness.proofs.formulations import Axis, dense_weight
from convoracle.harness.proofs.tally import Tally, Tick
from convoracle.harness.proofs.triangulated import prove
from convoracle.harness.proofs.triangulated_same import padded
from convoracle.harness.proofs.triangulated_transposed import outputs
from convoracle.harness.proofs.triangulated_volume import check_volume

MUTANTS = [
    ("conv2d_loops", "z[t, j, x, y] += (", "z[t, j, x, y] = ("),
    ("conv2d_loops", "z[t, j, x, y] = b[j]", "z[t, j, x, y] = 0"),
    ("conv2d_loops", "for xp in range(K_x)", "for xp in range(1, K_x)"),
    ("conv2d_loops", "w[j, i, xp, yp]", "w[j, i, K_x - 1 - xp, K_y - 1 - yp]"),
    ("conv2d_loops", "x * stride_x + xp * dilation_x", "x * stride_y + xp * dilation_x"),
    ("conv2d_loops", "first = j // maps_per_group * D_w", "first = 0"),
    ("conv2d_input_grad_scatter_loops", "] += (", "] = ("),
    ("conv2d_input_grad_gather_loops", "0 <= u < K_x", "0 < u < K_x"),
    ("conv2d_input_grad_flipped_loops", "w[j, i - first, K_x - 1 - xp, K_y - 1 - yp]", "w[j, i - first, xp, yp]"),
    ("conv2d_input_grad_flipped_loops", " + (W - extent_x) % stride_x", ""),
    ("conv2d_weight_grad_loops", "x * dilation_x + xp * stride_x", "x * stride_x + xp * dilation_x"),
    ("conv2d_weight_grad_scatter_loops", "first + i, x", "i, x"),
    ("conv2d_bias_grad_loops", "db[j] +=", "db[j] ="),
    ("conv2d_backward_loops", "dz[t, j, x, y] * Y[t, first + i, u, v]", "dz[t, j, x, y] * Y[0, first + i, u, v]"),
    ("max_pool2d_loops", "value > largest or", "value >= largest or"),
    ("max_pool2d_loops", "0 <= k < W", "0 <= k < W - 1"),
    ("max_pool2d_loops", "- padding_y + yp * dilation_y", "- padding_x + yp * dilation_y"),
    ("max_pool2d_backward_loops", "+= dy[t, j, x, y]", "= dy[t, j, x, y]"),
    ("avg_pool2d_loops", "/ divisors[x, y]", "/ (K_x * K_y)"),
    ("avg_pool2d_loops", "0 <= n < H", "0 < n < H"),
    ("avg_pool2d_backward_loops", "dY[t, k, p, q] +=", "dY[t, k, p, q] ="),
    ("conv1d_loops", "x * stride_x + xp * dilation_x", "x * dilation_x + xp * stride_x"),
    ("conv1d_input_grad_loops", "] += ", "] = "),
    ("conv1d_backward_loops", "db[j] +=", "db[j] ="),
    ("conv_transpose2d_loops", "first = i // maps_per_group * D_w", "first = 0"),
    ("conv_transpose2d_loops", "x * stride_x + xp * dilation_x", "x * stride_x + (K_x - 1 - xp) * dilation_x"),
    ("conv_transpose2d_upsampled_loops", "K_x - 1 - xp", "xp"),
    ("conv_transpose2d_backward_loops", "] += ", "] = "),
    ("locally_connected2d_loops", "w[x, y, ", "w[0, y, "),
    ("locally_connected2d_backward_loops", "] += ", "] = "),
]

VOLUME_MUTANTS = [
    ("conv3d_loops", "stride_y + yp", "stride_x + yp"),
    ("conv3d_weight_grad_loops", "] += ", "] = "),
]


def test_holds_on_a_sample(silent: Tick, interpreted: Any) -> None:
    tally = prove(240, silent, twin=interpreted)
    assert tally.holds, tally.failures
    assert tally.configurations == 240
    assert tally.counts["impossible configurations refused"] > 20
    assert tally.counts["agreements of gather with the dense matrix"] > 20
    for door in ("conv1d", "conv2d", "conv_transpose2d", "locally_connected2d"):
        assert tally.counts[f"agreements of {door}_loops with the dense matrix"] > 20


def prove_volumes(loops: Loops, interpreted: Any) -> Tally:
    tally = Tally()
    for number, row in enumerate(space.volume_rows(0)[:12]):
        with tally.configuration(row):
            check_volume(tally, space.volume(row), Choices(number), loops, interpreted)
    return tally


def test_holds_on_volumes(interpreted: Any) -> None:
    tally = prove_volumes(LOOPS, interpreted)
    assert tally.holds, tally.failures
    assert tally.counts["agreements of conv3d_loops with the dense matrix"] == 12


@pytest.mark.parametrize("mutant", VOLUME_MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[2]}")
def test_finds_the_mutant_of_volumes(
    mutant: tuple[str, str, str], mutated: Callable[..., dict[str, Any]], interpreted: Any
) -> None:
    assert not prove_volumes({mutant[0]: mutated(*mutant)[mutant[0]]}, interpreted).holds


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant[0]}: {mutant[2]}")
def test_finds_the_mutant(
    mutant: tuple[str, str, str], mutated: Callable[..., dict[str, Any]], silent: Tick, interpreted: Any
) -> None:
    loops = {mutant[0]: mutated(*mutant)[mutant[0]]}
    assert not prove(250, silent, loops=loops, twin=interpreted).holds


def test_a_door_that_pads_the_wrong_side_is_found(
    silent: Tick, interpreted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the package's attribute of that name is the function
    module = sys.modules["convoracle.reference.conv2d"]
    zero_pad = module.zero_pad
    monkeypatch.setattr(module, "zero_pad", lambda maps, sides: zero_pad(maps, tuple(side[::-1] for side in sides)))
    assert not prove(150, silent, twin=interpreted).holds


def test_the_other_lines_are_whole_too() -> None:
    same, transposed = list(space.same_line()), list(space.transposed_line())
    axes = 7 * 4 * 3 * 3
    assert len(same) == len(set(same)) == (axes * 2 - 1) * 2
    # max(stride, dilation) output paddings over all strides and dilations: 1 + 2 + 2 + 2 + 3 + 3 + 3 + 3 + 3 = 22
    assert len(transposed) == len(set(transposed)) == (7 * 4 * 22 * 4 * 2 - 1) * 2


@pytest.mark.parametrize(
    ("axis", "upper", "lower"),
    [
        (Axis(13, 6, 5, 1, 0, 0), (1, 2), (2, 1)),  # the example of TensorFlow's notes on padding
        (Axis(5, 2, 1, 1, 0, 0), (0, 1), (1, 0)),
        (Axis(7, 4, 2, 3, 0, 0), (4, 5), (5, 4)),
        (Axis(7, 3, 2, 1, 0, 0), (1, 1), (1, 1)),
        (Axis(5, 1, 2, 1, 0, 0), (0, 0), (0, 0)),
    ],
)
def test_zeros_are_dealt_out_as_by_hand(axis: Axis, upper: tuple[int, int], lower: tuple[int, int]) -> None:
    assert padded(axis, "same")[-2:] == upper
    assert padded(axis, "same_lower")[-2:] == lower


@pytest.mark.parametrize(
    ("axis", "extra", "expected"),
    [
        (Axis(3, 2, 2, 1, 0, 0), 0, 6),
        (Axis(3, 3, 2, 1, 1, 1), 1, 6),
        (Axis(1, 2, 1, 3, 1, 1), 2, 4),
        (Axis(1, 1, 1, 1, 1, 1), 0, -1),
    ],
)
def test_outputs_of_a_transposed_convolution_are_counted_as_by_hand(axis: Axis, extra: int, expected: int) -> None:
    assert outputs(axis, extra) == expected


def test_the_line_is_the_whole_space_once() -> None:
    configurations = list(space.line())
    convolutions = [one for one in configurations if isinstance(one, space.Convolution)]
    axes = 7 * 4 * 3 * 3 * 4
    assert len(convolutions) == (axes * 4 * 2 - 1) * 2  # two ways to lay an axis, but one for a single point
    assert len(configurations) - len(convolutions) == (axes * 2 - 1) * 4
    assert len(set(map(repr, configurations))) == len(configurations)


def test_the_covering_sets_cover_and_would_not_with_one_row_less() -> None:
    for rows, options in (
        (space.convolution_rows(0), space.CONVOLUTION_OPTIONS),
        (space.pool_rows(0), space.POOL_OPTIONS),
        (space.volume_rows(0), space.VOLUME_OPTIONS),
    ):
        assert pairs_missing(rows, options) == []
        assert pairs_missing(rows[1:], options) != []
        assert len(rows) < 70
    assert len(space.convolution_rows(0)) < len(list(all_pairs(space.CONVOLUTION_OPTIONS))) / 10


def test_pairwise_keeps_to_possible_rows() -> None:
    options = {"a": [0, 1, 2], "b": [0, 1, 2], "c": [0, 1, 2, 3]}
    rows = pairwise(options, lambda row: sum(row.values()) < 7, seed=1)
    assert pairs_missing(rows, options) == []
    assert all(sum(row.values()) < 7 for row in rows)


@pytest.mark.parametrize(
    ("axis", "floor", "ceil"),
    [
        (Axis(5, 2, 2, 1, 0, 0), 2, 3),
        (Axis(3, 2, 2, 1, 1, 1), 2, 2),
        (Axis(7, 3, 2, 2, 0, 0), 2, 2),
        (Axis(1, 2, 2, 1, 0, 0), 0, 1),
        (Axis(2, 4, 3, 1, 0, 0), 0, 1),
        (Axis(1, 4, 3, 1, 0, 0), 0, 0),
        (Axis(1, 4, 3, 2, 0, 0), 0, 0),
    ],
)
def test_windows_are_counted_as_by_hand(axis: Axis, floor: int, ceil: int) -> None:
    assert (axis.windows(), axis.windows(ceil_mode=True)) == (floor, ceil)


def test_the_dense_weight_is_zero_outside_the_groups() -> None:
    weight = np.arange(1, 5).reshape(4, 1, 1, 1)
    assert dense_weight(weight, 2)[:, :, 0, 0].tolist() == [[1, 0], [2, 0], [0, 3], [0, 4]]
