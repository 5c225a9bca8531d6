from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import matmul, matmul_backward

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
SIZES = st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))


@given(sizes=SIZES)
@EXAMPLES
def test_equals_torch_on_integers(sizes: Any) -> None:
    N, D, M, seed = sizes
    rng = np.random.default_rng(seed)
    x, w, grad_output = (rng.integers(-9, 10, shape) for shape in ((N, D), (D, M), (N, M)))
    tensors = [torch.from_numpy(array.astype(np.float64)).requires_grad_() for array in (x, w)]
    y = tensors[0] @ tensors[1]
    assert matmul(x, w).tolist() == y.tolist()
    expected = torch.autograd.grad(y, tensors, torch.from_numpy(grad_output.astype(np.float64)))
    gradients = matmul_backward(grad_output, x, w)
    assert [gradient.tolist() for gradient in gradients] == [gradient.tolist() for gradient in expected]
    assert {array.dtype for array in (matmul(x, w), *gradients)} == {np.dtype(np.int64)}


def test_is_exact_on_fractions() -> None:
    x, w = np.array([[Fraction(1, 2), Fraction(1, 3)]]), np.array([[Fraction(1, 5)], [Fraction(1, 7)]])
    assert matmul(x, w).item() == Fraction(1, 10) + Fraction(1, 21)
    grad_x, grad_w = matmul_backward(np.array([[Fraction(1, 11)]]), x, w)
    assert grad_x.tolist() == [[Fraction(1, 55), Fraction(1, 77)]]
    assert grad_w.tolist() == [[Fraction(1, 22)], [Fraction(1, 33)]]


def test_says_what_it_got_and_what_is_allowed() -> None:
    x, w = np.zeros((2, 3)), np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"matmul: w: got shape \(2, 3\); allowed: \(3, 3\)"):
        matmul(x, x)
    with pytest.raises(ValueError, match="matmul: x: got 1 dimensions"):
        matmul(x[0], w)
    with pytest.raises(ValueError, match=r"matmul_backward: grad_output: got shape \(2, 3\); allowed: \(2, 4\)"):
        matmul_backward(x, x, w)
    with pytest.raises(ValueError, match="matmul_backward: w: got shape"):
        matmul_backward(w, x, x)
