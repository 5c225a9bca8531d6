"""Cold caches: before a call, everything it could find in a cache is driven out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

LEAST_FLUSHED = 1 << 26
"""Bytes written where the last level is small or unknown."""


def last_level_bytes() -> int | None:
    """Return the size of the largest cache of the first processor, as Linux tells it; None elsewhere."""
    sizes = cache_bytes()
    return max(sizes.values()) if sizes else None


def cache_bytes() -> dict[int, int]:
    """Return the bytes of each level of data cache of the first processor; empty where the system does not tell."""
    sizes: dict[int, int] = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            if (folder / "type").read_text().strip() == "Instruction":
                continue
            size = (folder / "size").read_text().strip()
            sizes[int((folder / "level").read_text())] = int(size.removesuffix("K")) * 1024
        except (OSError, ValueError):
            continue
    return sizes


def flusher() -> Callable[[], None]:
    """Return a function that writes twice as much memory as the last level of cache holds."""
    buffer = np.zeros(max(2 * (last_level_bytes() or 0), LEAST_FLUSHED), np.uint8)

    def flush() -> None:
        np.add(buffer, 1, out=buffer)

    return flush
