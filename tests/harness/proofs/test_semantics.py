"""Every example of docs/semantics.md does what the page shows."""

import doctest
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "semantics.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^### ", PAGE, flags=re.MULTILINE)
NAMES = [section.split("\n", 1)[0] for section in SECTIONS[1:]]


def test_every_difference_has_a_name_and_an_example() -> None:
    assert len(NAMES) == len(set(NAMES)) > 15
    for name, section in zip(NAMES, SECTIONS[1:], strict=True):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert ">>>" in section, name


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_every_example_shows_what_happens() -> None:
    parsed = doctest.DocTestParser().get_doctest(PAGE, {}, "semantics.md", "docs/semantics.md", 0)
    results = doctest.DocTestRunner(optionflags=doctest.REPORT_UDIFF).run(parsed)
    assert results.failed == 0
    assert results.attempted > 60
