"""How the jury is asked, and how a rule of the checker is broken."""

import functools
import importlib
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from convoracle.harness import bounds
from convoracle.harness.cases.descriptor import parse
from convoracle.harness.checks.question import question
from convoracle.harness.examine import examine
from convoracle.harness.operations import named
from convoracle.harness.operations.base import outputs_of

CONV = (
    "n=2 c=4 h=6 w=7 f=2 kernel_size=3x2 stride=1 padding=0 dilation=1 groups=1 bias=yes dtype=float32 layout=C+C"
    " seed=40"
)
POOL = "n=2 c=3 h=5 w=7 kernel_size=2x3 stride=1 padding=0 ceil_mode=no dtype=float32 layout=C seed=40"
PLAIN = {
    "max_pool2d": f"{POOL} dilation=1 return_indices=no",
    "avg_pool2d": f"{POOL} count_include_pad=yes divisor_override=none",
    "softmax": "n=2 c=4 spatial=3x2 axis=1 dtype=float32 layout=C seed=40",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask every juror in a file's JURY, and break every rule in its BREAKAGES, with the juror who notices."""
    if "verdict" in metafunc.fixturenames:
        jury = metafunc.module.JURY
        metafunc.parametrize("juror", jury.values(), ids=jury)
    if "verdict_then" in metafunc.fixturenames:
        breakages = metafunc.module.BREAKAGES
        noticing = [(rule, metafunc.module.JURY[name]) for *rule, name in breakages.values()]
        metafunc.parametrize(("rule", "juror"), noticing, ids=breakages)


@pytest.fixture
def known_verdict(juror: Sequence[Any]) -> str:
    """Return what is known of a juror."""
    return juror[0]


@pytest.fixture
def verdict(juror: Sequence[Any], ask: Callable[..., str]) -> str:
    """Return what the checker says of a juror."""
    return ask(*juror[1:])


@pytest.fixture
def verdict_then(
    rule: Sequence[str], juror: Sequence[Any], ask: Callable[..., str], break_rule: Callable[..., None]
) -> str:
    """Return what the checker says of a juror when a rule is broken."""
    break_rule(*rule)
    return ask(*juror[1:])


@pytest.fixture
def ask() -> Callable[..., str]:
    """Return a function that asks a juror: it returns "passes", the check that found something, or what was raised.

    The juror is the one check that is made, the maker of the candidate, and what differs from a plain case: fields of
    the case, the operation, the accuracy, the limits, and from how many seeds on end the data are.
    """

    def asked(check: str, make: Callable[[], Any], more: Mapping[str, Any] | None = None) -> str:
        options = {
            "operation": "conv2d",
            "case": {},
            "seeds": 1,
            "accuracy": "componentwise",
            "limits": {},
            "dtypes": (),
            **(more or {}),
        }
        operation, candidate, gamma = named(options["operation"]), make(), bounds.gamma
        fields = dict(word.split("=") for word in PLAIN.get(options["operation"], CONV).split()) | options["case"]
        for step in range(options["seeds"]):
            text = " ".join(f"{name}={value}" for name, value in {**fields, "seed": int(fields["seed"]) + step}.items())
            _forget()
            try:
                with np.errstate():
                    found = examine(
                        operation,
                        candidate,
                        parse(operation, text),
                        options["accuracy"],
                        options["limits"],
                        frozenset({check}),
                        options["dtypes"],
                    ).problem
            except Exception as error:  # the checker's own, where it is broken
                return type(error).__name__
            finally:
                _forget()
                bounds.gamma = gamma
            if found is not None:
                return found.check
        return "passes"

    return asked


def _forget() -> None:
    """Forget what was worked out by rules that are broken next, or were."""
    question.cache_clear()
    outputs_of.cache_clear()


@pytest.fixture
def break_rule(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Return a function that makes the harness's function at ``module:name`` read differently at one place."""

    def broken(where: str, text: str, edited: str) -> None:
        module, _, names = where.partition(":")
        owner = importlib.import_module(f"convoracle.harness.{module}")
        function = bare(functools.reduce(lambda inside, name: vars(inside)[name], names.split("."), owner))
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(text) == 1, f"{text!r} is not there, or not once: edit the table.\n{source}"
        namespace = dict(function.__globals__)
        exec(compile(source.replace(text, edited), "<broken>", "exec"), namespace)
        monkeypatch.setattr(function, "__code__", bare(namespace[function.__name__]).__code__)

    return broken


def bare(value: Any) -> Any:
    """Return a function without what decorates it."""
    return value.func if isinstance(value, functools.cached_property) else inspect.unwrap(value)
