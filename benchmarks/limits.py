"""What is left out, and why: declared here, never found by trying."""

from asv_runner.benchmarks.mark import SkipNotImplemented

# Multiply-accumulates above which one call takes so long that nobody would wait for a series of them.
MOST_MACS = {
    "scipy": (10_000_000, "20 to 300 ns per MAC"),
    "scipy-fft": (60_000_000, "5 to 120 ns per MAC"),
}


def reason_to_leave_out(operation: str, backend: str, macs: int = 0) -> str | None:
    """Return why a combination is not measured, or None if it is."""
    from convoracle.fast import registry

    if backend not in registry.variants(operation):
        return f"backend {backend} does not do {operation}"
    missing = registry.variant(operation, backend).missing()
    if missing:
        return f"backend {backend} needs {missing}"
    most, speed = MOST_MACS.get(backend, (macs, ""))
    return f"backend {backend} takes {speed}: left out above {most} MACs" if macs > most else None


def leave_out(operation: str, backend: str, macs: int = 0) -> None:
    """Raise what asv shows as n/a if a combination is not measured; called first in every setup."""
    reason = reason_to_leave_out(operation, backend, macs)
    if reason:
        raise SkipNotImplemented(reason)
