"""The lectures' example network learns to read: 1,797 real digits of 8x8, until more than 95 % of the test is right.

    python examples/digits_cnn.py [--backend NAME|all]... [--epochs N] [--output FILE]

First, one step in every backend: every call of it is held to its proven bound (`first_step.py`), and the loss and all
gradients to the bound that follows from those of the calls, in float32 and float64 (`end_to_end.py`). Then each trains
the network from the same start (`training.py`). im2col and numba need seconds; scipy (plane by plane) and scipy-fft
need minutes. Training stops by the test accuracy, as asked for, so that number is a little flattered; no
image of the test is learned from.

The digits come with scikit-learn (Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998);
Matplotlib draws (``convoracle[report]``).
"""

import time
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import click
import matplotlib
import numpy as np
from end_to_end import Step
from first_step import Judged, judge
from network import Parameters, Runner, chosen_backends, initial_parameters, loss_and_gradients
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from terminal import sparkline
from training import BATCH, Digits, Progress, load, train

matplotlib.use("Agg")
import matplotlib.pyplot as plt

WANTED = 0.95


@dataclass(frozen=True)
class FirstStep:
    """One backend's first step: its loss and gradients, the verdict on every call, and those on the whole, by dtype."""

    backend: str
    loss: float
    gradients: Parameters
    judged: list[Judged]
    end_to_end: dict[str, dict[str, float]]

    @property
    def worst(self) -> Judged:
        """The result closest to its bound, or farthest beyond it."""
        return max(self.judged, key=lambda one: one.ratio)

    def worst_of_all(self, dtype: str) -> float:
        """The largest error of the loss or a gradient, end to end, as a multiple of its bound."""
        return max(self.end_to_end[dtype].values())

    @property
    def is_right(self) -> bool:
        """Whether every call and the whole are within their bounds."""
        return self.worst.ratio <= 1 and all(self.worst_of_all(dtype) <= 1 for dtype in self.end_to_end)


def first_step(step: Step, backend: str) -> FirstStep:
    """Run a step in a backend, and judge it."""
    run = Runner(backend, records=True)
    loss, gradients = loss_and_gradients(step.parameters, step.x, step.targets, run)
    whole = {dtype: step.ratios(backend, dtype) for dtype in ("float32", "float64")}
    return FirstStep(backend, loss, gradients, judge(run.calls), whole)


def first_steps_table(steps: list[FirstStep]) -> Table:
    """Return one row for each backend."""
    table = Table("backend", "first loss", "call by call", "where", "end to end, float32", "float64")
    table.title = "the first step: worst error / bound"
    for column in table.columns[3:]:
        column.overflow = "fold"  # a narrow terminal breaks a name, and keeps all of it
    for step in steps:
        where = f"{step.worst.layer} {step.worst.operation}"
        verdict = "" if step.is_right else "WRONG: "
        whole = [f"{step.worst_of_all(dtype):.2g}" for dtype in ("float32", "float64")]
        table.add_row(step.backend, f"{step.loss:.6f}", f"{step.worst.ratio:.3g}", verdict + where, *whole)
    return table


def differences(steps: list[FirstStep]) -> tuple[float, float]:
    """Return the largest difference of two backends' losses and, relative to the largest, of their gradients."""
    of_losses, of_gradients = 0.0, 0.0
    for a, b in combinations(steps, 2):
        of_losses = max(of_losses, abs(a.loss - b.loss))
        for g, h in zip(a.gradients, b.gradients, strict=True):
            of_gradients = max(of_gradients, float(np.abs(g - h).max() / np.abs(g).max()))
    return of_losses, of_gradients


def watch(console: Console, digits: Digits, backend: str, epochs: int) -> tuple[Progress, float]:
    """Train with a live curve of the loss, or a line per epoch where nothing can be live; return the seconds, too."""
    started, progress, seen = time.perf_counter(), Progress(), 0
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for progress in train(digits, backend, epochs, WANTED):
            if console.is_terminal:
                live.update(_curve(backend, progress, console.width), refresh=True)
            if len(progress.accuracies) > seen:
                seen = len(progress.accuracies)
                loss = np.mean(progress.losses[-(len(digits.x) // BATCH) :])
                line = f"{backend}: epoch {seen}, loss {loss:.3f}, test accuracy {progress.accuracies[-1]:.1%}"
                console.print(line, highlight=False, soft_wrap=True)
    return progress, time.perf_counter() - started


def draw(runs: dict[str, Progress], digits: Digits, output: Path) -> None:
    """Write the loss of every step and the test accuracy of every epoch, for every backend."""
    figure, (losses, accuracies) = plt.subplots(1, 2, figsize=(11.0, 4.4), layout="constrained")
    window = max(len(digits.x) // BATCH // 4, 1)
    for number, (backend, run) in enumerate(runs.items()):
        # Thinner from backend to backend: most of the way the curves lie on top of each other.
        width = 1.0 + 1.2 * (len(runs) - 1 - number)
        steps = np.arange(window, len(run.losses) + 1)
        losses.plot(steps, np.convolve(run.losses, np.ones(window) / window, "valid"), lw=width, label=backend)
        accuracies.plot(range(1, len(run.accuracies) + 1), run.accuracies, marker="o", lw=width, label=backend)
    losses.set(xlabel="step", ylabel="cross-entropy", ylim=(0, None), title=f"loss, mean of {window} steps")
    accuracies.set(xlabel="epoch", ylim=(0, 1), title=f"accuracy on {len(digits.test_x)} digits set aside")
    accuracies.xaxis.get_major_locator().set_params(integer=True)
    accuracies.axhline(WANTED, color="gray", linestyle="--", label=f"{WANTED:.0%}")
    losses.legend()
    accuracies.legend(loc="lower right")
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)
    plt.close(figure)


@click.command()
@click.option("--backend", "backends", multiple=True, default=("im2col",), metavar="NAME", help='Repeatable, or "all".')
@click.option("--epochs", default=20, show_default=True, type=click.IntRange(min=1), help="At most, per backend.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("examples/output/digits_cnn.png"),
    show_default=True,
    help="Where to write the curves.",
)
def main(backends: tuple[str, ...], epochs: int, output: Path) -> None:
    """Train the example network; red (exit status 1) if a first step is wrong or the accuracy is not above 95 %."""
    chosen = chosen_backends(backends)
    console, digits = Console(), load()
    # The first step is judged in every usable backend, also in those that do not train.
    first = Step(initial_parameters(0), digits.x[:BATCH], digits.targets[:BATCH])
    steps = [first_step(first, name) for name in dict.fromkeys([*chosen, *chosen_backends(["all"])])]
    console.print(first_steps_table(steps))
    of_losses, of_gradients = differences(steps)
    message = f"end to end, two backends' losses differ by {of_losses:.2g} at most, gradients by {of_gradients:.2g}"
    console.print(f"{message} of the largest", highlight=False, soft_wrap=True)
    runs, table = {}, Table("backend", "epochs", "seconds", "test accuracy")
    for name in chosen:
        runs[name], seconds = watch(console, digits, name, epochs)
        accuracies = runs[name].accuracies
        table.add_row(name, str(len(accuracies)), f"{seconds:.1f}", f"{accuracies[-1]:.2%}")
    console.print(table)
    draw(runs, digits, output)
    console.print(f"picture: {output}", soft_wrap=True)
    learned = all(run.accuracies[-1] > WANTED for run in runs.values())
    if not learned or not all(step.is_right for step in steps):
        raise click.exceptions.Exit(1)


def _curve(backend: str, progress: Progress, width: int) -> Group:
    """Return what is shown while training: the curve of the loss so far, as wide as the terminal allows."""
    curve = Text(sparkline(progress.losses, max(min(width - 2, 100), 8)), style="cyan", no_wrap=True)
    return Group(curve, Text(f"{backend}: step {len(progress.losses)}, loss {progress.losses[-1]:.3f}", no_wrap=True))


if __name__ == "__main__":
    main()
