"""The reports as files, for other programs: JSON, JUnit XML for CI, and the failures as tests."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

import convoracle
from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.cases.choices import STREAM


def write_json(path: Path, verdicts: Sequence[Verdict], refused: Sequence[str], seed: int) -> None:
    """Write everything the reports hold."""
    content = {
        "convoracle": convoracle.__version__,
        "stream": STREAM,
        "seed": seed,
        "reports": [verdict.report.as_dict() for verdict in verdicts if verdict.report is not None],
        "could_not_run": list(refused),
    }
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def write_junit(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Write a test suite for each candidate, with a test case for each operation."""
    root = ET.Element("testsuites", name="convoracle")
    suites: dict[str, ET.Element] = {}
    for verdict in verdicts:
        name = verdict.job.source.name
        suite = suites.get(name)
        if suite is None:
            suite = suites[name] = ET.SubElement(root, "testsuite", name=name)
        seconds = verdict.report.seconds if verdict.report is not None else 0.0
        title = verdict.job.operation + (f" on {verdict.job.network}" if verdict.job.network else "")
        test = ET.SubElement(suite, "testcase", classname=name, name=title, time=f"{seconds:.3f}")
        if verdict.report is None:
            ET.SubElement(test, "error", message=_printable(str(verdict.refused)))
        for failure in verdict.report.failures if verdict.report is not None else ():
            element = ET.SubElement(test, "failure", type=failure.kind, message=_printable(failure.message))
            element.text = _printable(str(failure))
    for element in [root, *suites.values()]:
        tests = list(element.iter("testcase"))
        element.set("tests", str(len(tests)))
        element.set("failures", str(sum(test.find("failure") is not None for test in tests)))
        element.set("errors", str(sum(test.find("error") is not None for test in tests)))
        element.set("time", f"{sum(float(test.get('time', '0')) for test in tests):.3f}")
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def write_tests(path: Path, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Write every failure as a test file, and yield a sentence about each: one goes to `path`, several beside it."""
    failures = [
        (verdict.job, failure)
        for verdict in verdicts
        for failure in (verdict.report.failures if verdict.report is not None else ())
    ]
    for position, (job, failure) in enumerate(failures):
        file = path if len(failures) == 1 else path.with_stem(f"{path.stem}_{position}_{job.operation}")
        what = f"{job.operation}, {job.source.name}"
        if not failure.script:
            yield f"{what}: no test file: {failure.without_script()}"
            continue
        file.write_text(failure.script, encoding="utf-8")
        yield f"{what}: a test that fails until it is right: python -m pytest {file}"


def _printable(text: str) -> str:
    """Return the text without the control characters that XML cannot hold, which an exception's message may."""
    return "".join(character if character.isprintable() or character in "\n\t" else "?" for character in text)
