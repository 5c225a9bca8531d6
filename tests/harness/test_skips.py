"""Nothing is skipped in silence: what a candidate leaves undone inside its limits is a failure."""

from typing import Any

import convoracle
from convoracle.harness import verify


def undilated(x: Any, weight: Any, bias: Any, *, dilation: Any, **options: Any) -> Any:
    if dilation not in (1, (1, 1)):
        raise NotImplementedError("no dilation here")
    return convoracle.conv2d(x, weight, bias, dilation=dilation, backend="im2col", **options)


def test_what_is_not_implemented_inside_the_limits_is_wrong() -> None:
    report = verify("conv2d", undilated)
    assert not report.passed
    assert report.failures[0].kind == "raised"
    assert "NotImplementedError: no dilation here" in report.failures[0].message


def test_what_is_declared_is_not_asked() -> None:
    report = verify("conv2d", undilated, limits={"dilation": {1}}, examples=60)
    assert report.passed, str(report)
    assert report.cases == 60
