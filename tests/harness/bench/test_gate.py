"""The gate's three answers, and its rates: with a clock and noise of their own, the same every time."""

import math
import time
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from convoracle.harness.bench import gate, gate_rates
from convoracle.harness.bench.implementation import Implementation
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.rounds import take_turns

RUNS = 60


def test_answers() -> None:
    assert gate.decide([1.0] * 17, 0.95, 1) == gate.PASSED
    assert gate.decide([0.95] * 17, 0.95, 1) == gate.PASSED
    assert gate.decide([0.9] * 17, 0.95, 1) == gate.FAILED
    assert gate.decide([0.9, 1.0] * 8 + [0.9], 0.95, 1) == gate.OPEN


def test_few_rounds_say_nothing_and_many_layers_need_more() -> None:
    assert gate.decide([0.5] * 9, 0.95, 1) == gate.OPEN
    assert gate.decide([0.5] * 15, 0.95, 10) == gate.FAILED
    assert gate.decide([0.5] * 15, 0.95, 100) == gate.OPEN


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


@pytest.mark.parametrize("are_apart", [False, True])
def test_rates_with_pauses_and_without(are_apart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, pauses = NoisyMachine(0.02), []
    monkeypatch.setattr(time, "sleep", pauses.append)
    same, slower = gate_rates.measure(
        parse("c2h4f2k3"), "noisy", 2, 0.95, 60.0, 1, clock=machine.clock, make=machine.make, are_apart=are_apart
    )
    assert same.answers == [gate.PASSED]
    assert slower.answers == [gate.FAILED]
    # Between the two halves of each round, and beyond them where the next round begins with the other one.
    rounds = same.rounds[0] + slower.rounds[0]
    assert (2 * rounds <= len(pauses) <= 3 * rounds) if are_apart else not pauses


class Weather:
    """A machine on which everything takes `factors[n]` times as long in the n-th call, whosever it is."""

    def __init__(self, factors: np.ndarray) -> None:
        self.now = 0.0
        self._factors = iter(factors)

    def clock(self) -> float:
        return self.now

    def call(self, seconds: float) -> Callable[[int], None]:
        def call(number: int) -> None:
            self.now += seconds * next(self._factors)

        return call


def outliers(generator: np.random.Generator, count: int) -> np.ndarray:
    return np.asarray(np.exp(generator.standard_cauchy(count).clip(-3.0, 3.0)))


def spells(generator: np.random.Generator, count: int) -> np.ndarray:
    return np.repeat(outliers(generator, count // 10 + 1), 10)


def every_sixth(generator: np.random.Generator, count: int) -> np.ndarray:
    """Return factors that make the same place of every round slow: without dice it would be the same one's, too."""
    return np.where(np.arange(count) % 6 == 3, 2.0, 1.0)


@pytest.mark.parametrize("weather", [outliers, spells, every_sixth])
def test_exactly_at_the_limit_it_fails_as_rarely_as_promised(
    weather: Callable[[np.random.Generator, int], np.ndarray],
) -> None:
    generator, looks = np.random.Generator(np.random.PCG64(6)), gate.LOOKS[:5]
    runs, failed = 200, 0
    for run in range(runs):
        machine = Weather(weather(generator, 2 + 7 * looks[-1]))
        times = take_turns(
            [machine.call(1.0), machine.call(0.95)],
            1,
            lambda times: gate.decide(times.ratios(1, 0), 0.95, 1) != gate.OPEN,
            math.inf,
            clock=machine.clock,
            looks=looks,
            dice=Random(run),
        )
        failed += gate.decide(times.ratios(1, 0), 0.95, 1) == gate.FAILED
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
