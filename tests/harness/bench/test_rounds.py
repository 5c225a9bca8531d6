"""Who is called when, on which arrays, and when it ends: with a clock that the calls themselves advance."""

import gc
import math
from collections.abc import Callable

import pytest

from convoracle.harness.bench.rounds import LEAST_SAMPLE, LOOKS, WAKE, Times, take_turns


class Machine:
    """A clock, and calls that take the time they are told to and write down that they were made."""

    def __init__(self) -> None:
        self.now = 0.0
        self.made: list[tuple[str, int]] = []

    def clock(self) -> float:
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[int], str]:
        def call(number: int) -> str:
            self.now += seconds
            self.made.append((name, number))
            return f"{name}{len(self.made)}"

        return call


def never(times: Times) -> bool:
    return False


def test_turns_are_a_b_b_a_and_every_call_takes_the_next_arrays() -> None:
    machine = Machine()
    calls = [machine.call("a", 1.0), machine.call("b", 2.0)]
    times = take_turns(calls, 3, lambda times: True, 1000.0, clock=machine.clock)
    made = machine.made[2:]
    assert [name for name, _ in made[:8]] == list("abbaabba")
    assert [number for _, number in made] == [(turn + 1) % 3 for turn in range(9 * 4)]
    assert times.rounds == [[1.0] * 9, [2.0] * 9]
    assert times.ratios(1, 0) == [2.0] * 9
    assert times.last == [(made[-1][1], f"a{len(machine.made)}"), (made[-2][1], f"b{len(machine.made) - 1}")]


def test_short_calls_are_repeated_until_the_clock_can_tell() -> None:
    machine = Machine()
    times = take_turns([machine.call("a", 2.0**-20), machine.call("b", 0.5)], 3, never, 0.0, clock=machine.clock)
    repeats = math.ceil(LEAST_SAMPLE * 2**20)
    assert [name for name, _ in machine.made].count("a") == 1 + 9 * 2 * repeats
    assert times.rounds == [[2.0**-20] * 9, [0.5] * 9]
    assert [number for _, number in machine.made[2 : 2 + repeats]] == [(turn + 1) % 3 for turn in range(repeats)]


def test_nobody_finds_in_a_cache_what_the_one_before_has_read() -> None:
    """A cache that holds two of three sets: all calls of either find it cold, so the same twice is equally fast."""
    now, recent = [0.0], [-1, -1]

    def call(number: int) -> None:
        now[0] += 1.0 if number in recent else 2.0
        recent.append(number)
        del recent[0]

    times = take_turns([call, call], 3, never, 0.0, clock=lambda: now[0])
    assert times.ratios(1, 0) == [1.0] * 9
    assert set(times.rounds[0]) == {2.0}


@pytest.mark.parametrize(("seconds", "rounds"), [(0.0, 9), (40.0, 11), (1e6, LOOKS[-1])])
def test_it_ends_when_the_time_is_over_on_an_odd_round(seconds: float, rounds: int) -> None:
    machine = Machine()
    assert len(take_turns([machine.call("a", 2.0)], 1, never, seconds, clock=machine.clock).rounds[0]) == rounds


def test_it_ends_when_enough_is_known_and_asks_at_the_looks_only() -> None:
    machine, asked = Machine(), []

    def is_enough(times: Times) -> bool:
        asked.append(len(times.rounds[0]))
        return len(asked) == 3

    take_turns([machine.call("a", 1.0)], 1, is_enough, 1e6, clock=machine.clock)
    assert asked == list(LOOKS[:3])


def test_cold_samples_are_one_call_each_after_what_makes_them_cold() -> None:
    machine = Machine()
    times = take_turns(
        [machine.call("a", 1e-6)], 1, never, 0.0, clock=machine.clock, before=lambda: machine.made.append(("flush", 0))
    )
    assert [name for name, _ in machine.made] == ["flush", "a"] * 18
    assert times.rounds[0] == pytest.approx([1e-6] * 9)


def test_untimed_calls_wake_the_threads_before_each_turn() -> None:
    machine = Machine()
    quick = 0.3 * WAKE
    times = take_turns([machine.call("a", quick)], 1, never, 0.0, clock=machine.clock, settle=1e-9)
    assert len(machine.made) == 1 + 9 * 2 * (4 + 4)
    assert times.rounds[0] == pytest.approx([quick] * 9)


def test_the_garbage_collector_is_off_and_comes_back() -> None:
    seen = []
    take_turns([lambda number: seen.append(gc.isenabled())], 1, never, 0.0)
    assert seen[0]  # counting how many calls a sample takes
    assert not any(seen[1:])
    assert gc.isenabled()
