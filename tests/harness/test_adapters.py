"""Implementations in other layouts and styles, adapted: the right ones pass, the wrong ones do not."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convoracle
from convoracle.harness import verify
from convoracle.harness.adapters import batchless, hwio, integer_options, nhwc, writing_out

EXAMPLES = 24


def tensorflow_conv2d(
    x: np.ndarray, weight: np.ndarray, bias: Any, *, stride: Any, padding: Any, dilation: Any, groups: int
) -> np.ndarray:
    """NHWC and HWIO, by shifted products: what a TensorFlow kernel computes."""
    result = convoracle.conv2d(
        x.transpose(0, 3, 1, 2),
        weight.transpose(3, 2, 0, 1),
        bias,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        backend="im2col",
    )
    return result.transpose(0, 2, 3, 1)


def test_tensorflow_s_layouts() -> None:
    report = verify("conv2d", hwio(nhwc(tensorflow_conv2d)), examples=EXAMPLES)
    assert report.passed, str(report)
    assert not verify("conv2d", nhwc(tensorflow_conv2d), examples=EXAMPLES).passed
    assert not verify("conv2d", tensorflow_conv2d, examples=EXAMPLES).passed


@pytest.mark.parametrize(
    "name", ["conv2d_input_grad", "conv2d_weight_grad", "conv2d_backward", "max_pool2d_backward", "avg_pool2d_backward"]
)
def test_gradients_in_nhwc_and_hwio(name: str) -> None:
    function = partial(getattr(convoracle, name), backend="direct")

    def mine(*operands: Any, **options: Any) -> Any:
        # Back to convoracle's layouts with NumPy alone, by what each argument is.
        images = {"conv2d_weight_grad": 2, "conv2d_backward": 2, "max_pool2d_backward": 2}.get(name, 1)
        passed: list[Any] = [array.transpose(0, 3, 1, 2) for array in operands[:images]]
        for one in operands[images:]:
            if isinstance(one, np.ndarray):
                passed.append(one.transpose(3, 2, 0, 1))
            elif isinstance(one, tuple) and len(one) == 4:
                order = (3, 2, 0, 1) if name == "conv2d_weight_grad" else (0, 3, 1, 2)
                passed.append(tuple(one[axis] for axis in order))
            else:
                passed.append(one)
        returned = function(*passed, **options)
        if name == "conv2d_backward":
            return returned[0].transpose(0, 2, 3, 1), returned[1].transpose(2, 3, 1, 0), returned[2]
        return returned.transpose((2, 3, 1, 0) if name == "conv2d_weight_grad" else (0, 2, 3, 1))

    report = verify(name, hwio(nhwc(mine, name), name), examples=EXAMPLES)
    assert report.passed, str(report)


def test_one_image_at_a_time() -> None:
    def mine(image: np.ndarray, kernel_size: Any, **options: Any) -> Any:
        assert image.ndim == 3
        result = convoracle.max_pool2d(image[None], kernel_size, **options)
        return (result[0][0], result[1][0]) if isinstance(result, tuple) else result[0]

    report = verify("max_pool2d", batchless(mine, "max_pool2d"), examples=EXAMPLES)
    assert report.passed, str(report)
    with pytest.raises(ValueError, match="conv2d_weight_grad sums over the batch"):
        batchless(mine, "conv2d_weight_grad")


@pytest.mark.parametrize("name", ["conv2d", "conv2d_input_grad", "conv2d_weight_grad", "avg_pool2d", "max_pool2d"])
def test_a_result_written_into_an_array(name: str) -> None:
    def mine(*operands: Any, out: np.ndarray, **options: Any) -> None:
        out[...] = getattr(convoracle, name)(*operands, backend="direct", **options)

    def forgets_the_last(*operands: Any, out: np.ndarray, **options: Any) -> None:
        out[..., :-1] = getattr(convoracle, name)(*operands, backend="direct", **options)[..., :-1]

    report = verify(name, writing_out(mine, name), examples=EXAMPLES)
    assert report.passed, str(report)
    assert not verify(name, writing_out(forgets_the_last, name), examples=3).passed


def test_integer_options_and_their_limits() -> None:
    seen: set[Any] = set()

    def mine(x: np.ndarray, weight: np.ndarray, bias: Any, *, stride: int, padding: int, groups: int) -> np.ndarray:
        seen.update([stride, padding])
        return convoracle.conv2d(x, weight, bias, stride=stride, padding=padding, groups=groups, backend="im2col")

    mine.limits = {"dilation": {1}}  # type: ignore[attr-defined]
    report = verify("conv2d", integer_options(mine), examples=EXAMPLES)
    assert report.passed, str(report)
    assert seen <= {0, 1, 2, 3}
    assert len(seen) > 2
    with pytest.raises(ValueError, match="unknown option 'groups'"):
        integer_options(mine, ["groups"])


def test_adapters_combine() -> None:
    def mine(image: np.ndarray, kernel_size: Any, **options: Any) -> np.ndarray:
        assert image.ndim == 3
        pooled = convoracle.avg_pool2d(image.transpose(2, 0, 1)[None], kernel_size, **options)
        return pooled[0].transpose(1, 2, 0)

    def with_batch(images: np.ndarray, kernel_size: Any, **options: Any) -> np.ndarray:
        return batchless(mine, "avg_pool2d")(images, kernel_size, **options)

    assert verify("avg_pool2d", nhwc(with_batch, "avg_pool2d"), examples=EXAMPLES).passed


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="no adapter for 'linear'; known for conv2d"):
        nhwc(tensorflow_conv2d, "linear")


def test_the_command_line_adapts_and_says_so_again(tmp_path: Path) -> None:
    (tmp_path / "mine_nhwc.py").write_text(
        "import convoracle\n\n\n"
        "def avg_pool2d(x, kernel_size, **options):\n"
        "    y = convoracle.avg_pool2d(x.transpose(0, 3, 1, 2), kernel_size, **options).transpose(0, 2, 3, 1)\n"
        "    return y\n\n\n"
        "def wrong(x, kernel_size, **options):\n"
        "    return avg_pool2d(x, kernel_size, **options) + 1\n"
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "convoracle.harness.cli", "verify", "avg_pool2d", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False)

    right = run("--candidate", "mine_nhwc:avg_pool2d", "--adapter", "nhwc")
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = run("--candidate", "mine_nhwc:wrong", "--adapter", "nhwc")
    assert wrong.returncode == 1
    assert "--candidate mine_nhwc:wrong --adapter nhwc" in wrong.stdout
