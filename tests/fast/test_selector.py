"""Which backend and accuracy are in force: the order of the ways to say it, threads, tasks and misspellings."""

import asyncio
import inspect
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import convoracle as co
from convoracle.fast import remembered, selector, settings

X, WEIGHT = np.ones((1, 1, 4, 5)), np.ones((1, 1, 2, 3))


def say(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """Set an environment variable, as before the first call."""
    monkeypatch.setenv(variable, value)
    settings._environment.clear()


def test_the_defaults() -> None:
    assert (co.get_backend(), co.get_accuracy()) == ("auto", "normwise")


def test_the_order_of_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "CONVORACLE_BACKEND", "scipy-fft")
    assert co.get_backend() == "scipy-fft"
    co.set_backend("scipy")
    assert co.get_backend() == "scipy"
    with co.use_backend("numba"):
        assert co.get_backend() == "numba"
        with co.use_backend("im2col"):
            assert co.get_backend() == "im2col"
        assert co.get_backend() == "numba"
        co.set_backend("scipy-fft")
        assert co.get_backend() == "numba"
    assert co.get_backend() == "scipy-fft"
    co.set_backend(None)
    say(monkeypatch, "CONVORACLE_BACKEND", "")
    assert co.get_backend() == "auto"


def test_the_order_of_precedence_of_the_accuracy(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "CONVORACLE_ACCURACY", "componentwise")
    assert co.get_accuracy() == "componentwise"
    co.set_backend("auto", accuracy="normwise")
    assert co.get_accuracy() == "normwise"
    with co.use_backend("auto", accuracy="componentwise"):
        assert co.get_accuracy() == "componentwise"
        with co.use_backend("numba"):
            assert co.get_accuracy() == "componentwise"
        with co.use_backend("auto", accuracy="normwise"):
            assert co.get_accuracy() == "normwise"
        assert co.get_accuracy() == "componentwise"
    assert co.get_accuracy() == "normwise"
    co.set_backend(None)
    assert co.get_accuracy() == "componentwise"
    say(monkeypatch, "CONVORACLE_ACCURACY", "")
    assert co.get_accuracy() == "normwise"


ABLE = "backends that can: im2col, numba, scipy, direct"


def test_an_accuracy_is_a_requirement_however_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    message = re.escape(f"conv2d: backend 'scipy-fft' cannot do accuracy 'componentwise' (normwise only); {ABLE}")
    assert co.conv2d(X, WEIGHT, backend="scipy-fft", accuracy="normwise").shape == (1, 1, 3, 3)
    assert co.conv2d(X, WEIGHT, backend="scipy", accuracy="componentwise").shape == (1, 1, 3, 3)
    with pytest.raises(ValueError, match=message):
        co.conv2d(X, WEIGHT, backend="scipy-fft", accuracy="componentwise")
    with co.use_backend("scipy-fft", accuracy="componentwise"):
        with pytest.raises(ValueError, match=message):
            co.conv2d(X, WEIGHT)
        assert co.conv2d(X, WEIGHT, accuracy="normwise").shape == (1, 1, 3, 3)
    say(monkeypatch, "CONVORACLE_ACCURACY", "componentwise")
    with pytest.raises(ValueError, match=message):
        co.conv2d(X, WEIGHT, backend="scipy-fft")
    assert co.conv2d(X, WEIGHT, backend="auto").shape == (1, 1, 3, 3)


def test_every_convolution_and_gradient_takes_an_accuracy(make_call: Callable[..., Any]) -> None:
    for operations in selector.registry.CONVOLUTIONS.values():
        for operation in operations:
            parameter = inspect.signature(getattr(co, operation)).parameters["accuracy"]
            assert (parameter.default, parameter.kind) == (None, inspect.Parameter.KEYWORD_ONLY)
            _, arguments, options = make_call(operation, "float32")
            with pytest.raises(ValueError, match=f"^{operation}: accuracy must be one of normwise, componentwise, got"):
                getattr(co, operation)(*arguments, **options, accuracy="exact")


def test_an_accuracy_that_is_none_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    for choose in (co.use_backend, co.set_backend):
        with pytest.raises(ValueError, match=r"^accuracy must be one of normwise, componentwise, got 'exact'$"):
            choose("auto", accuracy="exact")
        with pytest.raises(TypeError, match=r"^accuracy must be one of normwise, componentwise, got float$"):
            choose("auto", accuracy=1e-6)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^conv2d: accuracy must be one of normwise, componentwise, got float$"):
        co.conv2d(X, WEIGHT, accuracy=1e-6)  # type: ignore[arg-type]
    assert (co.get_backend(), co.get_accuracy()) == ("auto", "normwise")
    say(monkeypatch, "CONVORACLE_ACCURACY", "exact")
    message = "environment variable CONVORACLE_ACCURACY: accuracy must be one of normwise, componentwise, got 'exact'"
    with pytest.raises(ValueError, match=message):
        co.conv2d(X, WEIGHT)
    assert co.conv2d(X, WEIGHT, accuracy="normwise").shape == (1, 1, 3, 3)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The targets of the kernels that get chosen, as they are."""
    targets: list[str] = []
    load = selector.registry.Variant.load

    def record(variant: Any) -> Callable[..., Any]:
        targets.append(variant.target)
        return load(variant)

    monkeypatch.setattr(selector.registry.Variant, "load", record)
    remembered.forget()
    return targets


def test_the_backend_in_force_computes(chosen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "CONVORACLE_BACKEND", "scipy-fft")
    co.conv2d(X, WEIGHT)
    co.set_backend("scipy")
    co.max_pool2d(X, 2)
    with co.use_backend("im2col"):
        co.avg_pool2d(X, 2)
        co.conv2d_bias_grad(X, backend="scipy")
    assert chosen == [
        "convoracle.fast.readable.conv2d_scipy_fft:conv2d",
        "convoracle.fast.readable.max_pool2d_scipy:max_pool2d",
        "convoracle.fast.readable.avg_pool2d_im2col:avg_pool2d",
        "convoracle.fast.readable.conv2d_scipy:conv2d_bias_grad",
    ]


def test_there_is_no_silent_fall_back() -> None:
    with co.use_backend("scipy-fft"), pytest.raises(ValueError, match="'scipy-fft' does not do max_pool2d"):
        co.max_pool2d(X, 2)


def test_an_exception_leaves_the_block_as_it_was() -> None:
    with pytest.raises(KeyError), co.use_backend("scipy"):
        raise KeyError
    assert co.get_backend() == "auto"


def test_a_block_is_seen_by_its_own_thread_only_and_set_backend_by_all() -> None:
    seen: list[str] = []
    with co.use_backend("scipy"):
        co.set_backend("numba")
        thread = threading.Thread(target=lambda: seen.append(co.get_backend()))
        thread.start()
        thread.join()
        assert co.get_backend() == "scipy"
    assert seen == ["numba"]


def test_threads_hold_different_backends_at_the_same_time() -> None:
    both_inside = threading.Barrier(2, timeout=10)
    seen: dict[str, str] = {}

    def work(name: str) -> None:
        with co.use_backend(name):
            both_inside.wait()
            seen[name] = co.get_backend()
            both_inside.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("scipy", "numba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"scipy": "scipy", "numba": "numba"}


def test_tasks_hold_different_backends_at_the_same_time() -> None:
    async def work(name: str, entered: asyncio.Event, other: asyncio.Event) -> str:
        with co.use_backend(name):
            entered.set()
            await other.wait()
            return co.get_backend()

    async def both() -> list[str]:
        first, second = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(work("scipy", first, second), work("numba", second, first))

    assert asyncio.run(both()) == ["scipy", "numba"]


def test_kernels_may_run_in_several_threads_at_once(exact_backend: str) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 4, 30, 31)), rng.standard_normal((8, 4, 3, 3))
    expected = co.conv2d(x, weight, backend=exact_backend).tobytes()
    equal: list[bool] = []

    def work() -> None:
        equal.extend(co.conv2d(x, weight, backend=exact_backend).tobytes() == expected for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert equal == [True] * 20


@pytest.mark.parametrize("choose", [co.use_backend, co.set_backend])
def test_an_unknown_name_is_rejected_when_it_is_said(choose: Callable[[Any], object]) -> None:
    message = "^unknown backend 'im2row'; available: im2col, numba, scipy, scipy-fft, direct"
    with pytest.raises(ValueError, match=message):
        choose("im2row")
    with pytest.raises(TypeError, match="backend must be a str, got int"):
        choose(3)
    assert co.get_backend() == "auto"


def test_an_unknown_name_in_the_environment_is_rejected_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "CONVORACLE_BACKEND", "im2row")
    message = "environment variable CONVORACLE_BACKEND: unknown backend 'im2row'; available: im2col, numba"
    with pytest.raises(ValueError, match=message):
        co.conv2d(X, WEIGHT)
    assert co.conv2d(X, WEIGHT, backend="im2col").shape == (1, 1, 3, 3)
    say(monkeypatch, "CONVORACLE_BACKEND", "")
    assert co.get_backend() == "auto"


def test_numba_gives_the_same_bits_on_any_number_of_threads(make_call: Callable[..., Any]) -> None:
    import numba

    results: dict[int, Mapping[str, list[bytes]]] = {}
    for threads in {1, numba.config.NUMBA_NUM_THREADS}:
        before = numba.get_num_threads()
        numba.set_num_threads(threads)
        try:
            results[threads] = {
                operation: [result.tobytes() for result in make_call(operation, "float32")(backend="numba")]
                for operation in selector.registry.operations()
            }
        finally:
            numba.set_num_threads(before)
    first, *others = results.values()
    assert all(other == first for other in others)
