"""The table of a network's layers, as the command line prints it."""

from rich import box
from rich.table import Table
from rich.text import Text

from convoracle.harness.networks.report import NetworkReport

STYLES = {"right": "green", "WRONG": "bold red"}


def layer_table(report: NetworkReport) -> Table:
    """Return one row for each distinct layer and dtype, with the time of its one call."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("layer", overflow="fold")
    table.add_column("times", justify="right")
    table.add_column("configuration", overflow="fold")
    if len(report.dtypes) > 1:
        table.add_column("dtype")
    table.add_column("GMAC", justify="right")
    table.add_column("ms", justify="right")
    table.add_column("verdict")
    for one in report.layers:
        macs = one.layer.macs() * report.batch
        table.add_row(
            one.layer.name,
            str(one.layer.count),
            str(one.layer),
            *([one.dtype] if len(report.dtypes) > 1 else []),
            f"{macs / 1e9:.3f}" if macs else "-",
            f"{one.seconds * 1e3:.1f}" if one.seconds else "-",
            Text(one.verdict, style=STYLES.get(one.verdict, "yellow")),
        )
    return table
