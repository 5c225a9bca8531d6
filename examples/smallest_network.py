"""The world's smallest network: it tells three patterns of 3x3 pixels apart, with 9 * 3 + 3 = 30 parameters.

    python examples/smallest_network.py [--backend NAME]... [--steps N] [--output FILE]

UBC CPSC 425, Lecture 23 (2 April 2020), "Let's Build (world smallest) Neural Network". The slides' patterns were
pictures and are lost: the middle row, the middle column and the falling diagonal are chosen here. The labelled data are
20 copies of each with noise on every pixel; 100 more of each, unseen, test what was learned. (All three rows against
all three columns would be too much: both add up to the full square, so no weighted sum of pixels separates them.)

The network is a fully connected layer and the softmax cross-entropy, trained by gradient descent as printed: W and b
both step with gradients taken at the same (W_k, b_k). The loss as printed (erratum E-12) has the weights of class 1 in
every term of its denominator: it is ln 3 whatever the weights are, so nothing could be learned from it.
"""

import math
from pathlib import Path

import click
import matplotlib
import numpy as np
from network import chosen_backends
from rich.console import Console
from terminal import sparkline

import convoracle as co

matplotlib.use("Agg")
import matplotlib.pyplot as plt

CLASSES = ("horizontal", "vertical", "diagonal")
LEARNING_RATE = 0.5
NOISE = 0.2
WANTED = 0.98


def patterns(copies: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy images (3 * copies, 9) of float32 and the class of each."""
    horizontal, vertical = np.zeros((2, 3, 3))
    horizontal[1] = vertical[:, 1] = 1
    clear = np.stack([horizontal.ravel(), vertical.ravel(), np.eye(3).ravel()])
    targets = np.repeat(np.arange(3), copies)
    noise = np.random.default_rng(seed).normal(0, NOISE, (len(targets), 9))
    return (clear[targets] + noise).astype(np.float32), targets


def train(
    x: np.ndarray, targets: np.ndarray, steps: int, backend: str, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Return the weight (3, 9), the bias (3,) and the loss before every step of gradient descent."""
    random = np.random.default_rng(seed)
    weight = random.standard_normal((3, 9)).astype(np.float32) * np.float32(0.1)  # 1. random W_0, b_0
    bias = random.standard_normal(3).astype(np.float32) * np.float32(0.1)
    losses = []
    for _ in range(steps):
        scores = co.linear(x, weight, bias, backend=backend)
        losses.append(float(co.cross_entropy(scores, targets, backend=backend)))
        grad_scores = co.cross_entropy_backward(scores, targets, backend=backend)
        # 2. Both gradients at (W_k, b_k); 3. only then both steps.
        _, grad_weight, grad_bias = co.linear_backward(grad_scores, x, weight, backend=backend)
        weight = weight - np.float32(LEARNING_RATE) * grad_weight
        bias = bias - np.float32(LEARNING_RATE) * grad_bias
    return weight, bias, losses


def literal_loss(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> float:
    """Return the slide's loss of one image, as printed: w_1 and b_1 in the numerator and in every term below it."""
    score = float(np.sum(1 / (1 + np.exp(-(weight[0].astype(np.float64) * x + bias[0])))))
    return -math.log(math.exp(score) / sum(math.exp(score) for _ in range(3)))


def draw(x: np.ndarray, weight: np.ndarray, losses: list[float], output: Path) -> None:
    """Write one picture: an example of each class, the weights each class learned, and the loss."""
    figure, axes = plt.subplots(2, 4, figsize=(10.0, 5.2), layout="constrained", width_ratios=(1, 1, 1, 1.8))
    largest = float(np.abs(weight).max())
    for number, name in enumerate(CLASSES):
        axes[0, number].imshow(x[number * len(x) // 3].reshape(3, 3), cmap="gray_r", vmin=0, vmax=1)
        axes[0, number].set_title(f"an image: {name}", fontsize="medium")
        axes[1, number].imshow(weight[number].reshape(3, 3), cmap="RdBu_r", vmin=-largest, vmax=largest)
        axes[1, number].set_title(f"weights of {name}", fontsize="medium")
    for axis in axes[:, :3].flat:
        axis.set(xticks=[], yticks=[])
    grid = axes[0, 3].get_gridspec()
    for axis in axes[:, 3]:
        axis.remove()
    curve = figure.add_subplot(grid[:, 3])
    curve.plot(losses, label="softmax cross-entropy")
    curve.axhline(math.log(3), color="gray", linestyle="--", label="ln 3: the loss as printed, always")
    curve.set(xlabel="step", ylabel="loss", ylim=(0, None))
    curve.legend()
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)
    plt.close(figure)


@click.command()
@click.option("--backend", "backends", multiple=True, default=("im2col",), metavar="NAME", help='Repeatable, or "all".')
@click.option("--steps", default=200, show_default=True, type=click.IntRange(min=1), help="Steps of gradient descent.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("examples/output/smallest_network.png"),
    show_default=True,
    help="Where to write the picture.",
)
def main(backends: tuple[str, ...], steps: int, output: Path) -> None:
    """Train the world's smallest network; red (exit status 1) unless it learns to tell unseen images apart."""
    console = Console()
    x, targets = patterns(20, seed=1)
    unseen, classes = patterns(100, seed=2)
    learned = True
    for backend in chosen_backends(backends, "linear"):
        weight, bias, losses = train(x, targets, steps, backend)
        found = np.argmax(co.linear(unseen, weight, bias, backend=backend), axis=1)
        right = float(np.mean(found == classes))
        literal = [literal_loss(image, weight, bias) for image in x]
        for line in (
            f"{backend}: {weight.size + bias.size} parameters, {right:.1%} of {len(unseen)} unseen images right",
            f"  loss {losses[0]:.4f} {sparkline(losses, 30)} {losses[-1]:.4f}",
            f"  the loss as printed (E-12): {min(literal):.4f} to {max(literal):.4f}; ln 3 = {math.log(3):.4f}",
        ):
            console.print(line, highlight=False, soft_wrap=True)
        learned = learned and right >= WANTED and losses[-1] < losses[0]
    draw(x, weight, losses, output)
    console.print(f"picture: {output}", soft_wrap=True)
    if not learned:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
