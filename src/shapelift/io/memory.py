"""How much memory is left, asked before much of it is taken."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

_UNLIMITED = 1 << 60


def available_bytes() -> int | None:
    """Memory that this process can still get: machine, control group and own limits; None: unknown."""
    found = [value for value in (_machine_bytes(), _group_bytes(), _process_bytes()) if value is not None]
    return min(found) if found else None


def megabytes(size: int) -> int:
    """Bytes as whole megabytes, rounded up, for messages."""
    return math.ceil(size / 1e6)


def _machine_bytes() -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _group_bytes() -> int | None:
    root = Path("/sys/fs/cgroup")
    for limit, usage in (
        (root / "memory.max", root / "memory.current"),
        (root / "memory" / "memory.limit_in_bytes", root / "memory" / "memory.usage_in_bytes"),
    ):
        # "max" where nothing is limited
        with contextlib.suppress(OSError, ValueError):
            total = int(limit.read_text(encoding="ascii"))
            if total < _UNLIMITED:
                return max(0, total - int(usage.read_text(encoding="ascii")) + _cached_bytes(limit.parent))
    return None


def _cached_bytes(group: Path) -> int:
    """File pages that count as used but are given back on demand."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (group / "memory.stat").read_text(encoding="ascii").splitlines():
            if line.startswith(("inactive_file ", "total_inactive_file ")):
                return int(line.split()[1])
    return 0


def _process_bytes() -> int | None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit not in (resource.RLIM_INFINITY, -1) and limit < _UNLIMITED:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            return max(0, limit - pages * resource.getpagesize())
    return None
