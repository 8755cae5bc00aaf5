"""Rifles and other long guns."""

from shapelift.synthesis.procedural.rifle.geometry import CATEGORY

__all__ = ["CATEGORY"]
