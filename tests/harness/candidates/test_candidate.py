"""A candidate: what it may say about itself, and how it is called."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import pytest

import convoracle
from convoracle.harness.candidates.candidate import Candidate, named
from convoracle.harness.operations import OPERATIONS

CONV2D, MEAN = OPERATIONS["conv2d"], OPERATIONS["avg_pool2d"]


def plain(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any) -> dict[str, Any]:
    return {"stride": stride, "padding": padding}


def anything(*operands: Any, **options: Any) -> dict[str, Any]:
    return options


OPTIONS = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def test_fixed_options_that_the_signature_lacks_are_left_out() -> None:
    limits = {"dilation": {1}, "groups": [1]}
    assert Candidate(plain, "plain", limits).bound_to(CONV2D)(1, 2, None, **OPTIONS) == {"stride": 1, "padding": 0}
    assert Candidate(anything, "anything", limits).bound_to(CONV2D)(1, 2, None, **OPTIONS) == OPTIONS


@pytest.mark.parametrize("limits", [{}, {"dilation": {1, 2}, "groups": {1}}, {"dilation": lambda d: d == 1}])
def test_an_option_that_is_not_fixed_is_passed(limits: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Candidate(plain, "plain", limits).bound_to(CONV2D)(1, 2, None, **OPTIONS)


def test_a_callable_whose_signature_cannot_be_read_is_passed_everything() -> None:
    class Unreadable:
        @property
        def __signature__(self) -> Any:
            raise ValueError("no signature found")

        def __call__(self, *operands: Any, **options: Any) -> dict[str, Any]:
            return options

    assert Candidate(Unreadable(), "it", {"groups": {1}}).bound_to(CONV2D)(1, **OPTIONS) == OPTIONS


@pytest.mark.parametrize(
    ("candidate", "error", "words"),
    [
        (Candidate(3, "three"), TypeError, "conv2d: the candidate must be callable, got 3"),  # type: ignore[arg-type]
        (Candidate(plain, "p", accuracy="good"), ValueError, "unknown accuracy 'good'; known: componentwise, norm"),
        (Candidate(plain, "p", dtypes=()), ValueError, "no dtypes to verify; allowed: float16"),
        (Candidate(plain, "p", dtypes=("half",)), ValueError, "unknown dtype 'half'; known: float16"),
        (Candidate(plain, "p", {"strides": {1}}), ValueError, "unknown limit 'strides'"),
    ],
)
def test_declarations_that_make_no_sense(candidate: Candidate, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        candidate.checked_for(CONV2D)


def test_means_have_floats() -> None:
    candidate = Candidate(len, "len", dtypes=("float16", "float32", "float64"))
    assert candidate.checked_for(OPERATIONS["avg_pool2d"]) is candidate


def test_means_have_no_integers() -> None:
    with pytest.raises(ValueError, match="avg_pool2d: dtype int8 is not part of this operation; floats are"):
        Candidate(plain, "p", dtypes=("int8",)).checked_for(MEAN)
    every = Candidate(plain, "p", dtypes=("float16", "float64", "int8", "int64"))
    assert every.taking(None, MEAN).dtypes == ("float16", "float64")
    assert every.taking(None, CONV2D).dtypes == every.dtypes
    assert every.taking(("float64", "float32", "int8"), CONV2D).dtypes == ("float64", "int8")
    for dtypes, operation in ((("float32",), CONV2D), (("int8",), MEAN)):
        with pytest.raises(ValueError, match="p takes float16, float64, int8, int64, none of which was asked for"):
            every.taking(dtypes, operation)
    named = dataclasses.replace(every, command="--candidate my:p")
    with pytest.raises(ValueError, match=r"\(float32\); what it takes it declares, by an attribute dtypes$"):
        named.taking(("float32",), CONV2D)


@pytest.mark.parametrize(
    ("function", "name", "command"),
    [
        (plain, f"{__name__}:plain", f"--candidate {__name__}:plain"),
        (convoracle.conv2d, "convoracle.fast.conv2d:conv2d", "--candidate convoracle.fast.conv2d:conv2d"),
        (lambda: None, "<lambda>", None),
        (functools.partial(plain, 1), "partial", None),
        (Candidate.taking, "Candidate.taking", None),
    ],
)
def test_only_functions_of_modules_can_be_reached_by_a_command(
    function: Callable[..., Any], name: str, command: str | None
) -> None:
    assert named(function) == (name, command)


def test_nothing_in_main_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "__module__", "__main__")
    assert named(plain) == ("plain", None)
