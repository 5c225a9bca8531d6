"""The pytest plugin: a `verify` fixture that fails a test with the report."""

from collections.abc import Callable
from typing import Any

import pytest

pytest.register_assert_rewrite("convoracle.harness.assertions")


@pytest.fixture
def verify() -> Callable[..., Any]:
    """Return `convoracle.harness.assertions.assert_right`: as `convoracle.harness.verify`, and fails the test if wrong.

    Examples
    --------
    ::

        def test_my_convolution(verify):
            verify("conv2d", my_conv2d, limits={"groups": {1}})
    """
    from convoracle.harness.assertions import assert_right

    return assert_right
