"""What `verify` counts, what it may be told, and what it refuses."""

import functools
from typing import Any

import pytest

import convoracle as co
from convoracle.harness import Report, verify
from convoracle.harness.checks.catalogue import CHECKS

by_im2col = functools.partial(co.conv2d, backend="im2col")
by_fft = functools.partial(co.conv2d, backend="scipy-fft")
PLAIN = {"dilation": {1}, "groups": {1}}


def test_every_kind_of_check_is_made_and_counted() -> None:
    report = verify("conv2d", by_im2col, examples=80)
    assert report.checked["exact"] == report.checked["bounded"] == 80
    assert 40 < report.checked["specials"] < 80  # two in three: NaN and infinities, or scaled, or one huge number
    assert 0 < report.checked["relations"] <= 80 - report.checked["specials"]  # the others
    assert report.checked["contract"] >= 80 * 5
    assert report.checked["form"] >= 80 * 8
    report = verify("conv2d", by_fft, accuracy="normwise", examples=20)
    assert report.checked["exact by rounding"] == report.checked["normwise"] == 20
    report = verify("conv2d", by_im2col, dtypes=("int32",), examples=20)
    assert report.ratio is None
    assert report.checked["bounded"] == 0
    report = verify("conv2d_input_grad", co.conv2d_input_grad, accuracy="normwise", examples=20)
    assert report.checked["gradient"] == 20


@pytest.mark.parametrize("check", [name for name in CHECKS if name != "projection"])
def test_one_check_alone_is_made_alone(check: str) -> None:
    report = verify("conv2d_input_grad", co.conv2d_input_grad, accuracy="normwise", examples=10, checks=(check,))
    assert report.passed
    assert set(report.checked) <= {check, "form"}


def test_a_check_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown check 'exakt'; known: form, exact,"):
        verify("conv2d", co.conv2d, checks=("exakt",))
    with pytest.raises(ValueError, match="'shape' is a part of the check 'form'"):
        verify("conv2d", co.conv2d, checks=("shape",))


def test_a_single_case_is_reported_as_of_its_own_dtype() -> None:
    case = "n=1 c=1 h=2 w=3 dtype=float32 layout=C seed=0"
    assert verify("relu", co.relu, case=case).dtypes == ("float32",)


def test_the_same_seed_is_the_same_campaign() -> None:
    def calls(seed: int) -> list[Any]:
        seen: list[Any] = []

        def candidate(*operands: Any, **options: Any) -> Any:
            seen.append((operands[0].tobytes(), operands[1].shape, str(options)))
            return by_im2col(*operands, **options)

        # Of two threads that call at once, either may be the first.
        assert verify("conv2d", candidate, examples=12, seed=seed, concurrent=False).passed
        return seen

    assert calls(4) == calls(4)
    assert calls(4) != calls(5)


def test_what_verify_refuses() -> None:
    for error, options in (
        (ValueError, {"operation": "conv4d"}),
        (ValueError, {"examples": 0}),
        (ValueError, {"examples": 2.0}),
        (ValueError, {"seed": -1}),
        (ValueError, {"seed": True}),
        (ValueError, {"accuracy": "roughly"}),
        (ValueError, {"dtypes": ()}),
        (ValueError, {"dtypes": ("float8",)}),
        (ValueError, {"operation": "avg_pool2d", "dtypes": ("int8",)}),
        (ValueError, {"case": "n=1"}),
        (TypeError, {"candidate": "conv2d"}),
        (TypeError, {"dtypes": 32}),
        (TypeError, {"checks": 1}),
        (TypeError, {"case": 1}),
        (TypeError, {"limits": ["dilation"]}),
    ):
        given: dict[str, Any] = {"operation": "conv2d", "candidate": by_im2col, "examples": 1, **options}
        with pytest.raises(error):
            verify(**given)


def test_one_dtype_or_check_may_be_given_as_a_string() -> None:
    report = verify("conv2d", by_im2col, dtypes="float64", examples=4)
    assert isinstance(report, Report)
    assert report.dtypes == ("float64",)
    assert report.cases == 4
    assert "contract" in verify("conv2d", by_im2col, checks="exact", examples=1).skipped


def test_a_reproducer_of_a_limited_candidate_names_its_limits() -> None:
    def off_by_one(x: Any, weight: Any, bias: Any, *, stride: Any, padding: Any) -> Any:
        return by_im2col(x, weight, bias, stride=stride, padding=padding) + 1

    off_by_one.__qualname__ = "off_by_one"  # as if a module's: a command line could reach it, but not its limits
    (failure,) = verify("conv2d", off_by_one, limits=PLAIN).failures
    assert "limits={'dilation': {1}, 'groups': {1}}" in failure.command
    assert failure.command.startswith("verify('conv2d', ")
    off_by_one.limits = PLAIN  # type: ignore[attr-defined]
    (failure,) = verify("conv2d", off_by_one, limits=PLAIN).failures
    assert failure.command.startswith(f"convoracle verify conv2d --candidate {__name__}:off_by_one --case 'n=1 c=1 h=1")
