"""Rates of a machine that nobody has to measure."""

from pathlib import Path

import pytest

from convoracle.fast.auto import candidates, rates
from convoracle.fast.auto.machine import Rates
from convoracle.fast.auto.rates import Provenance

EXAMPLE = Rates(tile=3.5e9, near=4.0e10, far=1.0e10, fft_float32=6.0e9, fft_float64=4.5e9, calls=3.0e6)


@pytest.fixture
def example_rates(monkeypatch: pytest.MonkeyPatch) -> Rates:
    """The rates of an example machine, in force."""
    monkeypatch.setattr(rates, "_known", Provenance(EXAMPLE, Path("/nowhere/rates.json"), "an example"))
    candidates.choose_backend.cache_clear()
    return EXAMPLE
