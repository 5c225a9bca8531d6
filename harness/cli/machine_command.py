"""``convoracle bench --machine``: what the machine is, and what it reaches."""

from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from convoracle.harness.bench import report
from convoracle.harness.bench.comparison import same_twice
from convoracle.harness.bench.layer_sets import CALIBRATION, CALIBRATOR
from convoracle.harness.bench.layer_text import parse
from convoracle.harness.bench.machine import Roof, as_json, description, roof
from convoracle.harness.bench.statistics import Interval
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.cli import RIGHT
from convoracle.harness.cli.bench_tables import count_text, detectable, duration, percent, size
from convoracle.harness.cli.say import could_not_run, say


def machine(threads: tuple[int, ...], seconds: float, json_file: Path | None) -> int:
    """Measure the machine, print it and return the exit status."""
    console = Console()
    described = description()
    counts = sorted({1, described["cores"], *threads})
    try:
        roofs = [roof(count) for count in counts]
        noise = {count: same_twice(parse(CALIBRATION), count, CALIBRATOR, seconds) for count in counts}
    except CannotRun as error:
        return could_not_run(console, error)
    _print(console, described, roofs, noise)
    if json_file is not None:
        kept = {str(count): vars(one) for count, one in noise.items()}
        report.write(json_file, {"machine": as_json(described, roofs), "same against itself": kept})
    return RIGHT


def _print(console: Console, described: dict[str, Any], roofs: list[Roof], noise: dict[int, Interval]) -> None:
    """Print a description, the measured roofs and the noise."""
    caches = ", ".join(f"{level} {size(of)}" for level, of in described["caches"].items())
    bits = described["vector bits"]
    versions = ", ".join(
        f"{name} {described[name]}"
        for name in ("python", "numpy", "scipy", "numba", "llvmlite", "torch", "onnxruntime")
        if name in described
    )
    for label, text in (
        ("processor", f"{described['processor']}, {described['cores']} cores, {described['system']}"),
        ("vectors", f"{bits} bits" if bits else "unknown: Numba is missing"),
        ("caches", caches or "unknown: the system does not tell"),
        ("libraries", f"{versions}, BLAS {described['blas']}"),
        ("clock", f"steps of {duration(described['timer resolution'])}"),
        *(
            (
                f"noise, {count_text(threads, 'thread')}",
                f"the same against itself {one.middle:.3f} ({one.low:.3f} to {one.high:.3f}): "
                f"changes from {percent(detectable(one))} on can be seen",
            )
            for threads, one in noise.items()
        ),
    ):
        say(console, f"{label:<17} {text}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("reached by")
    for one in roofs:
        table.add_column(count_text(one.threads, "thread"), justify="right", no_wrap=True)
    for dtype in ("float32", "float64"):
        table.add_row(
            f"register tile, {dtype}", *(_flops(one.flops[dtype]) if dtype in one.flops else "-" for one in roofs)
        )
    for dtype in ("float32", "float64"):
        table.add_row(f"BLAS product 1024³, {dtype}", *(_flops(one.matmul[dtype]) for one in roofs))
    table.add_row("copies through memory, read + written", *(f"{one.copied / 1e9:.1f} GB/s" for one in roofs))
    table.add_row("copies within the cache, read + written", *(f"{one.cached / 1e9:.0f} GB/s" for one in roofs))
    console.print(table)


def _flops(value: float) -> str:
    return f"{value / 1e9:.1f} GFLOP/s"
