"""Tables: dining, coffee, side, work, pedestal and trestle tables, desks."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.table.geometry import build
from shapelift.synthesis.procedural.table.parameters import TableParameters

__all__ = ["CATEGORY", "TableParameters", "build"]

CATEGORY = Category(TableParameters, build)
