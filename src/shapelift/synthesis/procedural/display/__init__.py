"""Displays: flat and curved monitors, televisions on feet or on the wall, tube sets, laptops, pairs on a pole."""

from __future__ import annotations

from shapelift.synthesis.procedural.display.geometry import build
from shapelift.synthesis.procedural.display.parameters import DisplayParameters

__all__ = ["DisplayParameters", "build"]
