"""A lecture's two filters over a photograph, in every backend, each result held to its proven bound.

    python examples/photo_edges.py [--image china|flower|PATH] [--backend NAME]... [--output FILE]

The filters are the examples of UBC CPSC 425, Lecture 23 (2 April 2020), "Convolution Layer": a vertical edge detector
and a box filter. The box is taken as printed, nine times 0.11: it sums to 0.99, so the picture gets 1 % darker.

Matplotlib draws (``convoracle[report]``); the photographs china and flower come with scikit-learn, others need Pillow.
"""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import click
import matplotlib
import numpy as np
from rich.console import Console
from rich.table import Table

import convoracle as co
from convoracle.fast import registry
from convoracle.harness import checks
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.conv2d_case import Conv2dCase

matplotlib.use("Agg")
import matplotlib.pyplot as plt

FILTERS = {
    "vertical edges": np.array([[-1, 0, 1]] * 3, np.float32),
    "box": np.full((3, 3), 0.11, np.float32),
}
SAMPLES = ("china", "flower")


@dataclass(frozen=True)
class Result:
    """One backend's picture: planes and errors are (3, H - 2, W - 2)."""

    filter_name: str
    backend: str
    planes: np.ndarray
    bound: np.ndarray
    ratios: np.ndarray
    worst: float
    problem: checks.Problem | None
    milliseconds: float


def load_photo(image: str) -> np.ndarray:
    """Return a photograph as planes (3, H, W) of float32 between 0 and 1."""
    if image in SAMPLES:
        from sklearn.datasets import load_sample_image

        pixels = load_sample_image(f"{image}.jpg")
    else:
        from PIL import Image

        with Image.open(image) as file:
            pixels = np.asarray(file.convert("RGB"))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / np.float32(255)


def filter_photo(photo: np.ndarray, filter_name: str, backends: Sequence[str]) -> list[Result]:
    """Filter each colour plane on its own (``groups=3``) in every backend, and judge every value."""
    x, weight = photo[None], np.stack([FILTERS[filter_name][None]] * 3)
    case = Conv2dCase(
        n=1,
        c=3,
        h=x.shape[2],
        w=x.shape[3],
        f=3,
        kernel_size=(3, 3),
        stride=1,
        padding="valid",
        dilation=1,
        groups=3,
        bias=False,
        dtype="float32",
        layout=("C",),
        seed=0,
    )
    (output,) = OPERATIONS["conv2d"].outputs(case)
    operands = {"x": x.astype(np.float64), "weight": weight.astype(np.float64)}
    size = checks.magnitude(output, operands)
    high, low, own_error = checks.truth(output, operands, "float32", size)
    results = []
    for backend in backends:
        accuracy = registry.variant("conv2d", backend).accuracy
        bound = checks.allowance(output, operands, high, size, "float32", accuracy) + own_error
        got = co.conv2d(x, weight, groups=3, backend=backend)
        worst, problem = checks.bounded(output, got, (high, low), bound, accuracy)
        ratios = np.abs((got - high) - low) / bound
        milliseconds = _milliseconds(x, weight, backend)
        results.append(Result(filter_name, backend, got[0], bound[0], ratios[0], worst, problem, milliseconds))
    return results


def disagreement(results: Sequence[Result]) -> float:
    """Return the largest difference of two backends, as a multiple of the sum of their two bounds."""
    return max(
        (
            float(np.max(np.abs(a.planes.astype(np.float64) - b.planes) / (a.bound + b.bound)))
            for a, b in combinations(results, 2)
        ),
        default=0.0,
    )


def draw(photo: np.ndarray, results: Sequence[Result], output: Path) -> None:
    """Write one picture: the photograph, the filtered ones with a detail of each, and every backend's errors."""
    edges, box = (next(r for r in results if r.filter_name == name) for name in FILTERS)
    strength = np.abs(edges.planes).max(axis=0)
    pictures = {
        "photograph": photo[:, 1:-1, 1:-1].transpose(1, 2, 0),
        "vertical edges, strength": np.clip(strength / np.quantile(strength, 0.995), 0.0, 1.0),
        "box filter (sums to 0.99)": np.clip(box.planes, 0.0, 1.0).transpose(1, 2, 0),
    }
    figure = plt.figure(figsize=(13.0, 10.6), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(2.1, 1.3), hspace=0.03, squeeze=False)[:, 0]
    axes = above.subplots(2, len(pictures))
    height, width = strength.shape
    detail = (slice(height * 2 // 5, height * 3 // 5), slice(width * 2 // 5, width * 3 // 5))
    for (title, picture), whole, part in zip(pictures.items(), axes[0], axes[1], strict=True):
        whole.imshow(picture, cmap="gray", vmin=0.0, vmax=1.0)
        whole.set_title(title)
        part.imshow(picture[detail], cmap="gray", vmin=0.0, vmax=1.0)
        part.set_title("detail", fontsize="small")
    _draw_errors(below, results)
    for axis in figure.axes:
        axis.set(xticks=[], yticks=[])
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=110)
    plt.close(figure)


def report(results: Sequence[Result]) -> Table:
    """Return one row for each backend and filter."""
    table = Table("backend", "filter")
    for column in ("max error / bound", "ms"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for r in results:
        table.add_row(
            r.backend,
            r.filter_name,
            f"{r.worst:.3g}",
            f"{r.milliseconds:.1f}",
            "right" if r.problem is None else f"WRONG: {r.problem.sentence}",
        )
    return table


@click.command()
@click.option("--image", default="china", show_default=True, help="china, flower, or the path of a picture.")
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="May be repeated; all usable by default.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("examples/output/photo_edges.png"),
    show_default=True,
    help="Where to write the picture.",
)
def main(image: str, backends: tuple[str, ...], output: Path) -> None:
    """Filter a photograph in every backend, judge the results, and write a picture of them."""
    known = registry.variants("conv2d")
    chosen = backends or tuple(name for name in known if registry.missing(name) is None)
    for name in chosen:
        if name not in known:
            raise click.BadParameter(f"{name!r} is none of {', '.join(known)}", param_hint="--backend")
    try:
        photo = load_photo(image)
    except OSError as error:  # no such file, or no picture
        raise click.BadParameter(f"{error}; allowed: {', '.join(SAMPLES)}, a picture", param_hint="--image") from error
    console = Console()
    results = []
    differences = {}
    for name in FILTERS:
        of_filter = filter_photo(photo, name, chosen)
        differences[name] = disagreement(of_filter)
        results += of_filter
    console.print(report(results))
    for name, difference in differences.items():
        console.print(f"{name}: backends differ by {difference:.3g} of the sum of their bounds at most")
    draw(photo, results, output)
    console.print(f"picture: {output}")
    if any(result.problem for result in results) or max(differences.values()) > 1.0:
        raise click.exceptions.Exit(1)


def _draw_errors(figure: "matplotlib.figure.SubFigure", results: Sequence[Result]) -> None:
    """Draw the largest error of the three colours at every pixel, as a share of its bound."""
    backends = list(dict.fromkeys(r.backend for r in results))
    axes = figure.subplots(len(FILTERS), len(backends), squeeze=False)
    for r in results:
        axis = axes[list(FILTERS).index(r.filter_name), backends.index(r.backend)]
        # Each map has its own scale: a bound for the Fourier transform is thousands of times wider than the others.
        axis.imshow(r.ratios.max(axis=0), cmap="magma", vmin=0.0, vmax=r.worst or 1.0)
        axis.set_title(f"{r.backend}, {r.filter_name}: at most {r.worst:.2g}", fontsize="small")
    figure.suptitle("error of every pixel as a share of its proven bound; the brightest is the number above the map")


def _milliseconds(x: np.ndarray, weight: np.ndarray, backend: str) -> float:
    """Return the median of three calls, which others have warmed up."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        co.conv2d(x, weight, groups=3, backend=backend)
        times.append(time.perf_counter() - started)
    return 1000.0 * statistics.median(times)


if __name__ == "__main__":
    main()
