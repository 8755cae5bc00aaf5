"""Cars."""

from shapelift.synthesis.procedural.car.geometry import build
from shapelift.synthesis.procedural.car.parameters import CarParameters

__all__ = ["CarParameters", "build"]
