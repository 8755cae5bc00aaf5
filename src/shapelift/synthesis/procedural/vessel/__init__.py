"""Ships and boats."""

from shapelift.synthesis.procedural.vessel.geometry import CATEGORY

__all__ = ["CATEGORY"]
