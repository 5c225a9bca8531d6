"""The example network learns the digits, and with a broken gradient it does not."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import convoracle as co
from convoracle.fast import registry


@pytest.fixture
def digits_cnn(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("digits_cnn")


@pytest.fixture
def training(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("training")


def test_the_split_is_honest(training: ModuleType) -> None:
    digits = training.load()
    assert (len(digits.x), len(digits.test_x)) == (1348, 449)
    assert (digits.x.shape[1:], digits.x.dtype) == ((1, 8, 8), np.float32)
    assert set(digits.targets) == set(digits.test_targets) == set(range(10))
    trained = {image.tobytes() for image in digits.x}
    assert not any(image.tobytes() in trained for image in digits.test_x)
    # Nothing of the test is in the mean that is subtracted.
    assert np.abs(digits.x.mean(axis=0, dtype=np.float64)).max() < 2.0**-23 < np.abs(digits.test_x.mean(axis=0)).max()


def test_one_epoch_teaches_it(training: ModuleType) -> None:
    *_, progress = training.train(training.load(), "im2col", 1, 0.95)
    assert len(progress.losses) == 1348 // training.BATCH
    assert progress.accuracies[-1] > 0.45


def test_a_flipped_weight_gradient_teaches_nothing(training: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test before could fail."""
    right = co.conv2d_backward

    def flipped(*arguments: Any, **options: Any) -> tuple[np.ndarray, ...]:
        grad_x, grad_weight, grad_bias = right(*arguments, **options)
        return grad_x, np.ascontiguousarray(grad_weight[:, :, ::-1, ::-1]), grad_bias

    monkeypatch.setattr(co, "conv2d_backward", flipped)
    *_, progress = training.train(training.load(), "im2col", 1, 0.95)
    assert progress.accuracies[-1] < 0.3


def test_it_stops_when_it_is_good_enough(training: ModuleType) -> None:
    *_, progress = training.train(_few(training), "im2col", 5, -1.0)
    assert len(progress.accuracies) == 1


def test_the_command(
    digits_cnn: ModuleType, training: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On few images, which are not enough: it says so. Every backend's first step is in the table all the same."""
    monkeypatch.setattr(digits_cnn, "load", lambda: _few(training))
    output = tmp_path / "new folder" / "digits.png"
    arguments = ["--backend", "all", "--epochs", "1", "--output", str(output)]
    finished = CliRunner().invoke(digits_cnn.main, arguments)
    assert finished.exit_code == 1, finished.output
    assert isinstance(finished.exception, SystemExit), finished.exception
    assert "WRONG" not in finished.output
    for backend in registry.variants("conv2d"):
        assert finished.output.count(f"│ {backend} ") == 2  # the first step, and the final accuracy
        assert f"{backend}: epoch 1, loss" in finished.output
    with Image.open(output) as drawn:
        assert len(drawn.convert("RGB").getcolors(maxcolors=2**24) or []) > 100
    monkeypatch.setattr(digits_cnn, "WANTED", -1.0)
    assert CliRunner().invoke(digits_cnn.main, ["--epochs", "1", "--output", str(output)]).exit_code == 0


def test_a_wrong_backend_is_red(
    digits_cnn: ModuleType, training: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    right = co.conv2d

    def wrong(*arguments: Any, backend: str, **options: Any) -> np.ndarray:
        result = right(*arguments, backend=backend, **options)
        if backend == "scipy":
            result[0, 0, 0, 0] += np.float32(1e-3)
        return result

    monkeypatch.setattr(co, "conv2d", wrong)
    monkeypatch.setattr(digits_cnn, "load", lambda: _few(training))
    monkeypatch.setattr(digits_cnn, "WANTED", -1.0)
    finished = CliRunner().invoke(digits_cnn.main, ["--epochs", "1", "--output", str(tmp_path / "wrong.png")])
    assert finished.exit_code == 1
    assert finished.output.count("WRONG") == 1
    assert "WRONG: conv" in next(line for line in finished.output.splitlines() if "│ scipy " in line)


def test_an_unknown_backend(digits_cnn: ModuleType) -> None:
    finished = CliRunner().invoke(digits_cnn.main, ["--backend", "im2row"])
    assert finished.exit_code == 2
    said = " ".join(finished.output.split())
    assert "'im2row' is none of im2col, numba, scipy, scipy-fft, direct, " in said
    assert "auto, all" in said


def test_the_learned_filters(
    example: Callable[[str], ModuleType], training: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    learned_filters = example("learned_filters")
    monkeypatch.setattr(learned_filters, "load", lambda: _few(training))
    output = tmp_path / "new folder" / "filters.png"
    arguments = ["--epochs", "1", "--backend", "numba", "--output", str(output)]
    finished = CliRunner().invoke(learned_filters.main, arguments)
    assert finished.exit_code == 0, finished.output
    assert "numba: 1 epochs, test accuracy" in finished.output
    with Image.open(output) as drawn:
        assert len(drawn.convert("RGB").getcolors(maxcolors=2**24) or []) > 100
    assert CliRunner().invoke(learned_filters.main, ["--backend", "all"]).exit_code == 2


def test_an_activation_map_worked_by_hand(example: Callable[[str], ModuleType]) -> None:
    right_neighbour = np.zeros((10, 1, 3, 3), np.float32)
    right_neighbour[1, 0, 1, 2] = 2
    bias = np.array([0, -3] + [1] * 8, np.float32)
    image = np.arange(16, dtype=np.float32).reshape(1, 4, 4) % 4
    maps = example("learned_filters").activation_maps((right_neighbour, bias), image, "im2col")
    assert maps[:3].tolist() == [[[0] * 4] * 4, [[0, 1, 3, 0]] * 4, [[1] * 4] * 4]


def _few(training: ModuleType) -> Any:
    """Return digits enough for one step of training."""
    digits = training.load()
    some = (digits.x[:40], digits.targets[:40], digits.test_x[:40], digits.test_targets[:40])
    return training.Digits(*some, digits.mean)
