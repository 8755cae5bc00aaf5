"""Displays: flat and curved monitors, televisions on feet or on the wall, tube sets, laptops, pairs on a pole."""

from shapelift.synthesis.procedural.display.geometry import CATEGORY

__all__ = ["CATEGORY"]
