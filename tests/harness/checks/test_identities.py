"""Whether anything in a dictionary is another object than before, with Numba and without it."""

from typing import Any

import pytest

from convoracle.harness.checks import identities
from convoracle.harness.checks.identities import Identities


class Plain:
    """What a view of a class is taken of."""

    value: Any = 1000.0


@pytest.fixture(params=["lent", "taken"], autouse=True)
def _with_numba_or_without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "taken":
        monkeypatch.setattr(identities, "next_entry", None)


@pytest.mark.parametrize(
    "change",
    [
        lambda names: names.update(b=[2]),
        lambda names: names.update(d=4),
        lambda names: names.pop("c"),
        lambda names: names.clear(),
        lambda names: names.update(b=names.pop("b")),
        lambda names: names.update(a=names["b"], b=names["a"]),
    ],
    ids=["another", "one more", "one less", "none", "another order", "exchanged"],
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_is_changed_is_seen(change: Any, at: int) -> None:
    dictionaries: list[dict[str, Any]] = [{"a": 1, "b": [1], "c": None} for _ in range(3)]
    found = Identities(dictionaries)
    assert found.are_unchanged()
    change(dictionaries[at])
    assert not found.are_unchanged()
    assert Identities(dictionaries).are_unchanged()


def test_nothing_at_all_is_unchanged() -> None:
    assert Identities([]).are_unchanged()
    assert Identities([{}, {}]).are_unchanged()


def test_the_names_of_a_class_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Identities([vars(Plain)])
    assert found.are_unchanged()
    monkeypatch.setattr(Plain, "value", 1001.0)
    assert not found.are_unchanged()
