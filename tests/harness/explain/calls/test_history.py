"""What a candidate remembers: an earlier result, an operand of an earlier call, or whatever it adds to."""

import itertools
from typing import Any

import numpy as np

from convoracle.harness.explain.calls.history import Recorder, changed_later, made_again, remembered

FRESH = "the same call, made with fresh arrays, gives another result"
ONE, TWO, THREE = (np.full(3, float(number)) for number in (1, 2, 3))


def story(function: Any, *calls: tuple[np.ndarray, np.ndarray]) -> str:
    recorder = Recorder(function)
    for x, weight in calls:
        recorder(x, weight)
    return remembered(function, recorder.calls, ("x", "weight"))


def test_an_earlier_result() -> None:
    kept: dict[int, np.ndarray] = {}

    def by_identity(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return kept.setdefault(id(x), x * weight)

    assert (
        story(by_identity, (ONE, TWO), (ONE, THREE)) == f"{FRESH}; the wrong one is what the call before had returned"
    )


def test_an_operand_of_an_earlier_call() -> None:
    kept: dict[int, np.ndarray] = {}

    def packed(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return x * kept.setdefault(id(weight), weight.copy())

    weight = TWO.copy()

    recorder = Recorder(packed)
    recorder(ONE, weight)
    weight[:] = 5
    recorder(THREE, weight)
    said = remembered(packed, recorder.calls, ("x", "weight"))
    assert said == f"{FRESH}; the wrong one is what it gives with the weight of the call before"


def test_what_is_added_to() -> None:
    total = np.zeros(3)

    def adding(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        total[:] += x * weight
        return total.copy()

    assert story(adding, (ONE, TWO), (ONE, THREE)).endswith("each time by the same more: it adds to what is there")


def test_who_remembers_nothing_has_no_history() -> None:
    assert story(lambda x, weight: x * weight, (ONE, TWO), (ONE, THREE)) == ""


def test_who_knows_arrays_by_their_addresses() -> None:
    kept: dict[int, np.ndarray] = {}

    def by_address() -> bool:
        x = np.full(3, float(len(kept) + 2))
        return bool((kept.setdefault(x.ctypes.data, x.copy()) != x).any())

    while not by_address():
        kept[np.full(3, 1.0).ctypes.data] = ONE
    assert made_again(by_address, lambda: np.zeros(3)).endswith("it knows arrays by where they lie")
    assert made_again(lambda: True, lambda: np.zeros(3)) == ""
    turns = itertools.cycle((True, False))
    assert made_again(lambda: next(turns), lambda: np.zeros(3)).startswith("made once more, the same call is right")


def test_a_result_that_a_later_call_changes() -> None:
    buffers = [np.zeros(3) for _ in range(4)]
    numbers = itertools.count()

    def in_turn() -> list[np.ndarray]:
        number = next(numbers)
        buffers[number % 4][:] = number
        return [buffers[number % 4]]

    assert changed_later(in_turn) == "a result changes with the call 4 calls later: 4 buffers, used in turn"
    assert changed_later(lambda: [np.full(3, next(numbers))]) == ""
