"""Sofas: armchair-wide to four seats, with chaise or corner, from boxy to rolled and wooden-framed."""

from shapelift.synthesis.procedural.sofa.geometry import CATEGORY

__all__ = ["CATEGORY"]
