"""Lamps: table, floor, tripod, desk arm, arc, pendant, chandelier, lantern and wall lamps."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.lamp.geometry import build
from shapelift.synthesis.procedural.lamp.parameters import LampParameters

__all__ = ["CATEGORY", "LampParameters", "build"]

CATEGORY = Category(LampParameters, build)
