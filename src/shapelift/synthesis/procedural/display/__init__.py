"""Displays: flat and curved monitors, televisions on feet or on the wall, tube sets, laptops, pairs on a pole."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.display.geometry import build
from shapelift.synthesis.procedural.display.parameters import DisplayParameters

__all__ = ["CATEGORY", "DisplayParameters", "build"]

CATEGORY = Category(DisplayParameters, build)
