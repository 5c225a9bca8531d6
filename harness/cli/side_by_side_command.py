"""``convoracle side-by-side``: wrong kernels and right ones, judged by the rules that people use instead."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from convoracle.harness.cli import COULD_NOT_RUN, RIGHT
from convoracle.harness.cli.say import could_not_run, say
from convoracle.harness.score.entries import entries, matching
from convoracle.harness.score.side_by_side.rules import RULES
from convoracle.harness.score.side_by_side.run import compare
from convoracle.harness.score.side_by_side.table import as_json, main_table, scale_table


def run(*, only: str | None, rules: tuple[str, ...], workers: int | None, json_file: Path | None) -> int:
    """Try the rules, print the tables and return the exit status."""
    console = Console(width=None if sys.stdout.isatty() else 160)  # a log has no width, and the table has seven columns
    tried = [entry for entry in matching(only, entries()) if not entry.needs_its_own_process]
    if not tried:
        return could_not_run(console, f"nothing matches {only!r}")
    chosen = [name for name in RULES if not rules or any(part in name for part in rules)]
    if not chosen:
        return could_not_run(console, f"no rule matches {', '.join(rules)}; known: {'; '.join(RULES)}")
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("side by side", total=len(tried))
        found = compare(tried, chosen, workers=workers, on_entry=lambda name: progress.advance(bar))
    wrong = sum(entry.is_wrong for entry in tried)
    line = f"{wrong} wrong kernels (mutants, zoo, cheats), {len(tried) - wrong} that are right"
    say(console, line)
    for table in (main_table(found), scale_table(found)):
        if table.row_count:
            console.print(table)
    say(console, f"in {found.seconds:.0f} s")
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(found), indent=2) + "\n", encoding="utf-8")
    return COULD_NOT_RUN if found.not_run else RIGHT
