"""Meshes that pass through themselves are reported in one line, sound ones are not."""

from __future__ import annotations

from shapelift.geometry import Mesh
from shapelift.geometry.templates import icosphere
from shapelift.inference.self_intersections import self_intersection_warnings


def test_a_sound_mesh_says_nothing() -> None:
    assert self_intersection_warnings(icosphere(1)) == ()


def test_a_folded_mesh_says_how_often() -> None:
    ball = icosphere(2)
    vertices = ball.vertices.copy()
    centers = ball.corners.mean(axis=1)
    vertices[0] = 1.3 * centers[(centers @ vertices[0]).argmin()]
    (line,) = self_intersection_warnings(Mesh(vertices, ball.faces))
    assert "\n" not in line.message
    assert "passes through itself in 5 places" in line.message
