"""Tables: dining, coffee, side, work, pedestal and trestle tables, desks."""

from shapelift.synthesis.procedural.table.geometry import CATEGORY

__all__ = ["CATEGORY"]
