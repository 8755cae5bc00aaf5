"""Cars."""

from shapelift.synthesis.procedural.car.geometry import CATEGORY

__all__ = ["CATEGORY"]
