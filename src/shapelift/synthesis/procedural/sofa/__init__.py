"""Sofas: armchair-wide to four seats, with chaise or corner, from boxy to rolled and wooden-framed."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.sofa.geometry import build
from shapelift.synthesis.procedural.sofa.parameters import SofaParameters

__all__ = ["CATEGORY", "SofaParameters", "build"]

CATEGORY = Category(SofaParameters, build)
