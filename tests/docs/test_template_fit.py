"""What holds a mesh together, held to numbers: all terms against Chamfer's distance alone, without image or network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from experiments.template_fit import LONG, Figures, Schedule, figures, fit, mean_figures

from shapelift.geometry import Mesh
from shapelift.geometry.templates import ellipsoid_mesh, icosphere
from shapelift.geometry.topology import euler_characteristic
from shapelift.meshing import to_point_cloud
from shapelift.recipes.deform import deform_chamfer_only, deform_compact
from shapelift.solids import check
from shapelift.synthesis import procedural

pytestmark = pytest.mark.slow


def test_all_terms_beat_the_distance_alone_at_the_same_distance() -> None:
    torch.set_num_threads(1)
    meshes = [procedural.build(category, seed).mesh for category, seed in (("sofa", 1), ("car", 2))]
    shapes = [to_point_cloud(mesh, 8000, np.random.default_rng(0)) for mesh in meshes]
    schedule = Schedule(steps=(50, 50), truth_points=800, points=800)
    rows = []
    for recipe in (deform_compact(), deform_chamfer_only()):
        stages = fit(recipe.model.mesh, shapes, recipe.model.terms, schedule)
        assert [len(mesh.vertices) for mesh in stages[0]] == [156, 618]
        for mesh in (mesh for item in stages for mesh in item):
            report = check(mesh)
            assert report.is_watertight
            assert report.is_oriented
            assert euler_characteristic(mesh) == 2
        rows.append(mean_figures([figures(item[-1], shape) for item, shape in zip(stages, shapes, strict=True)]))
    everything, alone = rows
    assert everything.chamfer_l1 < 1.05 * alone.chamfer_l1
    assert everything.normal_consistency > alone.normal_consistency + 0.02
    assert everything.edge_spread < 0.8 * alone.edge_spread
    assert everything.self_intersections < 0.5 * alone.self_intersections


def test_figures_of_a_sphere() -> None:
    ball = icosphere(3)
    found = figures(ball, to_point_cloud(icosphere(4), 20_000, np.random.default_rng(1)))
    assert found.chamfer_l1 < 0.008  # points on a sphere of an area of 3.1 have this distance from each other
    assert found.normal_consistency > 0.99
    assert found.edge_spread < 0.1
    assert (found.self_intersections, found.flying_vertices) == (0.0, 0.0)
    vertices = ball.vertices.copy()
    vertices[5] *= 1.8
    spiked = figures(Mesh(vertices, ball.faces), to_point_cloud(ball, 20_000, np.random.default_rng(1)))
    assert np.linalg.norm(ball.vertices[5]) * 0.8 > LONG * 0.08  # how far it stands out, and the length of an edge
    assert spiked.flying_vertices in {6.0, 7.0}  # the vertex and its neighbours
    assert spiked.edge_spread > found.edge_spread


def test_means_and_repetition() -> None:
    one, two = Figures(1.0, 0.5, 0.2, 4.0, 0.0), Figures(3.0, 0.7, 0.4, 0.0, 2.0)
    assert dataclasses.astuple(mean_figures([one, two])) == pytest.approx((2.0, 0.6, 0.3, 2.0, 1.0))
    cloud = to_point_cloud(icosphere(2), 500, np.random.default_rng(0))
    terms, schedule = deform_compact().model.terms, Schedule(steps=(3, 2), truth_points=100, points=100)
    first, again = (fit(ellipsoid_mesh((0.3, 0.3, 0.3), 30), [cloud], terms, schedule, seed=4) for _ in range(2))
    for mesh, same in zip(first[0], again[0], strict=True):
        np.testing.assert_array_equal(mesh.vertices, same.vertices)
