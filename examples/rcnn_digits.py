"""R-CNN on scenes of real digits: proposals, warp, CNN features, SVM, box regression.

    python examples/rcnn_digits.py [--backend NAME] [--scenes N] [--epochs N] [--output FILE]

Girshick et al. (2014), as Cornell CS5670, Lecture 25, presents it. The CNN is the one of ``digits_cnn.py``, whose
second pooling layer gives 40 features of every proposal warped to 8x8; scikit-image proposes and warps, scikit-learn's
LinearSVC tells digits and background apart, and its Ridge regresses the boxes. A scene is a noisy background with
digits of 1.5 to 3 times their size; the box to find is that of the whole 8x8 digit, its empty margins included. Test
scenes hold digits that were not trained on (the CNN's training stops by its accuracy on them, no more).

The number reported is the mean IoU over all true boxes of the best detection, 0 if there is none. The baseline is the
same detections with the boxes as they were proposed, without regression. Parts of digits are taken for digits quite
often: nothing here tells a part from a whole but the SVM.

Needs scikit-image and scikit-learn; Matplotlib draws (``convoracle[report]``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import matplotlib
import numpy as np
from boxes import overlaps, proposals, shifted, shifts, suppressed
from network import Parameters, chosen_backends, maps
from rich.console import Console
from skimage import transform
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from training import load, train

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

HEIGHT, WIDTH, DIGITS = 64, 96, 6
BACKGROUND = 10  # the class after the ten digits


@dataclass(frozen=True)
class Scene:
    """A picture (64, 96) with values from 0 to 1, the true boxes in it, and the digits they hold."""

    picture: np.ndarray
    boxes: np.ndarray
    digits: np.ndarray


@dataclass(frozen=True)
class Found:
    """What was found in a scene: the boxes as proposed, after regression, and the digit in each."""

    proposed: np.ndarray
    boxes: np.ndarray
    digits: np.ndarray


def compose(images: np.ndarray, targets: np.ndarray, seed: int) -> Scene:
    """Return a scene of up to six random digits (8, 8), values from 0 to 1, which do not overlap."""
    random = np.random.default_rng(seed)
    picture = random.uniform(0.0, 0.15, (HEIGHT, WIDTH))
    boxes, digits = np.zeros((0, 4)), list[int]()
    for _ in range(DIGITS):
        number, size = random.integers(len(images)), int(random.integers(12, 25))
        top, left = random.integers(HEIGHT - size), random.integers(WIDTH - size)
        box = np.array([[top, left, top + size, left + size]], float)
        if overlaps(box, boxes).max(initial=0.0) > 0:
            continue  # no room here: one digit less
        window = picture[top : top + size, left : left + size]
        np.maximum(window, transform.resize(images[number], (size, size)), out=window)
        boxes, digits = np.vstack([boxes, box]), [*digits, targets[number]]
    return Scene(picture, boxes, np.array(digits, int))


class Detector:
    """The three things R-CNN learns one after the other: the CNN (given), the SVM, the box regression."""

    def __init__(self, parameters: Parameters, mean: np.ndarray, backend: str) -> None:
        self.parameters, self.mean, self.backend = parameters, mean, backend
        self.svm: Any = make_pipeline(StandardScaler(), LinearSVC(C=0.1, class_weight="balanced", random_state=0))
        self.regression: Any = make_pipeline(StandardScaler(), Ridge(alpha=10.0))

    def features(self, scene: Scene, boxes: np.ndarray) -> np.ndarray:
        """Return 40 features of every box, warped to the size the CNN takes."""
        warped = np.stack(
            [
                transform.resize(scene.picture[top:bottom, left:right], (8, 8), anti_aliasing=True)
                for top, left, bottom, right in boxes.astype(int)
            ]
        )
        x = ((16 * warped - self.mean)[:, None] / 8).astype(np.float32)
        return maps(self.parameters, x, self.backend, "pool2").reshape(len(boxes), -1)

    def fit(self, scenes: list[Scene]) -> None:
        """Train SVM and regression on the proposals in scenes with known boxes.

        A proposal is a digit from an IoU of 0.5 on and background below 0.3; regression learns from 0.4 on.
        """
        features, classes, near, moves = [], [], [], []
        for scene in scenes:
            boxes = proposals(scene.picture)
            of_boxes, between = self.features(scene, boxes), overlaps(boxes, scene.boxes)
            best, overlap = between.argmax(axis=1), between.max(axis=1)
            clear = (overlap >= 0.5) | (overlap < 0.3)
            features.append(of_boxes[clear])
            classes.append(np.where(overlap >= 0.5, scene.digits[best], BACKGROUND)[clear])
            near.append(of_boxes[overlap >= 0.4])
            moves.append(shifts(boxes, scene.boxes[best])[overlap >= 0.4])
        self.svm.fit(np.concatenate(features), np.concatenate(classes))
        self.regression.fit(np.concatenate(near), np.concatenate(moves))

    def find(self, scene: Scene) -> Found:
        """Return what is a digit rather than background, the most confident of those that overlap."""
        boxes = proposals(scene.picture)
        features = self.features(scene, boxes)
        margins = self.svm.decision_function(features)
        digits = self.svm.classes_[margins.argmax(axis=1)]
        kept = np.flatnonzero(digits != BACKGROUND)
        kept = kept[suppressed(boxes[kept], margins.max(axis=1)[kept], 0.2)]
        if not len(kept):
            return Found(np.zeros((0, 4)), np.zeros((0, 4)), digits[kept])
        return Found(boxes[kept], shifted(boxes[kept], self.regression.predict(features[kept])), digits[kept])


def mean_overlaps(scenes: list[Scene], found: list[Found]) -> tuple[float, float]:
    """Return the mean IoU over all true boxes of the best detection: as proposed, and after regression."""
    best: list[list[float]] = [[], []]
    for scene, one in zip(scenes, found, strict=True):
        for values, boxes in zip(best, (one.proposed, one.boxes), strict=True):
            values += overlaps(scene.boxes, boxes).max(axis=1, initial=0.0).tolist()
    return float(np.mean(best[0])), float(np.mean(best[1]))


def read_right(scenes: list[Scene], found: list[Found]) -> float:
    """Return the share of the true boxes whose best detection has an IoU of 0.5 and the right digit."""
    right = []
    for scene, one in zip(scenes, found, strict=True):
        between = np.hstack([overlaps(scene.boxes, one.boxes), np.zeros((len(scene.boxes), 1))])
        best = between.argmax(axis=1)
        right += ((between.max(axis=1) >= 0.5) & (np.append(one.digits, BACKGROUND)[best] == scene.digits)).tolist()
    return float(np.mean(right))


def draw(scenes: list[Scene], found: list[Found], output: Path) -> None:
    """Write the first four scenes with the true boxes, the proposals that were kept, and the final boxes."""
    figure, axes = plt.subplots(2, 2, figsize=(12.0, 8.6), layout="constrained")
    for scene, one, axis in zip(scenes, found, axes.flat, strict=False):
        axis.imshow(scene.picture, cmap="gray", vmin=0, vmax=1)
        kinds = (("true", "white", "-", scene.boxes), ("proposed", "orange", ":", one.proposed))
        for label, colour, line, boxes in (*kinds, ("regressed", "lime", "-", one.boxes)):
            for number, (top, left, bottom, right) in enumerate(boxes):
                patch = Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, fill=False)
                patch.set(edgecolor=colour, linestyle=line, linewidth=1.5, label=label if number == 0 else None)
                axis.add_patch(patch)
        for (top, left, _, _), digit in zip(one.boxes, one.digits, strict=True):
            axis.text(left, top + 1, str(digit), color="lime", fontsize="large", va="top", weight="bold")
        axis.set(xticks=[], yticks=[])
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, facecolor="gray")
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)
    plt.close(figure)


@click.command()
@click.option("--backend", default="im2col", show_default=True, metavar="NAME", help="The backend of the CNN.")
@click.option("--scenes", default=60, show_default=True, type=click.IntRange(min=4), help="To train on; half to test.")
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(min=1), help="Of the CNN, or until 95 %.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("examples/output/rcnn_digits.png"),
    show_default=True,
    help="Where to write the picture.",
)
def main(backend: str, scenes: int, epochs: int, output: Path) -> None:
    """Find and read digits in scenes; red (exit status 1) if box regression is no better than the proposals."""
    if backend == "all":
        raise click.BadParameter("the features are of one backend", param_hint="--backend")
    (backend,) = chosen_backends([backend])
    console, digits = Console(), load()
    with console.status("training the CNN"):
        *_, progress = train(digits, backend, epochs, wanted=0.95)
    images, test_images = ((8 * x[:, 0] + digits.mean) / 16 for x in (digits.x, digits.test_x))
    detector = Detector(progress.parameters, digits.mean, backend)
    detector.fit([compose(images, digits.targets, seed) for seed in range(scenes)])
    tests = [compose(test_images, digits.test_targets, 10**6 + seed) for seed in range(max(scenes // 2, 4))]
    found = [detector.find(scene) for scene in tests]
    baseline, regressed = mean_overlaps(tests, found)
    there, claimed = sum(len(scene.boxes) for scene in tests), sum(len(one.boxes) for one in found)
    for line in (
        f"{backend}: {len(progress.accuracies)} epochs, test accuracy of the CNN {progress.accuracies[-1]:.1%}",
        f"{len(tests)} test scenes: {there} digits, {claimed} boxes said to hold one",
        f"mean IoU {regressed:.3f}; baseline, boxes as proposed: {baseline:.3f}",
        f"found with IoU >= 0.5 and read right: {read_right(tests, found):.1%}",
    ):
        console.print(line, highlight=False, soft_wrap=True)
    draw(tests, found, output)
    console.print(f"picture: {output}", soft_wrap=True)
    if regressed <= baseline:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
