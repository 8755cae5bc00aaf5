"""Rifles and other long guns."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.rifle.geometry import build
from shapelift.synthesis.procedural.rifle.parameters import RifleParameters

__all__ = ["CATEGORY", "RifleParameters", "build"]

CATEGORY = Category(RifleParameters, build)
