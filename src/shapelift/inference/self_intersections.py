"""Predicted meshes that pass through themselves."""

from __future__ import annotations

from shapelift.errors import Doubt
from shapelift.geometry import Mesh


def self_intersection_warnings(mesh: Mesh) -> tuple[Doubt, ...]:
    """A line for the user where the surface of a predicted mesh passes through itself, and how often.

    Such a mesh is closed and oriented all the same: a slicer fills what it goes around.
    """
    from shapelift.solids.intersections import self_intersections

    count = len(self_intersections(mesh))
    if not count:
        return ()
    places = "place" if count == 1 else "places"
    line = f"the surface passes through itself in {count} {places} (edges through faces); thin parts may be folded"
    return (Doubt("passes-through-itself", line),)
