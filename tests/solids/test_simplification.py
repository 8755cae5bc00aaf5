"""Fewer triangles: as many as allowed, closed, and nearly the same surface."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from shapelift.geometry import Box, ImplicitField, Mesh
from shapelift.geometry.templates import icosphere
from shapelift.meshing import mesh_field
from shapelift.meshing.points import sample_surface
from shapelift.metrics.surface_distance import SurfaceDistance
from shapelift.solids import check, printable
from shapelift.solids.simplification import simplified

BOX = Box((-0.7,) * 3, (0.7,) * 3)


def stool() -> Mesh:
    """A seat on four thin legs, with a wavy surface."""

    def inside(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        x, y, z = points.T
        seat = np.minimum(0.45 - np.hypot(x, z), 0.08 - np.abs(y - 0.4 + 0.01 * np.sin(20 * x)))
        legs = np.minimum(0.05 - np.hypot(np.abs(x) - 0.25, np.abs(z) - 0.25), 0.45 - np.abs(y))
        return np.asarray(np.maximum(seat, legs), np.float32)

    return printable(mesh_field(ImplicitField(inside, BOX), resolution=192), minimum_share=0.0)


def apart(first: Mesh, second: Mesh) -> float:
    points = [sample_surface(mesh, 20_000, np.random.default_rng(0)).points for mesh in (first, second)]
    return float(SurfaceDistance(second)(points[0]).mean() + SurfaceDistance(first)(points[1]).mean()) / 2.0


@pytest.mark.slow
@pytest.mark.parametrize(("share", "moved"), [(0.5, 0.001), (0.1, 0.0025), (0.03, 0.006)])
def test_so_many_faces_and_no_more(share: float, moved: float) -> None:
    mesh = stool()
    most = round(share * len(mesh.faces))
    found = simplified(mesh, most)
    assert 0.5 * most < len(found.faces) <= most
    assert not check(found).problems
    assert found.volume == pytest.approx(mesh.volume, rel=0.1)
    assert apart(mesh, found) < moved


@pytest.mark.slow
def test_legs_stay() -> None:
    mesh = stool()
    found = simplified(mesh, len(mesh.faces) // 10)
    for x in (-0.25, 0.25):
        for z in (-0.25, 0.25):
            near = np.hypot(found.vertices[:, 0] - x, found.vertices[:, 2] - z) < 0.08
            assert found.vertices[near, 1].min() < -0.44


def test_what_is_small_enough_stays_as_it_is() -> None:
    mesh = Mesh(icosphere(2).vertices, icosphere(2).faces)
    found = simplified(mesh.colored(np.zeros((len(mesh.vertices), 3), np.uint8)), 10_000)
    np.testing.assert_array_equal(found.vertices, mesh.vertices)
    assert found.colors is None


def test_a_budget_that_no_solid_of_these_parts_has() -> None:
    ball = Mesh(icosphere(3).vertices, icosphere(3).faces)
    assert len(simplified(ball, 60).faces) <= 60
    with pytest.raises(ValueError, match="at least 4"):
        simplified(ball, 3)
    with pytest.raises(ValueError, match="more than 6"):
        simplified(ball, 6)
