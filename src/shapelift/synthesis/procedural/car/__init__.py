"""Cars."""

from __future__ import annotations

from shapelift.synthesis.procedural.car.geometry import build
from shapelift.synthesis.procedural.car.parameters import CarParameters
from shapelift.synthesis.procedural.category import Category

__all__ = ["CATEGORY", "CarParameters", "build"]

CATEGORY = Category(CarParameters, build)
