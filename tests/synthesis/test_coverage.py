"""The check after labelling: visible surface against the labelled solid, and how much is enclosed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from solids_with_answers import ball, box, mesh_of, without

from shapelift.geometry import Camera
from shapelift.pictures.rendering import studio_lighting
from shapelift.synthesis.cameras import framed_camera
from shapelift.synthesis.coverage import ENCLOSED, UNLABELLED, checked, enclosed_share, flags, unlabelled_share
from shapelift.synthesis.labels import UnusableShapeError, label
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.occupancy import Solid
from shapelift.synthesis.renderer import Scene, render_view


def seen(mesh, *sides, size=40):
    scene = Scene(Asset.of_mesh(mesh, Material((0.5, 0.5, 0.5))))
    cameras = [framed_camera(mesh.vertices, *side, 30.0, 3.0, size) for side in sides]
    return [render_view(scene, camera, studio_lighting(0.0), 1) for camera in cameras], cameras


def share(contains, mesh, *sides):
    views, cameras = seen(mesh, *sides)
    depth, normals = np.stack([view.depth for view in views]), np.stack([view.normals for view in views])
    return unlabelled_share(contains, depth, normals, cameras)


AROUND = [(0.0, 20.0), (90.0, 0.0), (200.0, 40.0)]


def test_a_solid_that_is_what_is_seen():
    for mesh in (box(), ball(0.5)):
        assert share(Solid(mesh).contains, mesh, *AROUND) == 0.0


def test_nothing_labelled_and_everything_labelled_are_both_wrong():
    assert share(lambda points: np.zeros(len(points), bool), box(), *AROUND) == 1.0
    assert share(lambda points: np.ones(len(points), bool), box(), *AROUND) == 1.0


def test_the_part_that_is_missing_counts():
    lower = lambda points: (np.abs(points) < [0.5, 0.3, 0.2]).all(axis=1) & (points[:, 1] < 0.0)  # noqa: E731
    # straight from the front half of the box is above; the labels end where they end, within the distance
    found = share(lower, box(), (0.0, 0.0))
    assert found == pytest.approx((0.3 - 0.0) / 0.6, abs=0.05)


@pytest.mark.parametrize(("shift", "expected"), [(0.015, 0.0), (-0.015, 0.0), (0.025, 1.0), (-0.025, 1.0)])
def test_a_surface_within_two_percent_is_the_same(shift, expected):
    moved = lambda points: points[:, 2] < 0.2 + shift  # noqa: E731
    assert share(moved, box(), (0.0, 0.0)) == expected


def test_a_full_bowl_is_not_what_is_seen_from_above():
    shape = ball(0.5, subdivisions=4)
    bowl = without(shape, np.flatnonzero(shape.corners.mean(axis=1)[:, 1] > 0.0))
    solid = Solid(bowl)
    assert solid.contains([[0.0, -0.2, 0.0]]).all()  # holes are bridged
    assert share(solid.contains, bowl, (0.0, 89.0)) > 0.9
    assert share(solid.contains, bowl, (0.0, -60.0)) < 0.01


def test_nothing_visible():
    empty = np.zeros((1, 8, 8), np.float32)
    camera = Camera.orbit(0.0, 0.0, 2.0, 30.0, (8, 8))
    assert unlabelled_share(lambda points: points[:, 0] > 0, empty, np.zeros((1, 8, 8, 3)), [camera]) == 0.0


def test_what_a_record_says_and_what_is_flagged():
    mesh = box()
    solid = Solid(mesh)
    labels = label(solid, 4000, 100, 100, np.random.default_rng(0))
    assert enclosed_share(labels) == pytest.approx(1.0 * 0.6 * 0.4, rel=2e-3)
    views, cameras = seen(mesh, *AROUND)
    said = checked(solid, labels, views, cameras)
    assert said == {UNLABELLED: "0.0000", ENCLOSED: f"{enclosed_share(labels):.5f}"}
    assert flags(said) == ()
    assert flags({}) == ()  # records made before there was a check
    assert flags({UNLABELLED: "0.1000", ENCLOSED: "0.00300"}) == ()
    assert flags({UNLABELLED: "0.1300", ENCLOSED: "0.00290"}) == (
        "labels lack 13% of the visible surface",
        "encloses 0.29% of the unit cube",
    )
    hidden = [replace(view, depth=view.depth * np.float32(0.8)) for view in views]
    with pytest.raises(UnusableShapeError, match="labels lack 100% of the visible surface"):
        checked(solid, labels, hidden, cameras)


def test_a_sheet_is_labelled():
    square = mesh_of([[-0.5, -0.2, -0.5], [0.5, -0.2, -0.5], [0.5, 0.2, 0.5], [-0.5, 0.2, 0.5]], [[0, 1, 2], [0, 2, 3]])
    solid = Solid(square)
    assert share(solid.encloses, square, *AROUND) == 1.0
    assert share(solid.contains, square, *AROUND) == 0.0
