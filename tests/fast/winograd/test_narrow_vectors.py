"""Winograd's kernels on processors with narrower vectors, each in a process of its own."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
import convoracle as co
rng = np.random.default_rng(0)
for taps, outputs, options in (3, (7, 10), {"padding": 1}), (5, (3, 4), {"padding": (2, 3), "dilation": (2, 3)}):
    shapes = (2, 9, 7, 10), (13, 9, taps, taps), (2, 13, *outputs)
    x, weight, grad = (rng.integers(-1, 2, shape).astype(sys.argv[1]) for shape in shapes)
    for name, arguments in {
        "conv2d": (x, weight),
        "conv2d_input_grad": (grad, weight, x.shape),
        "conv2d_weight_grad": (grad, x, weight.shape),
    }.items():
        got = getattr(co, name)(*arguments, **options, backend="winograd")
        whole = [a.astype(np.int64) if isinstance(a, np.ndarray) else a for a in arguments]
        np.testing.assert_array_equal(np.rint(got), getattr(co, name)(*whole, **options, backend="im2col"))
from convoracle.fast.simd.vectors import VECTOR_BITS
print(VECTOR_BITS)
"""


@pytest.mark.parametrize(("processor", "bits", "dtype"), [("haswell", 256, "float32"), ("x86-64", 128, "float64")])
def test_narrower_vectors(processor: str, bits: int, dtype: str) -> None:
    """The tile has 4 rows there: half as many as a vector has numbers, and twice as many."""
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, dtype],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""},
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == str(bits)
