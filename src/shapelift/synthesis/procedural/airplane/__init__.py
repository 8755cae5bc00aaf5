"""Aeroplanes."""

from __future__ import annotations

from shapelift.synthesis.procedural.airplane.geometry import build
from shapelift.synthesis.procedural.airplane.parameters import AirplaneParameters
from shapelift.synthesis.procedural.category import Category

__all__ = ["CATEGORY", "AirplaneParameters", "build"]

CATEGORY = Category(AirplaneParameters, build)
