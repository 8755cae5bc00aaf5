"""Cabinets: sideboards, dressers, wardrobes, bookcases, hutches, lockers, night stands, kitchen units."""

from __future__ import annotations

from shapelift.synthesis.procedural.cabinet.geometry import build
from shapelift.synthesis.procedural.cabinet.parameters import CabinetParameters

__all__ = ["CabinetParameters", "build"]
