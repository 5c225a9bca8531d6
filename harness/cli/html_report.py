"""The reports as one page for a browser, with everything in it: no script, no font, no picture from elsewhere."""

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import convoracle
from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.checks.catalogue import full_name
from convoracle.harness.explain.values.difference import in_words, plane_map
from convoracle.harness.explain.writing.text import facts, number, operands_text
from convoracle.harness.failure import Failure
from convoracle.harness.report import ratio_text

CELL = 11

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>convoracle: {{ wrong }} wrong of {{ rows | length }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 66rem; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; } pre { font-family: ui-monospace, monospace; }
.wide { overflow-x: auto; } table { border-collapse: collapse; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem .8rem; text-align: left; }
td.number, th.number { text-align: right; } td:first-child, th:first-child { padding-left: 0; }
.right { color: #17692f; } .wrong { color: #a4161a; font-weight: 600; } .none { color: #8a6100; }
dl { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: .3rem 1rem; } dt { color: #666; }
dd { margin: 0; overflow-wrap: anywhere; } dd pre { margin: 0; } svg { max-width: 100%; height: auto; }
pre { background: #f6f6f6; padding: .6rem; overflow-x: auto; white-space: pre-wrap; } figure { margin: 1rem 0; }
@media (max-width: 40rem) {
  td, th { padding: .25rem .4rem; } dl { display: block; } dd { margin-bottom: .6rem; }
}
figcaption { color: #555; font-size: .9rem; } footer { margin-top: 3rem; color: #666; font-size: .9rem; }
</style>
</head>
<body>
<h1>{{ wrong }} of {{ rows | length }} verifications found a candidate wrong</h1>
<div class="wide"><table>
<tr><th>operation</th><th>candidate</th><th class="number">cases</th><th class="number">largest error / bound</th>
<th>grade</th><th>verdict</th></tr>
{% for row in rows %}
<tr><td>{% if row.anchor %}<a href="#{{ row.anchor }}">{{ row.operation }}</a>
{% else %}{{ row.operation }}{% endif %}</td>
<td>{{ row.candidate }}</td><td class="number">{{ row.cases }}</td><td class="number">{{ row.ratio }}</td>
<td>{{ row.grade }}</td><td class="{{ row.style }}">{{ row.verdict }}</td></tr>
{% endfor %}
</table></div>
{% for reason in refused %}<p class="none">could not run: {{ reason }}</p>{% endfor %}
{% for failure in failures %}
<h2 id="{{ failure.anchor }}">{{ failure.operation }}: {{ failure.candidate }}</h2>
<p class="wrong">{{ failure.kind }} (check: {{ failure.check }}): {{ failure.message }}</p>
<dl>
{% for label, text in failure.facts %}<dt>{{ label }}</dt><dd>{{ text }}</dd>
{% endfor %}
<dt>reproduce</dt><dd><pre>{{ failure.command }}</pre></dd>
</dl>
{% for map in failure.maps %}
<figure>
<figcaption>{{ map.title }}</figcaption>
<svg width="{{ map.width }}" height="{{ map.height }}" viewBox="0 0 {{ map.width }} {{ map.height }}"
 role="img" aria-label="{{ map.title }}">
{% for cell in map.cells %}<rect x="{{ cell.x }}" y="{{ cell.y }}" width="10" height="10" fill="{{ cell.fill }}">\
<title>{{ cell.text }}</title></rect>
{% endfor %}</svg>
<figcaption>red: wrong; green: right; in the case that was found first</figcaption>
</figure>
{% endfor %}
{% if failure.script %}<details><summary>A test file that needs NumPy and the candidate alone</summary>
<pre>{{ failure.script }}</pre></details>{% endif %}
{% endfor %}
<footer>convoracle {{ version }}, seed {{ seed }}</footer>
</body>
</html>
"""


def missing() -> str | None:
    """Return what the page cannot be written without, if that is not installed."""
    if importlib.util.find_spec("jinja2") is None:
        return "--html needs jinja2: pip install 'convoracle[report]'"
    return None


def write_html(path: Path, verdicts: Sequence[Verdict], refused: Sequence[str], seed: int) -> None:
    """Write the page."""
    import jinja2

    page = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined).from_string(PAGE)
    rows = [_row(position, verdict) for position, verdict in enumerate(verdicts)]
    failures = [
        _failure(f"failure-{position}", verdict, failure)
        for position, verdict in enumerate(verdicts)
        for failure in (verdict.report.failures if verdict.report is not None else ())[:1]
    ]
    text = page.render(
        rows=rows,
        failures=failures,
        refused=list(refused),
        wrong=sum(row["style"] == "wrong" for row in rows),
        version=convoracle.__version__,
        seed=seed,
    )
    path.write_text(text + "\n", encoding="utf-8")


def _row(position: int, verdict: Verdict) -> dict[str, Any]:
    job, report = verdict.job, verdict.report
    row = {"operation": job.operation, "candidate": job.source.name, "anchor": ""}
    if report is None:
        return {**row, "cases": "-", "ratio": "-", "grade": "-", "verdict": "not run", "style": "none"}
    ratio = getattr(report, "ratio", None)
    return {
        **row,
        "cases": getattr(report, "cases", "-"),
        "ratio": "-" if ratio is None else ratio_text(ratio),
        "grade": getattr(report, "grade", "-"),
        "verdict": "right" if report.passed else "WRONG",
        "style": "right" if report.passed else "wrong",
        "anchor": f"failure-{position}" if report.failures else "",
    }


def _failure(anchor: str, verdict: Verdict, failure: Failure) -> dict[str, Any]:
    return {
        "anchor": anchor,
        "operation": verdict.job.operation,
        "candidate": verdict.job.source.name,
        "kind": failure.kind,
        "check": full_name(failure.check),
        "message": failure.message,
        "facts": list(_facts(failure)),
        "command": failure.command,
        "maps": list(_maps(failure)),
        "script": failure.script,
    }


def _facts(failure: Failure) -> Iterator[tuple[str, str]]:
    """Yield everything that is known, in the order of the terminal's text."""
    yield "smallest call", failure.call
    if failure.evidence is not None and failure.evidence.first_wrong() is not None:
        yield "with", operands_text(failure.evidence)
    if failure.index is not None:
        yield f"at {list(failure.index)}", f"expected {number(failure.expected)}, got {number(failure.got)}"
    yield from facts(failure)
    for seen in failure.seen.results if failure.seen is not None else ():
        if seen.wrong.any() and seen.got.shape == seen.expected.shape:
            yield "found first", in_words(seen.name, seen.wrong)


def _maps(failure: Failure) -> Iterator[dict[str, Any]]:
    """Yield a picture of the worst plane of every wrong output."""
    for seen in failure.seen.results if failure.seen is not None else ():
        plane = plane_map(seen.name, seen.wrong) if seen.got.shape == seen.expected.shape else None
        if plane is None:
            continue
        down, across = plane.window()
        expected, got = (values[plane.place].reshape(plane.wrong.shape) for values in (seen.expected, seen.got))
        cells = [
            {
                "x": (j - across.start) * CELL,
                "y": (i - down.start) * CELL,
                "fill": "#c1121f" if plane.wrong[i, j] else "#b7dfc3",
                "text": f"[{i}, {j}] expected {number(expected[i, j])}, got {number(got[i, j])}",
            }
            for i in range(down.start, down.stop)
            for j in range(across.start, across.stop)
        ]
        yield {
            "title": plane.title,
            "width": (across.stop - across.start) * CELL,
            "height": (down.stop - down.start) * CELL,
            "cells": cells,
        }
