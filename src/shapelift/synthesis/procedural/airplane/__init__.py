"""Aeroplanes."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.airplane.geometry import build
from shapelift.synthesis.procedural.airplane.parameters import AirplaneParameters

__all__ = ["CATEGORY", "AirplaneParameters", "build"]

CATEGORY = Category(AirplaneParameters, build)
