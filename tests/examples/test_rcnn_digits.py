"""R-CNN on scenes of digits: its boxes by hand, and its pipeline on few scenes with an untrained network."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image


@pytest.fixture
def rcnn(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("rcnn_digits")


@pytest.fixture
def boxes(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("boxes")


def test_overlaps_by_hand(boxes: ModuleType) -> None:
    a = np.array([[0.0, 0, 2, 2], [0, 0, 4, 6]])
    b = np.array([[0.0, 0, 2, 2], [1, 1, 3, 3], [2, 0, 4, 2], [0, 0, 2, 6]])
    assert boxes.overlaps(a, b).tolist() == [[1, 1 / 7, 0, 4 / 12], [4 / 24, 4 / 24, 4 / 24, 12 / 24]]
    assert boxes.overlaps(a, np.zeros((0, 4))).shape == (2, 0)


def test_suppression_by_hand(boxes: ModuleType) -> None:
    several = np.array([[0.0, 0, 4, 4], [0, 0, 4, 5], [0, 4, 4, 9], [20, 20, 24, 24]])
    assert boxes.suppressed(several, np.array([2.0, 3, 1, 4]), 0.3) == [3, 1, 2]
    assert boxes.suppressed(several, np.array([2.0, 3, 1, 4]), 0.1) == [3, 1]
    assert boxes.suppressed(np.zeros((0, 4)), np.zeros(0), 0.3) == []


def test_shifts_are_those_of_the_paper(boxes: ModuleType) -> None:
    moves = boxes.shifts(np.array([[0.0, 0, 4, 10]]), np.array([[2.0, 5, 10, 15]]))
    assert moves.tolist() == [[1.0, 0.5, np.log(2), 0.0]]
    assert np.rint(boxes.shifted(np.array([[0.0, 0, 4, 10]]), moves) * 2**20).tolist() == [
        [2 * 2**20, 5 * 2**20, 10 * 2**20, 15 * 2**20]
    ]


def test_proposals_find_what_is_bright(boxes: ModuleType) -> None:
    scene = np.random.default_rng(0).uniform(0, 0.1, (40, 60))
    scene[5:15, 20:27] = 1
    proposed = boxes.proposals(scene)
    assert [5, 20, 15, 27] in proposed.tolist()
    sizes = proposed[:, 2:] - proposed[:, :2]
    assert sizes.min() >= 3
    assert (2 * sizes <= scene.shape).all()


def test_a_scene(rcnn: ModuleType) -> None:
    images, targets = np.ones((10, 8, 8)), np.arange(10)
    scene = rcnn.compose(images, targets, seed=3)
    assert (scene.picture.shape, len(scene.boxes)) == ((64, 96), len(scene.digits))
    assert 1 <= len(scene.boxes) <= 6
    bright = np.zeros((64, 96), bool)
    for top, left, bottom, right in scene.boxes.astype(int):
        assert 12 <= bottom - top == right - left <= 24
        assert not bright[top:bottom, left:right].any()  # no overlap
        bright[top:bottom, left:right] = True
    np.testing.assert_array_equal(scene.picture > 0.9, bright)


def test_regression_moves_boxes_closer(rcnn: ModuleType, example: Callable[[str], ModuleType]) -> None:
    """Even on the features of a network that learned nothing: how a true box lies around its ink is simple."""
    digits = example("training").load()
    images, test_images = ((8 * x[:, 0] + digits.mean) / 16 for x in (digits.x, digits.test_x))
    detector = rcnn.Detector(example("network").initial_parameters(0), digits.mean, "im2col")
    detector.fit([rcnn.compose(images, digits.targets, seed) for seed in range(8)])
    tests = [rcnn.compose(test_images, digits.test_targets, 1000 + seed) for seed in range(3)]
    found = [detector.find(scene) for scene in tests]
    baseline, regressed = rcnn.mean_overlaps(tests, found)
    assert 0.3 < baseline < regressed <= 1


def test_means_by_hand(rcnn: ModuleType) -> None:
    scene = rcnn.Scene(np.zeros((64, 96)), np.array([[0.0, 0, 4, 4], [20, 20, 24, 24]]), np.array([7, 3]))
    one = rcnn.Found(np.array([[0.0, 0, 4, 2]]), np.array([[0.0, 0, 4, 3]]), np.array([7]))
    nothing = rcnn.Found(np.zeros((0, 4)), np.zeros((0, 4)), np.zeros(0, int))
    assert rcnn.mean_overlaps([scene], [one]) == (0.25, 0.375)  # the second digit was not found
    assert rcnn.mean_overlaps([scene], [nothing]) == (0, 0)
    assert rcnn.read_right([scene], [one]) == 0.5
    assert rcnn.read_right([scene], [nothing]) == 0


def test_the_command(
    rcnn: ModuleType, example: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    training = example("training")
    digits = training.load()
    few = training.Digits(digits.x[:40], digits.targets[:40], digits.test_x[:40], digits.test_targets[:40], digits.mean)
    monkeypatch.setattr(rcnn, "load", lambda: few)
    output = tmp_path / "new folder" / "rcnn.png"
    finished = CliRunner().invoke(rcnn.main, ["--scenes", "8", "--epochs", "1", "--output", str(output)])
    assert finished.exit_code == 0, finished.output
    assert "mean IoU" in finished.output
    assert "baseline, boxes as proposed:" in finished.output
    with Image.open(output) as drawn:
        assert len(drawn.convert("RGB").getcolors(maxcolors=2**24) or []) > 100


@pytest.mark.parametrize("backend", ["all", "im2row"])
def test_an_unknown_backend(rcnn: ModuleType, backend: str) -> None:
    assert CliRunner().invoke(rcnn.main, ["--backend", backend]).exit_code == 2
