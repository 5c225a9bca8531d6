"""The table of verdicts, as it is printed on a narrow terminal."""

from io import StringIO

import pytest
from rich.console import Console

from convoracle.harness import Failure
from convoracle.harness.campaigns.campaign import Verdict
from convoracle.harness.campaigns.worker import Job
from convoracle.harness.candidates.source import Source
from convoracle.harness.cli.tables import verdict_table
from convoracle.harness.report import Report

NARROW = """\

                                    error /
 operation        candidate  cases    bound  grade  verdict
 ──────────────────────────────────────────────────────────
 conv2d_input_gr  my_kernel     20        0    A    right
 ad               s:conv2d
 max_pool2d       my_kernel      1        -  fail   WRONG:
                  s:conv2d                          values
 softmax          my_kernel      -        -    -    not run
                  s:conv2d

"""


@pytest.fixture
def verdicts() -> list[Verdict]:
    """One that is right, one that is wrong, and one that there is none of."""
    source = Source.of_candidate("my_kernels:conv2d", None)
    jobs = [Job(source, operation, 20, 0, None, None) for operation in ("conv2d_input_grad", "max_pool2d", "softmax")]
    reports = [Report(job.operation, "my_kernels:conv2d", "componentwise", ("float32",), 20, 0) for job in jobs[:2]]
    reports[0].cases, reports[1].cases = 20, 1
    reports[0].add_ratios("float32", {"componentwise": 0.0})
    reports[1].failures.append(Failure("values", "exact", "", "", "", 0, ""))
    return [*map(Verdict, jobs, reports), Verdict(jobs[2], refused="no such function")]


def test_no_word_is_cut_on_a_narrow_terminal(verdicts: list[Verdict]) -> None:
    written = StringIO()
    Console(file=written, width=60).print(verdict_table(verdicts, 60))
    assert [line.rstrip() for line in written.getvalue().splitlines()] == NARROW.splitlines()
