"""Sentences on the console, as they are: what a user's program says is no markup, and a line of a log is not broken."""

from rich.console import Console

from convoracle.harness.cli import COULD_NOT_RUN


def say(console: Console, sentence: str, style: str | None = None) -> None:
    """Print a sentence, or several lines."""
    console.print(sentence, style=style, markup=False, emoji=False, highlight=False, soft_wrap=True)


def could_not_run(console: Console, reason: object) -> int:
    """Say why something could not be run, and return the exit status that says so."""
    say(console, f"could not run: {reason}")
    return COULD_NOT_RUN
