"""Operators on meshes: loop twins, exact answers, gradients, degenerate input."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from shapelift.geometry import Camera
from shapelift.geometry.templates import ellipsoid_mesh, icosphere
from shapelift.ops.closed_surface import winding_numbers
from shapelift.ops.graph_convolution import Neighbourhood, neighbour_sum
from shapelift.ops.surface_samples import face_crosses, sample_faces, uniform_numbers
from shapelift.ops.vertex_pooling import pool_vertices, project
from shapelift.solids.volumes import winding_number

EDGES = torch.tensor([[0, 1], [0, 2], [0, 3], [1, 2]])  # vertex 4 has no neighbour


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_neighbour_sums_equal_the_dense_matrices() -> None:
    values = torch.rand(2, 5, 7, generator=generator(0), dtype=torch.float64)
    adjacency = torch.zeros(5, 5, dtype=torch.float64)
    for a, b in EDGES.tolist():
        adjacency[a, b] = adjacency[b, a] = 1.0
    loops = adjacency + torch.eye(5, dtype=torch.float64)
    scale = torch.diag(loops.sum(dim=1) ** -0.5)
    found = neighbour_sum(values, Neighbourhood.normalised(EDGES, 5))
    torch.testing.assert_close(found, scale @ loops @ scale @ values, rtol=1e-6, atol=1e-6)
    mean = adjacency / adjacency.sum(dim=1, keepdim=True).clamp_min(1.0)
    found = neighbour_sum(values, Neighbourhood.mean(EDGES, 5))
    torch.testing.assert_close(found, mean @ values, rtol=1e-6, atol=1e-6)
    assert (found[:, 4] == 0.0).all()


def test_neighbour_sums_have_the_right_gradient() -> None:
    values = torch.rand(1, 5, 2, generator=generator(1), dtype=torch.float64, requires_grad=True)
    hood = Neighbourhood.normalised(EDGES, 5)
    assert torch.autograd.gradcheck(lambda x: neighbour_sum(x, hood), (values,))


# -- projection and pooling -------------------------------------------------------------------------------------------


def test_projection_equals_the_camera_and_stays_finite_behind_it() -> None:
    camera = Camera.orbit(0.0, 25.0, 2.0, 35.0, (64, 64)).window(3.0, -4.0, 50.0, 64)
    points = torch.rand(1, 20, 3, generator=generator(2), dtype=torch.float64) - 0.5
    matrices = [torch.from_numpy(m.copy())[None] for m in (camera.intrinsics, camera.camera_from_world)]
    np.testing.assert_allclose(project(points, *matrices)[0], camera.project(points[0])[0], rtol=1e-9)
    behind = torch.from_numpy(np.stack([camera.position * 2.0, camera.position])[None]).requires_grad_()
    pixels = project(behind, *matrices)
    assert pixels.isfinite().all()
    pixels.sum().backward()
    assert behind.grad is not None
    assert behind.grad.isfinite().all()


def bilinear(values: np.ndarray, column: float, row: float, size: int) -> np.ndarray:
    """One place of one map `c h w`, by the definition; pixel centres at +0.5, the border repeated."""
    height, width = values.shape[1:]
    x, y = column * width / size - 0.5, row * height / size - 0.5
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = min(int(x), max(width - 2, 0)), min(int(y), max(height - 2, 0))
    total = np.zeros(len(values))
    for down in (0, 1):
        for right in (0, 1):
            share = (1.0 - abs(y - top - down)) * (1.0 - abs(x - left - right))
            total += share * values[:, min(top + down, height - 1), min(left + right, width - 1)]
    return total


def test_pooling_equals_its_loop_also_at_integers_and_outside() -> None:
    size = 32
    maps = [torch.rand(2, c, s, s, generator=generator(c), dtype=torch.float64) for c, s in ((3, 16), (5, 4), (2, 1))]
    pixels = torch.rand(2, 40, 2, generator=generator(9), dtype=torch.float64) * 60.0 - 14.0
    pixels[:, :10] = pixels[:, :10].round()  # integer places
    pixels[:, 10:20] = pixels[:, 10:20].floor() + 0.5  # centres of pixels
    pixels[:, 20] = torch.tensor([16.0, 16.0])
    found = pool_vertices(maps, pixels, size)
    assert found.shape == (2, 40, 10)
    for item in range(2):
        for place in range(40):
            column, row = pixels[item, place].tolist()
            expected = np.concatenate([bilinear(values[item].numpy(), column, row, size) for values in maps])
            np.testing.assert_allclose(found[item, place], expected, atol=1e-12)


def test_pooling_is_exact_on_a_ramp_at_every_resolution() -> None:
    size, pixels = 64, torch.tensor([[[32.0, 20.0], [31.5, 40.5], [17.25, 33.0]]])
    ramps = []
    for side in (32, 16, 8):
        centre = (torch.arange(side) + 0.5) * size / side
        ramps.append(torch.stack([centre.expand(side, side), centre[:, None].expand(side, side)])[None])
    found = pool_vertices(ramps, pixels, size)
    torch.testing.assert_close(found, pixels.repeat(1, 1, 3))


def test_pooling_gradients() -> None:
    values = torch.rand(1, 2, 4, 4, generator=generator(3), dtype=torch.float64, requires_grad=True)
    pixels = (torch.rand(1, 5, 2, generator=generator(4), dtype=torch.float64) * 8.0 + 3.0).requires_grad_()
    assert torch.autograd.gradcheck(lambda v, p: pool_vertices([v], p, 16), (values, pixels))


# -- samples ----------------------------------------------------------------------------------------------------------


def test_samples_lie_on_their_faces_and_are_even() -> None:
    mesh = ellipsoid_mesh((0.5, 0.3, 0.1))
    vertices = torch.from_numpy(mesh.vertices.copy()).double()[None].repeat(2, 1, 1)
    vertices[1] *= 2.0
    faces = torch.from_numpy(mesh.faces.astype(np.int64))
    numbers = torch.rand(2, 20_000, 3, generator=generator(5), dtype=torch.float64)
    samples = sample_faces(vertices, faces, numbers)
    for item in range(2):
        corners = vertices[item][faces[samples.faces[item]]]
        sides = corners[:, 1:] - corners[:, :1]
        away = samples.points[item] - corners[:, 0]
        shares = torch.linalg.lstsq(sides.transpose(1, 2), away[..., None]).solution[..., 0]
        assert (shares > -1e-6).all()
        assert (shares.sum(dim=1) < 1.0 + 1e-6).all()
        torch.testing.assert_close((sides * shares[..., None]).sum(dim=1), away, atol=1e-9, rtol=0.0)
        areas = face_crosses(vertices[item : item + 1], faces).norm(dim=2)[0] / 2.0
        counted = torch.bincount(samples.faces[item], minlength=len(faces)) / 20_000
        # One point per equal part of the area: a face is off by one point at each end.
        assert (counted - areas / areas.sum()).abs().max() <= 1.01 / 20_000 * 2
    centre = samples.points[0].mean(dim=0)
    assert centre.abs().max() < 0.01


def test_samples_equal_their_loop() -> None:
    vertices = torch.tensor([[[0.0, 0, 0], [2, 0, 0], [0, 1, 0], [0, 0, 3]]], dtype=torch.float64)
    faces = torch.tensor([[0, 1, 2], [0, 2, 3]])  # areas 1 and 1.5
    numbers = torch.rand(1, 10, 3, generator=generator(6), dtype=torch.float64)
    samples = sample_faces(vertices, faces, numbers)
    for place, (first, second, third) in enumerate(numbers[0].tolist()):
        face = int((place + first) / 10 * 2.5 >= 1.0)
        a, b, c = (vertices[0, corner] for corner in faces[face].tolist())
        root = math.sqrt(second)
        expected = (1 - root) * a + root * (1 - third) * b + root * third * c
        assert samples.faces[0, place] == face
        torch.testing.assert_close(samples.points[0, place], expected)


def test_samples_have_gradients_and_survive_a_mesh_without_area() -> None:
    faces = torch.tensor([[0, 1, 2], [0, 2, 3]])
    numbers = torch.rand(1, 6, 3, generator=generator(7), dtype=torch.float64)
    vertices = torch.rand(1, 4, 3, generator=generator(8), dtype=torch.float64, requires_grad=True)
    frozen = sample_faces(vertices, faces, numbers).faces

    def points(moved: torch.Tensor) -> torch.Tensor:
        samples = sample_faces(moved, faces, numbers)
        assert torch.equal(samples.faces, frozen)
        return samples.points

    assert torch.autograd.gradcheck(points, (vertices,))
    flat = torch.zeros(1, 4, 3, requires_grad=True)
    samples = sample_faces(flat, faces, numbers.float())
    samples.points.square().sum().backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()
    assert set(samples.faces[0].tolist()) == {0, 1}


def test_normal_numbers_become_uniform() -> None:
    numbers = uniform_numbers(torch.tensor([-40.0, -1.0, 0.0, 1.0, 40.0]))
    np.testing.assert_allclose(numbers, [0.0, 0.15865525, 0.5, 0.84134475, 1.0], atol=1e-6)
    assert numbers.max() < 1.0


# -- inside -----------------------------------------------------------------------------------------------------------


def test_winding_numbers_equal_solid_angles_also_where_a_mesh_overlaps_itself() -> None:
    template = icosphere(1)
    rng = np.random.default_rng(0)
    crumpled = template.vertices + rng.normal(scale=0.4, size=template.vertices.shape)
    vertices = torch.from_numpy(np.stack([template.vertices, crumpled])).float()
    faces = torch.from_numpy(template.faces.astype(np.int64))
    points = torch.rand(2, 300, 3, generator=generator(10)) * 1.2 - 0.6
    found = winding_numbers(vertices, faces, points)
    for item in range(2):
        mesh = type(template)(vertices[item].numpy(), template.faces)
        expected = [winding_number(mesh, point) for point in points[item].numpy()]
        np.testing.assert_allclose(found[item], expected, atol=1e-3)
    assert set(found[0].tolist()) == {0.0, 1.0}
    assert len(set(found[1].tolist())) > 2


def test_winding_numbers_of_a_sphere_give_its_volume_and_are_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = icosphere(2)
    vertices, faces = torch.from_numpy(mesh.vertices.copy())[None], torch.from_numpy(mesh.faces.astype(np.int64))
    points = torch.rand(1, 4000, 3, generator=generator(11)) - 0.5
    found = winding_numbers(vertices, faces, points)
    assert abs(float(found.mean()) - mesh.volume) < 0.02
    monkeypatch.setattr("shapelift.ops.closed_surface._PAIRS", 50_000)
    assert torch.equal(winding_numbers(vertices, faces, points), found)
    assert (winding_numbers(vertices * 0.0, faces, points) == 0.0).all()
