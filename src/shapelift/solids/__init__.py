"""From a mesh to a solid that can be printed: check, clean, choose volumes, size."""

from shapelift.solids.check import MeshReport, check
from shapelift.solids.intersections import SelfIntersections, self_intersections
from shapelift.solids.printing import printable
from shapelift.solids.volumes import keep_volumes

__all__ = [
    "MeshReport",
    "SelfIntersections",
    "check",
    "keep_volumes",
    "printable",
    "self_intersections",
]
