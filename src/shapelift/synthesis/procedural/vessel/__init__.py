"""Ships and boats."""

from shapelift.synthesis.procedural.vessel.geometry import build
from shapelift.synthesis.procedural.vessel.parameters import VesselParameters

__all__ = ["VesselParameters", "build"]
