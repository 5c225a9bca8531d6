"""What ``convoracle`` and ``python -m convoracle`` run: the command line, imported where an interrupt is expected."""

import sys


def main() -> None:
    """Run the command line; an interrupt while its modules are imported ends it as one does later."""
    try:
        from convoracle.harness.cli import main as command_line
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(2)
    command_line(prog_name="convoracle")


if __name__ == "__main__":
    main()
