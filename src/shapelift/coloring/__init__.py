"""Colours of a surface that was found from one picture: read from it where it is seen, guessed where it is not."""

from shapelift.coloring.camera_fit import fitted_camera
from shapelift.coloring.surface import SurfaceColors, surface_colors
from shapelift.coloring.symmetry import MirrorPlane, mirror_plane
from shapelift.coloring.visibility import visible_share

__all__ = ["MirrorPlane", "SurfaceColors", "fitted_camera", "mirror_plane", "surface_colors", "visible_share"]
