"""Lamps: table, floor, tripod, desk arm, arc, pendant, chandelier, lantern and wall lamps."""

from shapelift.synthesis.procedural.lamp.geometry import CATEGORY

__all__ = ["CATEGORY"]
