"""PyTorch and ONNX Runtime are right, and their adapters add nothing: two oracles from outside."""

import numpy as np
import pytest

from convoracle.harness import verify
from convoracle.harness.candidates.source import PEERS, Source
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.peers import onnxruntime_candidate
from convoracle.harness.verify import run

PAIRS = [(peer, operation) for peer in PEERS for operation in Source.of_candidate(peer).operations()]


@pytest.mark.parametrize(("peer", "operation"), PAIRS)
def test_a_peer_is_right(peer: str, operation: str) -> None:
    candidate = Source.of_candidate(peer).load(operation)
    examples = {"torch": 40, "onnxruntime": 20}[peer]
    report = run(OPERATIONS[operation], candidate, examples=examples, seed=1)
    assert report.passed, str(report)
    assert report.cases == examples
    assert report.grade == "A"


def test_torch_does_all_it_has_a_function_for_and_onnxruntime_what_its_cpu_provider_has() -> None:
    has_no_function_for = ("downsample2d", "upsample2d", "locally_connected2d")
    without = {operation for operation in OPERATIONS if operation.removesuffix("_backward") in has_no_function_for}
    assert {operation for peer, operation in PAIRS if peer == "torch"} == set(OPERATIONS) - without
    ours = [operation for peer, operation in PAIRS if peer == "onnxruntime"]
    assert ours == [
        "conv2d",
        "conv2d_input_grad",
        "max_pool2d",
        "avg_pool2d",
        "softmax",
        "log_softmax",
        "cross_entropy",
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sigmoid_of_onnxruntime_is_not_right(dtype: str) -> None:
    """Its fraction of polynomials is wrong where the sigmoid is small, in both dtypes: microsoft/onnxruntime#26281."""
    report = verify("sigmoid", onnxruntime_candidate.sigmoid, examples=20, dtypes=(dtype,))
    assert not report.passed
    failure = report.failures[0]
    assert (failure.kind, failure.check) == ("values", "bounded")
    assert onnxruntime_candidate.sigmoid(np.array([[-20.0]], np.float32)) == 0  # and not exp(-20), 2.06e-9
