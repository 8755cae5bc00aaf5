"""Cabinets: sideboards, dressers, wardrobes, bookcases, hutches, lockers, night stands, kitchen units."""

from shapelift.synthesis.procedural.cabinet.geometry import CATEGORY

__all__ = ["CATEGORY"]
