"""Who is called when, on which arrays, and when it ends: with a clock that the calls themselves advance."""

import gc
import math
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

import pytest
from scipy.stats import binom

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

    def turns(self, counts: dict[str, int], counted: int) -> str:
        """Return who had its turn, one after the other, from how many calls a sample is; one more at every change."""
        calls = [name for name, _ in self.made[counted:]]
        turns, last = "", ""
        while calls:
            length = counts[calls[0]] + (calls[0] != last)
            assert set(calls[:length]) == {calls[0]}
            assert len(calls) >= length
            last = calls[0]
            turns += last
            del calls[:length]
        return turns


def never(times: Times) -> bool:
    return False


def test_turns_go_there_and_back_and_every_call_takes_the_next_arrays() -> None:
    machine = Machine()
    calls = [machine.call("a", 1.0), machine.call("b", 2.0)]
    times = take_turns(calls, 3, lambda times: True, 1000.0, clock=machine.clock)
    turns = machine.turns({"a": 1, "b": 1}, 2)
    assert len(turns) == 9 * 4
    assert all(turns[start : start + 4] in ("abba", "baab") for start in range(0, len(turns), 4))
    numbers = [number for _, number in machine.made[2:]]
    assert numbers == [(place + 1) % 3 for place in range(len(numbers))]
    assert times.rounds == [[1.0] * 9, [2.0] * 9]
    assert times.ratios(1, 0) == [2.0] * 9
    for name, last in zip("ab", times.last, strict=True):
        place = max(place for place, made in enumerate(machine.made) if made[0] == name)
        assert last == (machine.made[place][1], f"{name}{place + 1}")


def test_who_begins_is_drawn_in_every_round() -> None:
    machine = Machine()
    calls = [machine.call(name, 1.0) for name in "abc"]
    take_turns(calls, 1, never, math.inf, clock=machine.clock, looks=[999], dice=Random(1))
    turns = machine.turns({"a": 1, "b": 1, "c": 1}, 3)
    rounds = [turns[start : start + 6] for start in range(0, len(turns), 6)]
    assert {one[:3] for one in rounds} == {"abc", "acb", "bac", "bca", "cab", "cba"}
    assert all(one == one[::-1] for one in rounds)
    again = sum(one[0] == other[0] for one, other in pairwise(rounds))
    # As far from a third as that is seen once in a thousand times, whichever way.
    assert binom.ppf(0.0005, 998, 1 / 3) <= again <= binom.ppf(0.9995, 998, 1 / 3)


def test_short_calls_are_repeated_until_the_clock_can_tell() -> None:
    machine = Machine()
    times = take_turns([machine.call("a", 2.0**-20), machine.call("b", 0.5)], 3, never, 0.0, clock=machine.clock)
    repeats = math.ceil(LEAST_SAMPLE * 2**20)
    assert len(machine.turns({"a": repeats, "b": 1}, repeats + 1)) == 9 * 4
    assert times.rounds == [[2.0**-20] * 9, [0.5] * 9]


def test_those_that_take_about_as_long_are_called_as_often() -> None:
    machine = Machine()
    seconds = {"a": LEAST_SAMPLE / 7.5, "b": LEAST_SAMPLE / 4.5, "c": LEAST_SAMPLE / 3.5, "d": LEAST_SAMPLE / 1.5}
    take_turns([machine.call(*one) for one in seconds.items()], 1, never, 0.0, clock=machine.clock)
    assert len(machine.turns({"a": 8, "b": 8, "c": 8, "d": 4}, 8 + 5 + 4 + 2)) == 9 * 8


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


def turns_of_two(threads_of: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The names of all calls but those that are counted first, and a line for every pause; a sample is four calls."""
    machine = Machine()
    monkeypatch.setattr(time, "sleep", lambda seconds: machine.made.append(("|", 0)))
    calls = [machine.call(name, WAKE / 3.5) for name in "ab"]
    take_turns(calls, 1, never, 0.0, clock=machine.clock, settle=1e-9, threads_of=threads_of, dice=Random(2))
    return "".join(name for name, _ in machine.made).lstrip("ab")


@pytest.mark.parametrize("threads_of", [(), ("one", "other")])
def test_another_library_waits_and_wakes_its_threads(
    threads_of: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = turns_of_two(threads_of, monkeypatch)[1:].split("|")
    assert all(len(set(turn)) == 1 for turn in turns)
    assert all(one[0] != other[0] for one, other in pairwise(turns))
    assert sum(map(len, turns)) == 4 * len(turns) + 9 * 4 * 4


def test_nobody_waits_for_threads_that_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert turns_of_two(("one", "one"), monkeypatch) == ""


def test_the_garbage_collector_is_off_and_comes_back() -> None:
    seen = []
    take_turns([lambda number: seen.append((number, gc.isenabled()))], 2, never, 0.0)
    counting = [is_enabled for number, is_enabled in seen[: seen.index((1, False))]]
    assert all(counting)
    assert not any(is_enabled for _, is_enabled in seen[len(counting) :])
    assert gc.isenabled()
