"""Pictures of meshes without a renderer: which triangle every pixel sees, and views in plain light."""

from shapelift.rendering.pixel_rays import Crossings, FirstHits, pixel_crossings
from shapelift.rendering.views import PLAIN_COLOR, beside, view, view_camera

__all__ = ["PLAIN_COLOR", "Crossings", "FirstHits", "beside", "pixel_crossings", "view", "view_camera"]
