"""Chairs: from stools and dining chairs to office, club, rocking and cantilever chairs."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.chair.geometry import build
from shapelift.synthesis.procedural.chair.parameters import ChairParameters

__all__ = ["CATEGORY", "ChairParameters", "build"]

CATEGORY = Category(ChairParameters, build)
