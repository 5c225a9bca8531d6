"""Verification inside a user's own test suite."""

from collections.abc import Callable
from typing import Any

import pytest

import convoracle
from convoracle.harness.assertions import assert_right


def test_the_report_of_what_is_right_is_returned() -> None:
    report = assert_right("max_pool2d", convoracle.max_pool2d, examples=5, dtypes=("float32",))
    assert report.passed
    assert report.cases == 5


def test_what_is_wrong_fails_with_the_whole_report() -> None:
    def wrong(*operands: Any, **options: Any) -> Any:
        return convoracle.conv2d(*operands, **options) + 1

    with pytest.raises(AssertionError, match=r"(?s)conv2d: .*wrong is WRONG.*smallest call.*reproduce"):
        assert_right("conv2d", wrong, examples=3)


def test_the_fixture_is_there_without_an_import(verify: Callable[..., Any]) -> None:
    assert verify is assert_right
