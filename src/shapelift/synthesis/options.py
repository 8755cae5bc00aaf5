"""What a data set is made with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import get_args

from shapelift.geometry.viewpoints import FixedCount
from shapelift.synthesis.environment_files import EnvironmentFiles

__all__ = ["RecordOptions", "SynthesisOptions"]


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
        depth_views: Orthographic depth views from random viewpoints, beside those of a fixed set; 0 for neither.
        fixed_views: Which fixed set (see `geometry.fixed_cameras`).
        depth_size_px: Side of the depth views.
        depth_extent: Object units along that side. Anything in the unit cube fits into 1.75 from every direction, as
            its diagonal is 1.73; less shows slender shapes larger, and cuts off the corners of others.
    """

    views: int = 12
    size_px: int = 128
    uniform_count: int = 100_000
    near_count: int = 50_000
    surface_count: int = 100_000
    supersampling: int = 2
    depth_views: int = 0
    fixed_views: FixedCount = 8
    depth_size_px: int = 128
    depth_extent: float = 1.75
    environments: EnvironmentFiles | None = None
    environment_share: float = 0.5

    def __post_init__(self) -> None:
        if self.fixed_views not in get_args(FixedCount):
            sets = ", ".join(map(str, get_args(FixedCount)))
            raise ValueError(f"fixed_views must be one of {sets}, not {self.fixed_views}")
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
    "depth_views": (0, 1000),
    "depth_size_px": (8, 1024),
    "depth_extent": (0.5, 10.0),
    "environment_share": (0.0, 1.0),
}
MOST_VARIANTS = 100
_OF_DEPTH_VIEWS = {"depth_views", "fixed_views", "depth_size_px", "depth_extent"}
_OF_ENVIRONMENTS = {"environments", "environment_share"}


@dataclass(frozen=True, kw_only=True)
class SynthesisOptions(RecordOptions):
    """How a data set is made: what a record holds (see `RecordOptions`), which shapes, and by how many processes.

    Attributes:
        seed: Of all randomness.
        count: How many shapes of the source; None for all (of procedural sources: 100 of each category).
        variants: So many variants, stretched and mirrored, of every shape of the training split (see `variants`).
        workers: Processes; None for one per available core. Does not change the result.
        up_axis: Which axis of the mesh files points up; None for what `sources.open_source` says.
    """

    seed: int = 0
    count: int | None = None
    variants: int = 0
    workers: int | None = None
    up_axis: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, not {self.seed}")
        if not 0 <= self.variants <= MOST_VARIANTS:
            raise ValueError(f"variants must lie between 0 and {MOST_VARIANTS}, not {self.variants}")
        if self.workers is not None and self.workers < 1:
            raise ValueError(f"workers must be at least 1, not {self.workers}")

    @property
    def parameters(self) -> dict[str, int | float | str]:
        """What decides the content of a record, next to the source and the seed."""
        left_out = {"seed", "count", "variants", "workers"}
        if not self.depth_views:
            left_out |= _OF_DEPTH_VIEWS
        if self.up_axis is None:
            left_out.add("up_axis")
        if self.environments is None:
            left_out |= _OF_ENVIRONMENTS
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in left_out}
        if self.environments is not None:
            found["environments"] = str(self.environments)
        return found
