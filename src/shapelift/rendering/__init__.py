"""Pictures of meshes without a renderer: which triangle every pixel sees, and views in plain light."""

from shapelift.rendering.views import view

__all__ = ["view"]
