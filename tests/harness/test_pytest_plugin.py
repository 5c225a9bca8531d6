"""Verification inside a user's own test suite: the assertion, the fixture, the marker, the options, the database."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis.database import InMemoryExampleDatabase

import convoracle
from convoracle.harness.assertions import assert_right

pytest_plugins = ["pytester"]

SUITE = """
import pytest
import convoracle

def wrong(*operands, **options):
    return convoracle.conv2d(*operands, **options) + 1

def test_by_fixture(verify):
    verify("conv2d", convoracle.conv2d, accuracy="normwise")

@pytest.mark.convoracle("conv2d", accuracy="normwise")
def test_by_marker():
    return convoracle.conv2d

@pytest.fixture
def mine():
    return convoracle.max_pool2d

@pytest.mark.convoracle("max_pool2d", dtypes=("float32",))
@pytest.mark.parametrize("number", [1, 2])
def test_by_marker_and_fixture(mine, number):
    return mine

@pytest.mark.convoracle("conv2d", examples=1)
def test_wrong_by_marker():
    return wrong

def test_wrong_by_fixture(verify):
    verify("conv2d", wrong, examples=1)

@pytest.mark.convoracle("conv2d")
def test_returns_nothing():
    pass
"""


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
    assert verify("max_pool2d", convoracle.max_pool2d, examples=2).cases == 2


@pytest.mark.convoracle("max_pool2d", examples=2)
def test_the_marker_verifies_what_is_returned() -> Any:
    return convoracle.max_pool2d


def test_a_suite_with_fixture_and_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    result = pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "--convoracle-profile=smoke", "--convoracle-seed=3", "--strict-markers"
    )
    result.assert_outcomes(passed=4, failed=3)
    text = result.stdout.str()
    assert text.count("wrong is WRONG") >= 2
    assert "must return the implementation to verify, got None" in text


def test_options_of_the_command_line_are_defaults(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import convoracle

        def test_defaults(verify):
            report = verify("max_pool2d", convoracle.max_pool2d)
            assert (report.cases, report.seed) == (20, 7)

        def test_own(verify):
            report = verify("max_pool2d", convoracle.max_pool2d, examples=2, seed=1)
            assert (report.cases, report.seed) == (2, 1)
        """
    )
    result = pytester.runpytest_inprocess("--convoracle-profile", "smoke", "--convoracle-seed", "7")
    result.assert_outcomes(passed=2)


def test_a_case_that_failed_comes_first_until_it_is_right() -> None:
    database = InMemoryExampleDatabase()
    calls: list[int] = []
    is_wrong = True

    def mine(x: Any, kernel_size: Any, **options: Any) -> Any:
        calls.append(x.size)
        result = convoracle.max_pool2d(x, kernel_size, **options)
        if is_wrong and x.shape[0] > 2:
            (result[0] if isinstance(result, tuple) else result)[0] += 1
        return result

    with pytest.raises(AssertionError):
        assert_right("max_pool2d", mine, database=database, examples=20, seed=1)
    ((saved,),) = database.data.values()
    calls.clear()
    with pytest.raises(AssertionError, match=r"found after 1 case"):
        assert_right("max_pool2d", mine, database=database, examples=20, seed=2)
    assert any(database.data.values())
    is_wrong = False
    assert assert_right("max_pool2d", mine, database=database, examples=2, seed=2).cases == 2
    assert not any(database.data.values())
    assert b"n=" in saved


def test_a_case_of_another_version_is_forgotten() -> None:
    database = InMemoryExampleDatabase()
    key = b"convoracle max_pool2d convoracle.fast.max_pool2d:max_pool2d"
    database.save(key, b"n=1 unknown=2")
    assert assert_right("max_pool2d", convoracle.max_pool2d, database=database, examples=1).passed
    assert not any(database.data.values())
