"""Floats compared with fractions: the bound holds, and a broken oracle or a bound gone wrong is found."""

import importlib
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from convoracle.harness import bounds
from convoracle.harness.proofs.blocks import LOOPS
from convoracle.harness.proofs.coarse import CoarseSum
from convoracle.harness.proofs.exact import prove
from convoracle.harness.proofs.tally import Tick

SAMPLE = {
    name: LOOPS[name] for name in ("conv2d_loops", "conv2d_weight_grad_loops", "max_pool2d_loops", "avg_pool2d_loops")
}
BACKENDS = ("im2col", "scipy", "scipy-fft")

MUTANTS = [
    ("conv2d_loops", "z[t, j, x, y] += (", "z[t, j, x, y] = ("),
    ("conv2d_weight_grad_loops", "dw[n, m, x, y] += (", "dw[n, m, x, y] = ("),
    ("max_pool2d_loops", "value > largest or", "value < largest or"),
    ("avg_pool2d_loops", "/ divisors[x, y]", "/ (K_x * K_y)"),
]


def test_holds_and_is_broken_by_sums_of_eight_bits(silent: Tick, interpreted: Any) -> None:
    tally = prove(24, silent, loops=SAMPLE, twin=interpreted, backends=BACKENDS)
    assert tally.holds, tally.failures
    assert tally.counts["truths of the harness confirmed"] > 15
    assert tally.counts["configurations summed with 8 bits"] >= tally.counts["of these beyond the bound"] > 4


def test_a_backend_with_limits_is_asked_what_is_inside_of_them(silent: Tick, interpreted: Any) -> None:
    tally = prove(48, silent, loops={"conv2d_loops": LOOPS["conv2d_loops"]}, twin=interpreted, backends=("winograd",))
    assert tally.holds, tally.failures
    assert tally.counts["results of winograd within the bound"] >= 8


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
def test_finds_the_mutant(
    mutant: tuple[str, str, str], mutated: Callable[..., dict[str, Any]], silent: Tick, interpreted: Any
) -> None:
    loops = {mutant[0]: mutated(*mutant)[mutant[0]]}
    assert not prove(12, silent, loops=loops, twin=interpreted, backends=BACKENDS[:1]).holds


def test_a_bound_that_is_too_small_is_found(silent: Tick, interpreted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "gamma", lambda roundings, unit: unit / 16)
    assert not prove(24, silent, loops=SAMPLE, twin=interpreted, backends=BACKENDS[:1]).holds


def test_a_bound_that_is_too_large_is_found(silent: Tick, interpreted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "gamma", lambda roundings, unit: 1.0)
    tally = prove(24, silent, loops=SAMPLE, twin=interpreted, backends=())
    assert not tally.holds
    assert all("the bound is loose" in failure for failure in tally.failures)


def test_a_truth_that_rounds_is_found(silent: Tick, interpreted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # the package's attribute of that name is the function
    module = importlib.import_module("convoracle.harness.checks.truth")
    exact_sum = module.exact_sum
    monkeypatch.setattr(
        module, "exact_sum", lambda *arguments: (exact_sum(*arguments)[0], np.zeros_like(exact_sum(*arguments)[0]))
    )
    tally = prove(24, silent, loops=SAMPLE, twin=interpreted, backends=())
    assert any("the harness's truth" in failure for failure in tally.failures)


@pytest.mark.parametrize(
    ("terms", "total"),
    [((256.0, 1.0), 256.0), ((256.0, 3.0), 260.0), ((-255.0, -0.5), -256.0), ((0.1, 0), 0.10009765625)],
)
def test_coarse_sums_keep_eight_bits(terms: tuple[float, float], total: float) -> None:
    assert float(CoarseSum(terms[0]) + terms[1]) == total
    assert float(CoarseSum(terms[0]) - -terms[1]) == total
    assert float(CoarseSum(1.5) * CoarseSum(257.0)) == 385.5
    assert Fraction(float(CoarseSum(1.0) / 3)) == Fraction(1 / 3)
