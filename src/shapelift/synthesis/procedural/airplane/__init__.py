"""Aeroplanes."""

from shapelift.synthesis.procedural.airplane.geometry import build
from shapelift.synthesis.procedural.airplane.parameters import AirplaneParameters

__all__ = ["AirplaneParameters", "build"]
