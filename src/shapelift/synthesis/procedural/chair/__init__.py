"""Chairs: from stools and dining chairs to office, club, rocking and cantilever chairs."""

from shapelift.synthesis.procedural.chair.geometry import CATEGORY

__all__ = ["CATEGORY"]
