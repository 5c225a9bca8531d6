"""The gate's three answers, and its rates: with a clock and noise of their own, the same every time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from convoracle.harness.bench import gate, gate_rates
from convoracle.harness.bench.implementation import Implementation
from convoracle.harness.bench.layer_text import parse

RUNS = 60


def test_answers() -> None:
    assert gate.decide([1.0] * 17, 0.95, 1) == gate.PASSED
    assert gate.decide([0.95] * 17, 0.95, 1) == gate.PASSED
    assert gate.decide([0.9] * 17, 0.95, 1) == gate.FAILED
    assert gate.decide([0.9, 1.0] * 8 + [0.9], 0.95, 1) == gate.OPEN


def test_few_rounds_say_nothing_and_many_layers_need_more() -> None:
    assert gate.decide([0.5] * 9, 0.95, 1) == gate.OPEN
    assert gate.decide([0.5] * 13, 0.95, 10) == gate.FAILED
    assert gate.decide([0.5] * 13, 0.95, 100) == gate.OPEN


def test_all_layers_together() -> None:
    assert gate.together([gate.PASSED, gate.PASSED]) == gate.PASSED
    assert gate.together([gate.PASSED, gate.OPEN]) == gate.OPEN
    assert gate.together([gate.OPEN, gate.FAILED]) == gate.FAILED
    assert gate.together([]) == gate.OPEN


class NoisyMachine:
    """A clock and a call of ten milliseconds that takes longer at random, now and then a lot longer."""

    def __init__(self, spread: float) -> None:
        self.now = 0.0
        self._spread = spread
        self._generator = np.random.Generator(np.random.PCG64(5))

    def clock(self) -> float:
        self.now += 2e-5
        return self.now

    def make(self, *arguments: Any) -> Implementation:
        def call(number: int) -> None:
            noise = abs(self._generator.normal(0.0, self._spread))
            self.now += 0.01 * (1.0 + noise) * (5.0 if self._generator.random() < 0.05 else 1.0)

        return Implementation("noisy", call, lambda result: ())


@pytest.mark.parametrize("spread", [0.02, 0.1])
def test_rates_on_a_noisy_machine(spread: float) -> None:
    """Of the same against itself nothing fails; a tenth slower is found in nearly every run."""
    machine = NoisyMachine(spread)
    same, slower = gate_rates.measure(
        parse("c2h4f2k3"), "noisy", 1, 0.95, 60.0, RUNS, clock=machine.clock, make=machine.make
    )
    assert same.count(gate.FAILED) == 0
    assert slower.count(gate.FAILED) >= 0.95 * RUNS
    assert slower.count(gate.PASSED) == 0
    assert same.interval(gate.FAILED)[1] < 0.07
    assert max(slower.rounds) > min(slower.rounds)


def test_exactly_at_the_limit_it_fails_as_rarely_as_promised() -> None:
    generator = np.random.Generator(np.random.PCG64(6))
    runs, failed = 800, 0
    for _ in range(runs):
        ratios = list(0.95 * np.exp(generator.normal(0.0, 0.05, gate.LOOKS[-1])))
        answers = (gate.decide(ratios[:count], 0.95, 1) for count in gate.LOOKS)
        failed += next((answer for answer in answers if answer != gate.OPEN), gate.OPEN) == gate.FAILED
    # As many as the promised share or more would be seen with a chance below one in a thousand.
    assert failed <= binom.ppf(0.999, runs, gate.ALARMS)


@pytest.mark.parametrize("slowdown", [1.1, 2.0])
def test_a_planted_slowdown_takes_as_long_as_it_says(slowdown: float) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 1e-6
        return now[0]

    def call(number: int) -> int:
        now[0] += 0.01
        return number

    wrapped: Callable[[int], Any] = gate_rates.slowed(call, slowdown, clock)
    assert wrapped(7) == 7
    assert now[0] == pytest.approx(slowdown * 0.01, rel=1e-3)
