"""The families: one file each, one line in `FAMILIES` each."""

from __future__ import annotations

from shapelift.models.base import (
    Batch,
    Frame,
    Graph,
    Prediction,
    Reconstructor,
    ReconstructorConfig,
    Thresholded,
    config_from_json,
)
from shapelift.models.implicit import ImplicitConfig

FAMILIES: dict[str, type[ReconstructorConfig]] = {
    "implicit": ImplicitConfig,
}

__all__ = [
    "FAMILIES",
    "Batch",
    "Frame",
    "Graph",
    "ImplicitConfig",
    "Prediction",
    "Reconstructor",
    "ReconstructorConfig",
    "Thresholded",
    "config_from_json",
]
