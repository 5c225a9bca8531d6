"""PyTorch's own sample inputs for these operations, and its own bad inputs, go through the public functions.

The samples' tensors are replaced by integers of the same shape, so that every value is exact.
"""

import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import convoracle as co
from convoracle.fast import registry
from convoracle.fast.selector import find_obstacle

DTYPES = {"conv2d": ("float32", "float64", "int64"), "max_pool2d": ("float32", "float64", "int64"),
          "avg_pool2d": ("float32", "float64")}  # fmt: skip
# PyTorch's reason for an error (the beginning of its message), and ours.
REASONS = {
    "should be the same": "dtype",
    "non-positive stride": "stride must be between 1",
    # Said first: the sample's channels do not match either.
    "negative padding": "input of 1 channels does not match weight",
    "dilation should be greater": "dilation must be between 1",
    "Expected 3-dimensional input": "weight must have 4 dimensions",
    "expected weight to be at least 3": "input of 2 channels does not match weight",
    "non-positive groups": "groups must be between 1",
    "pad must be non-negative": "padding must be between 0",
    "pad should be at most half": "must be at most half the kernel",
    "divisor must be not zero": "divisor_override must not be zero",
    "Expected 3D or 4D": "x must not be empty in axis",
    "Output size is too small": "is larger than the padded input",
}


@functools.cache
def operators() -> dict[str, Any]:
    """PyTorch's descriptions of its operators: two fifths of collecting all tests, were they imported there."""
    with warnings.catch_warnings():
        # PyTorch's test machinery is not held to our rule that a warning is an error.
        warnings.simplefilter("ignore")
        from torch.testing._internal.common_methods_invocations import op_db
    wanted = {f"nn.functional.{name}": name for name in DTYPES}
    return {wanted[operator.name]: operator for operator in op_db if operator.name in wanted}


def to_integers(value: Any, rng: np.random.Generator, dtype: str) -> Any:
    """A tensor's shape filled with small integers, as an array; anything else as it is."""
    if isinstance(value, torch.Tensor):
        return rng.integers(-4, 5, tuple(value.shape)).astype(dtype)
    return value


def to_torch(value: Any) -> Any:
    return torch.from_numpy(value.astype(np.float64)) if isinstance(value, np.ndarray) else value


def samples(name: str, dtype: str) -> list[tuple[list[Any], dict[str, Any]]]:
    """All sample inputs as integer arrays: positional and keyword arguments.

    They are asked of the function behind `sample_inputs`, which sets every random generator anew for each.
    """
    rng, operator = np.random.default_rng(0), operators()[name]
    torch.manual_seed(0)
    return [
        (
            [to_integers(value, rng, dtype) for value in (sample.input, *sample.args)],
            {key: to_integers(value, rng, dtype) for key, value in sample.kwargs.items()},
        )
        for sample in operator.sample_inputs_func(operator, "cpu", getattr(torch, dtype), False)
    ]


def as_tuple(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize(("name", "dtype"), [(name, dtype) for name, dtypes in DTYPES.items() for dtype in dtypes])
def test_sample_inputs(name: str, dtype: str) -> None:
    ours: Callable[..., Any] = getattr(co, name)
    theirs = getattr(torch.nn.functional, name)
    backends = [backend for backend, variant in registry.variants(name).items() if dtype in variant.dtypes]
    batched = 0
    for arguments, options in samples(name, dtype):
        if arguments[0].ndim == 3:
            # The one deliberate difference: PyTorch takes an image without a batch axis, this project does not.
            with pytest.raises(ValueError, match="x must have 4 dimensions"):
                ours(*arguments, **options)
            continue
        batched += 1
        expected = as_tuple(theirs(*map(to_torch, arguments), **options))
        for backend in backends:
            if is_beyond(backend, name, dtype, arguments, options):
                continue
            results = as_tuple(ours(*arguments, **options, backend=backend))
            for result, right in zip(results, expected, strict=True):
                # The error of a transform on these integers is far below a half.
                exact = np.rint(result) if registry.variant(name, backend).accuracy == "normwise" else result
                # float64 is exact on integers; the one division of a mean may be rounded to float64 before float32.
                np.testing.assert_array_equal(exact, right.numpy().astype(exact.dtype), err_msg=f"{backend} {options}")
    assert batched >= 7


def is_beyond(backend: str, name: str, dtype: str, arguments: list[Any], options: dict[str, Any]) -> bool:
    """Whether a sample is outside of what a backend declares; the 3x3 ones with stride and dilation 1 never are."""
    request = {key: value for key, value in options.items() if key in ("stride", "dilation", "groups")}
    if name == "conv2d":
        request["kernel_size"] = arguments[1].shape[2:]
    return find_obstacle(registry.variant(name, backend), dtype, request) is not None


# All of an operator's in one test, because PyTorch's descriptions are not loaded when tests are collected.
@pytest.mark.parametrize("name", DTYPES)
def test_bad_inputs(name: str) -> None:
    refused = [assert_refused(name, bad) for bad in operators()[name].error_inputs("cpu")]
    assert len(refused) >= 5


def assert_refused(name: str, bad: Any) -> None:
    """Demand an error for PyTorch's reason."""
    sample = bad.sample_input
    arguments = [value.numpy() if isinstance(value, torch.Tensor) else value for value in (sample.input, *sample.args)]
    x = arguments[0]
    if x.ndim == 3:
        with pytest.raises((ValueError, TypeError), match="x must have 4 dimensions"):
            getattr(co, name)(*arguments, **sample.kwargs)
        # With a batch axis and a channel it has to be bad for PyTorch's reason.
        x = np.ones((1, max(x.shape[0], 1), *x.shape[1:]), x.dtype)
    (reason,) = (ours for theirs, ours in REASONS.items() if bad.error_regex.startswith(theirs))
    with pytest.raises((ValueError, TypeError), match=re.escape(reason)):
        getattr(co, name)(x, *arguments[1:], **sample.kwargs)
