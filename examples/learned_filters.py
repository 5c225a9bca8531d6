"""The ten filters that the trained network's first layer learned, and what each of them sees in a digit.

    python examples/learned_filters.py [--backend NAME] [--epochs N] [--digit 0..9] [--output FILE]

The network is that of ``digits_cnn.py``, trained in the same way. A lecture shows such filters as "one filter => one
activation map" (UW CSE 493G1, Lecture 5): above, the filters before and after training, red where a weight is positive;
below, the ReLU's activation map of each for one digit that was not trained on.
"""

from pathlib import Path

import click
import matplotlib
import numpy as np
from network import FILTERS, Parameters, chosen_backends, initial_parameters
from rich.console import Console
from training import Digits, load, train

import convoracle as co

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def activation_maps(parameters: Parameters, image: np.ndarray, backend: str) -> np.ndarray:
    """Return what the first layer makes of one image (1, 8, 8): ten maps (10, 8, 8)."""
    z = co.conv2d(image[None], parameters[0], parameters[1], padding=1, backend=backend)
    return np.maximum(z, 0)[0]


def draw(before: Parameters, after: Parameters, image: np.ndarray, maps: np.ndarray, output: Path) -> None:
    """Write one picture: the digit, and for each filter its start, its end and its activation map."""
    figure, axes = plt.subplots(3, FILTERS + 1, figsize=(13.0, 4.2), layout="constrained")
    largest = float(max(np.abs(before[0]).max(), np.abs(after[0]).max()))
    rows = (("at the start", before[0][:, 0]), ("learned", after[0][:, 0]), ("activation map", maps))
    for (title, planes), row in zip(rows, axes, strict=True):
        row[0].set_ylabel(title)
        for plane, axis in zip(planes, row[1:], strict=True):
            if planes is maps:
                axis.imshow(plane, cmap="gray", vmin=0, vmax=float(maps.max()) or 1.0)
            else:
                axis.imshow(plane, cmap="RdBu_r", vmin=-largest, vmax=largest)
    for number, axis in enumerate(axes[0, 1:], start=1):
        axis.set_title(f"filter {number}", fontsize="medium")
    axes[2, 0].imshow(image[0], cmap="gray")
    axes[2, 0].set_title("digit less mean", fontsize="medium")
    for axis in axes[:2, 0]:
        axis.set_frame_on(False)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)
    plt.close(figure)


def first_of(digits: Digits, digit: int) -> np.ndarray:
    """Return the first image of a digit that the network is not trained on."""
    image: np.ndarray = digits.test_x[np.argmax(digits.test_targets == digit)]
    return image


@click.command()
@click.option("--backend", default="im2col", show_default=True, metavar="NAME", help="The backend to train on.")
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(min=1), help="At most; or until 95 %.")
@click.option("--digit", default=5, show_default=True, type=click.IntRange(0, 9), help="Whose activation maps to show.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("examples/output/learned_filters.png"),
    show_default=True,
    help="Where to write the picture.",
)
def main(backend: str, epochs: int, digit: int, output: Path) -> None:
    """Train the example network, and draw its first layer."""
    if backend == "all":
        raise click.BadParameter("one picture is of one backend", param_hint="--backend")
    (backend,) = chosen_backends([backend])
    console, digits = Console(), load()
    with console.status("training"):
        *_, progress = train(digits, backend, epochs, wanted=0.95)
    start = initial_parameters(0)
    image = first_of(digits, digit)
    draw(start, progress.parameters, image, activation_maps(progress.parameters, image, backend), output)
    moved = np.linalg.norm(progress.parameters[0] - start[0]) / np.linalg.norm(start[0])
    for line in (
        f"{backend}: {len(progress.accuracies)} epochs, test accuracy {progress.accuracies[-1]:.1%}",
        f"the filters moved by {moved:.0%} of their length",
        f"picture: {output}",
    ):
        console.print(line, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
