"""``convoracle list``: what there is."""

from rich import box
from rich.console import Console
from rich.table import Table

from convoracle.fast import registry
from convoracle.harness.checks.catalogue import CHECKS
from convoracle.harness.cli.say import say

COLUMNS = ("operation", "backend", "accuracy", "limits")


def show(markdown: bool) -> None:
    """Print every operation with the backends that do it."""
    if markdown:
        print("\n".join(_matrix()))
        return
    console = Console()
    rows, broken = _rows()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in COLUMNS:
        # On a narrow terminal names are broken, too: else nothing would be left for the limits.
        table.add_column(name, no_wrap=name != "limits" and console.width >= 80, overflow="fold")
    above = ""
    for operation, *cells in rows:
        table.add_row("" if operation == above else operation, *cells)
        above = operation
    console.print(table)
    for text in broken:
        say(console, text)


def _matrix() -> list[str]:
    """Return the built-in backends as a Markdown table: a column for each, operations with equal cells in one row."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for operation in registry.operations():
        variants = registry.variants(operation)
        cells = tuple(
            f"{variants[backend].accuracy}: {_dtypes(variants[backend].dtypes)}" if backend in variants else "-"
            for backend in registry.BUILT_IN
        )
        rows.setdefault(cells, []).append(f"`{operation}`")
    lines = [("operations", *registry.BUILT_IN), tuple("---" for _ in range(len(registry.BUILT_IN) + 1))]
    lines += [(", ".join(operations), *cells) for cells, operations in rows.items()]
    return [f"| {' | '.join(line)} |" for line in lines]


def _rows() -> tuple[list[tuple[str, ...]], list[str]]:
    """Return a row for each operation and backend, and a sentence for each backend that cannot be used."""
    tables, broken = {}, []
    for backend in registry.backends():
        try:
            tables[backend] = registry.variants_of(backend)
        except ImportError as error:
            broken.append(str(error))
    rows: list[tuple[str, ...]] = []
    for operation in registry.operations():
        for backend, table in tables.items():
            if operation in table:
                variant = table[operation]
                limits = [_dtypes(variant.dtypes), *(f"{name} in {set(x)}" for name, x in variant.limits.items())]
                if variant.why:
                    limits.append(f"({variant.why})")
                rows.append((operation, backend, variant.accuracy, "; ".join(limits)))
                reason = variant.missing()
                unusable = f"backend {backend!r} needs {reason}"
                if reason is not None and unusable not in broken:
                    broken.append(unusable)
    return rows, broken


def _dtypes(dtypes: tuple[str, ...]) -> str:
    """Return dtypes with runs of one kind joined: float16-64, int8-64."""
    texts = []
    for kind in ("float", "int"):
        sizes = [dtype.removeprefix(kind) for dtype in dtypes if dtype.startswith(kind)]
        if sizes:
            texts.append(f"{kind}{sizes[0]}" + (f"-{sizes[-1]}" if len(sizes) > 1 else ""))
    return ", ".join(texts)


def show_checks() -> None:
    """Print every check with what it decides and how far from right is still right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("check", "decides", "tolerance"):
        table.add_column(name, no_wrap=name == "check", overflow="fold")
    for check in CHECKS.values():
        table.add_row(check.name, check.decides, check.tolerance)
    Console().print(table)
