"""Cabinets: sideboards, dressers, wardrobes, bookcases, hutches, lockers, night stands, kitchen units."""

from __future__ import annotations

from shapelift.synthesis.procedural.cabinet.geometry import build
from shapelift.synthesis.procedural.cabinet.parameters import CabinetParameters
from shapelift.synthesis.procedural.category import Category

__all__ = ["CATEGORY", "CabinetParameters", "build"]

CATEGORY = Category(CabinetParameters, build)
