"""The table of variants: every entry names a kernel that exists, and asking for what is not there is an error."""

import inspect
import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import registry
from convoracle.fast.registry import Variant


def run_python(program: str, **environment: str) -> str:
    """Run a program in a new interpreter that treats warnings as errors; return what it printed."""
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def gradients_too(operation: str) -> dict[str, str]:
    """The backends of a convolution and of its gradients."""
    special = " winograd plane fft" if operation == "conv2d" else ""
    everywhere = f"im2col numba scipy scipy-fft direct{special} auto"
    return {
        operation: everywhere,
        f"{operation}_input_grad": everywhere,
        f"{operation}_weight_grad": everywhere,
        f"{operation}_bias_grad": f"im2col numba scipy direct{special} auto",
        f"{operation}_backward": everywhere,
    }


NUMPY_EVERYWHERE = (
    "downsample2d",
    "upsample2d",
    "linear",
    "relu",
    "sigmoid",
    "softmax",
    "log_softmax",
    "cross_entropy",
    "euclidean_loss",
    "mean_subtract",
)


def backward_too(operation: str, backends: str) -> dict[str, str]:
    """The backends of an operation and of its gradient."""
    return {operation: backends, f"{operation}_backward": backends}


def test_what_there_is() -> None:
    built_in = ("im2col", "numba", "scipy", "scipy-fft", "direct", "winograd", "plane", "fft", "auto")
    assert registry.backends()[: len(built_in)] == built_in
    table = {operation: " ".join(registry.variants(operation)) for operation in registry.operations()}
    assert table == {
        **gradients_too("conv2d"),
        **backward_too("locally_connected2d", "im2col numba auto"),
        **{
            name: backends
            for primitive in NUMPY_EVERYWHERE
            for name, backends in backward_too(primitive, "im2col numba scipy auto").items()
        },
        **dict.fromkeys(registry.EXPONENTIALS, "im2col numba scipy direct auto"),
        **gradients_too("conv1d"),
        **gradients_too("conv3d"),
        **gradients_too("conv_transpose2d"),
        "max_pool2d": "im2col numba scipy direct auto",
        "max_pool2d_backward": "im2col numba scipy direct auto",
        "avg_pool2d": "im2col numba scipy direct auto",
        "avg_pool2d_backward": "im2col numba scipy direct auto",
    }


@pytest.mark.parametrize("operation", registry.operations())
def test_every_operation_has_a_public_function_with_a_backend(operation: str) -> None:
    backend = inspect.signature(getattr(co, operation)).parameters["backend"]
    assert (backend.default, backend.kind) == (None, inspect.Parameter.KEYWORD_ONLY)


@pytest.mark.parametrize(
    ("operation", "backend"),
    [(operation, backend) for operation in registry.operations() for backend in registry.variants(operation)],
)
def test_every_variant_names_a_kernel(operation: str, backend: str) -> None:
    variant = registry.variant(operation, backend)
    assert variant is registry.variants(operation)[backend]
    assert callable(variant.load())
    assert variant.missing() is None
    is_sum = operation.endswith("_bias_grad") or not operation.startswith("conv")
    is_transformed = backend in ("scipy-fft", "winograd", "fft", "auto") and not is_sum
    assert variant.accuracy == ("normwise" if is_transformed else "componentwise")
    assert set(variant.dtypes) <= set(registry.ALL_DTYPES)


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="unknown operation 'conv4d'; known: conv2d, conv2d_input_grad"):
        registry.variants("conv4d")
    with pytest.raises(ValueError, match="unknown operation 'conv4d'"):
        registry.variant("conv4d", "im2col")
    message = "unknown backend 'im2row'; available for max_pool2d: im2col, numba, scipy, direct, auto"
    with pytest.raises(ValueError, match=re.escape(message) + "$"):
        registry.variant("max_pool2d", "im2row")
    with pytest.raises(
        ValueError, match="backend 'scipy-fft' does not do max_pool2d; backends that can: im2col, numba"
    ):
        registry.variant("max_pool2d", "scipy-fft")
    unknown = registry.missing("im2row")
    assert unknown is not None
    assert unknown.startswith("unknown backend 'im2row'; available: im2col, numba, scipy, scipy-fft, direct")


def test_limits_are_held_to_every_number_of_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Variant(
        "convoracle.fast.readable.conv2d_im2col:conv2d",
        limits={"dilation": {1}, "padding": {0, 1}, "kernel_size": {(3, 3), (5, 5)}},
        why="F(2, 3) has no holes",
    )
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "small": {"conv2d": small}})
    x, weight = np.ones((1, 1, 6, 7)), np.ones((1, 1, 3, 3))
    assert co.conv2d(x, weight, padding=((0, 1), (1, 0)), backend="small").shape == (1, 1, 5, 6)
    able = "backends that can: im2col, numba, scipy, scipy-fft, direct"
    for options, obstacle in (
        ({"dilation": (1, 2)}, "dilation (1, 2) (1 only: F(2, 3) has no holes)"),
        ({"padding": ((0, 1), (1, 2))}, "padding ((0, 1), (1, 2)) (0, 1 only: F(2, 3) has no holes)"),
    ):
        with pytest.raises(ValueError, match=re.escape(f"conv2d: backend 'small' cannot do {obstacle}; {able}")):
            co.conv2d(x, weight, **options, backend="small")
    # A pair that is listed stands for itself, not for its numbers.
    with pytest.raises(ValueError, match=re.escape("cannot do kernel_size (3, 5) ((3, 3), (5, 5) only")):
        co.conv2d(x, np.ones((1, 1, 3, 5)), backend="small")


BLOCK_NUMBA = """
    import sys

    class Blocker:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "numba":
                raise ImportError("no LLVM here")

    sys.meta_path.insert(0, Blocker())
"""


def test_without_numba_the_other_backends_work_and_numba_says_what_is_missing() -> None:
    printed = run_python(
        BLOCK_NUMBA
        + """
    import convoracle as co, numpy as np
    from convoracle.fast import registry
    x, weight = np.ones((1, 1, 4, 5)), np.ones((1, 1, 2, 3))
    for backend in ("im2col", "scipy", "scipy-fft"):
        print(co.conv2d(x, weight, backend=backend).shape)
    print(co.max_pool2d(x, 2, backend="scipy").shape, co.avg_pool2d(x, 2).shape)
    print(co.conv2d(x, weight).shape, co.conv1d(x[:, :, 0], weight[:, :, 0]).shape)
    for result in co.conv2d_backward(np.ones((1, 1, 3, 3)), x, weight):
        print(result.shape)
    print(co.explain_conv2d(x.shape, weight.shape).chosen, co.plan_conv2d(weight, x.shape).backend)
    print(registry.missing("numba"))
    print(registry.missing("scipy"))
    with co.use_backend("numba"):
        try:
            co.conv2d(x, weight)
        except ImportError as error:
            print(error)
    """
    )
    assert printed.splitlines() == [
        *["(1, 1, 3, 3)"] * 3,
        "(1, 1, 2, 2) (1, 1, 2, 2)",
        "(1, 1, 3, 3) (1, 1, 3)",
        *["(1, 1, 4, 5)", "(1, 1, 2, 3)", "(1,)"],
        "im2col im2col",
        "numba, which cannot be imported here: ImportError: no LLVM here",
        "None",
        "conv2d: backend 'numba' needs numba, which cannot be imported here: ImportError: no LLVM here",
    ]


def test_a_backend_imports_its_own_modules_only() -> None:
    printed = run_python(
        """
    import sys
    import convoracle as co, numpy as np
    x, weight = np.ones((1, 1, 4, 5)), np.ones((1, 1, 2, 3))
    def kernels():
        rooms = ("readable", "direct", "winograd", "plane", "fft", "auto", "simd")
        names = [m.split(".") for m in sys.modules if m.startswith("convoracle.fast.")]
        return sorted(".".join(name) for name in names if name[2] in rooms and len(name) > 3)
    print(kernels())
    co.conv2d(x, weight, backend="im2col")
    print(kernels(), "scipy" in sys.modules, "numba" in sys.modules)
    co.conv2d(x, weight, backend="scipy")
    print(kernels(), "numba" in sys.modules)
    """
    )
    assert printed.splitlines() == [
        "[]",
        "['convoracle.fast.readable.conv2d_im2col'] False False",
        "['convoracle.fast.readable.conv2d_im2col', 'convoracle.fast.readable.conv2d_scipy'] False",
    ]
