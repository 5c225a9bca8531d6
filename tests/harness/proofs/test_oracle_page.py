"""docs/oracle.md shows what the command printed, for every proof there is."""

import re
from pathlib import Path

import pytest

from convoracle.fast import registry
from convoracle.harness.proofs import PROOFS

PAGE = (Path(__file__).parents[3] / "docs" / "oracle.md").read_text(encoding="utf-8")
OUTPUT = PAGE.split("<!-- output: convoracle prove -->\n```text\n")[1].split("```")[0]


@pytest.mark.parametrize("name", PROOFS)
def test_every_proof_is_shown_to_hold(name: str) -> None:
    assert f"### {name}: " in PAGE
    shown = re.split(r"^(?=\S)", OUTPUT, flags=re.MULTILINE)
    (lines,) = [part for part in shown if part.startswith(f"{name} ")]
    assert lines.startswith(f"{name} holds: {PROOFS[name].statement}\n")
    assert re.search(r"^ +0  exceptions$", lines, flags=re.MULTILINE)
    (configurations,) = re.findall(r"^ *([\d,]+)  configurations$", lines, flags=re.MULTILINE)
    assert int(configurations.replace(",", "")) >= min(PROOFS[name].configurations, 10_000)


@pytest.mark.parametrize("backend", registry.BUILT_IN)
def test_every_backend_is_shown_to_be_within_the_bound(backend: str) -> None:
    (results,) = re.findall(rf"^ *([\d,]+)  results of {backend} within the bound$", OUTPUT, flags=re.MULTILINE)
    assert int(results.replace(",", "")) > 0
