"""Colours of a surface that was found from one picture: read from it where it is seen, guessed where it is not."""

from shapelift.coloring.surface import SurfaceColors, surface_colors

__all__ = ["SurfaceColors", "surface_colors"]
