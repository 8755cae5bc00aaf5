"""Ships and boats."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.vessel.geometry import build
from shapelift.synthesis.procedural.vessel.parameters import VesselParameters

__all__ = ["CATEGORY", "VesselParameters", "build"]

CATEGORY = Category(VesselParameters, build)
