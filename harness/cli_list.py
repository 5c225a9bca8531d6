"""``convoracle list``: what there is."""

from convoracle.fast import registry
from rich import box
from rich.console import Console
from rich.table import Table

COLUMNS = ("operation", "backend", "accuracy", "dtypes", "limits", "usable here")


def show(markdown: bool) -> None:
    """Print every operation with the backends that do it."""
    rows, broken = _rows()
    console = Console()
    if markdown:
        for line in [COLUMNS, tuple("---" for _ in COLUMNS), *rows]:
            print(f"| {' | '.join(line)} |")
    else:
        table = Table(*COLUMNS, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for text in broken:
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _rows() -> tuple[list[tuple[str, ...]], list[str]]:
    """Return a row for each operation and backend, and a sentence for each backend that cannot be loaded."""
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
                limits = "; ".join(f"{name} in {set(limit)}" for name, limit in variant.limits.items())
                reason = variant.missing()
                rows.append(
                    (
                        operation,
                        backend,
                        variant.accuracy,
                        _dtypes(variant.dtypes),
                        f"{limits} ({variant.why})" if limits else "none",
                        "yes" if reason is None else f"no: needs {reason}",
                    )
                )
    return rows, broken


def _dtypes(dtypes: tuple[str, ...]) -> str:
    """Return dtypes with runs of one kind joined: float16-64, int8-64."""
    texts = []
    for kind in ("float", "int"):
        sizes = [dtype.removeprefix(kind) for dtype in dtypes if dtype.startswith(kind)]
        if sizes:
            texts.append(f"{kind}{sizes[0]}" + (f"-{sizes[-1]}" if len(sizes) > 1 else ""))
    return ", ".join(texts)
