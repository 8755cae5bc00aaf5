"""Aeroplanes."""

from shapelift.synthesis.procedural.airplane.geometry import CATEGORY

__all__ = ["CATEGORY"]
