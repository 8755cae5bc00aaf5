"""Loudspeakers: bookshelf boxes, towers, monitors, stage boxes, horns, subwoofers, cylinders, soundbars, spheres."""

from shapelift.synthesis.procedural.loudspeaker.geometry import CATEGORY

__all__ = ["CATEGORY"]
