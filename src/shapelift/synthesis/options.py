"""What a data set is made with."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class RecordOptions:
    """What a record holds.

    Attributes:
        views: Number of images.
        size_px: Side of the square images.
        uniform_count: About how many uniform points (see `labels`).
        near_count: Points near the surface.
        surface_count: Points on the surface.
        supersampling: Rays per pixel and axis.
    """

    views: int = 12
    size_px: int = 128
    uniform_count: int = 100_000
    near_count: int = 50_000
    surface_count: int = 100_000
    supersampling: int = 2

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must lie between {low} and {high}, not {value}")


_RANGES = {
    "views": (1, 1000),
    "size_px": (16, 2048),
    "uniform_count": (1000, 10_000_000),
    "near_count": (1, 10_000_000),
    "surface_count": (1, 10_000_000),
    "supersampling": (1, 8),
}


@dataclass(frozen=True, kw_only=True)
class SynthesisOptions(RecordOptions):
    """How a data set is made: what a record holds (see `RecordOptions`), which shapes, and by how many processes.

    Attributes:
        seed: Of all randomness.
        count: How many shapes of the source; None for all (of procedural sources: 100 of each category).
        workers: Processes; None for one per available core. Does not change the result.
    """

    seed: int = 0
    count: int | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, not {self.seed}")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, not {self.workers}")

    @property
    def parameters(self) -> dict[str, int]:
        """What decides the content of a record, next to the source and the seed."""
        return {name: value for name, value in asdict(self).items() if name not in {"seed", "count", "workers"}}
