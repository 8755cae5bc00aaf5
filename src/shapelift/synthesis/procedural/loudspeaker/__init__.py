"""Loudspeakers: bookshelf boxes, towers, monitors, stage boxes, horns, subwoofers, cylinders, soundbars, spheres."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.loudspeaker.geometry import build
from shapelift.synthesis.procedural.loudspeaker.parameters import LoudspeakerParameters

__all__ = ["CATEGORY", "LoudspeakerParameters", "build"]

CATEGORY = Category(LoudspeakerParameters, build)
