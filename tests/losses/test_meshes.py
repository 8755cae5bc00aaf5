"""Terms over meshes: loop twins, exact answers, gradients, invariances, faces without area and lonely vertices."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from shapelift.geometry import Mesh
from shapelift.geometry.templates import ellipsoid_mesh, icosphere
from shapelift.geometry.topology import face_pairs, unique_edges
from shapelift.losses.displacement import vertex_displacement
from shapelift.losses.edges import edge_length, edge_spread
from shapelift.losses.laplacian import laplacian, laplacian_difference, laplacian_smoothness
from shapelift.losses.normals import edge_normals, face_consistency, surface_normals, unit
from shapelift.ops.graph_convolution import Neighbourhood

Tensor = torch.Tensor


class Case:
    """A mesh with everything the terms ask for, and a second state of it."""

    def __init__(self, mesh: Mesh, seed: int = 0, noise: float = 0.05) -> None:
        generator = torch.Generator().manual_seed(seed)
        vertices = torch.from_numpy(mesh.vertices.copy()).double()[None].repeat(2, 1, 1)
        self.vertices = vertices + noise * torch.randn(vertices.shape, generator=generator, dtype=torch.float64)
        self.after = self.vertices + noise * torch.randn(vertices.shape, generator=generator, dtype=torch.float64)
        self.normals = unit(torch.randn(vertices.shape, generator=generator, dtype=torch.float64))
        self.faces = torch.from_numpy(mesh.faces.astype(np.int64))
        self.edges = torch.from_numpy(unique_edges(mesh.faces))
        self.pairs = torch.from_numpy(face_pairs(mesh.faces))
        mean = Neighbourhood.mean(self.edges, len(mesh.vertices))
        count = torch.bincount(self.edges.flatten(), minlength=len(mesh.vertices)).double()
        self.mean = dataclasses.replace(mean, after=1.0 / count)  # in double precision


Term = Callable[[Case, Tensor, Tensor, Tensor], Tensor]
TERMS: dict[str, Term] = {
    "edge_length": lambda case, x, y, n: edge_length(x, case.edges),
    "edge_spread": lambda case, x, y, n: edge_spread(x, case.edges),
    "laplacian_smoothness": lambda case, x, y, n: laplacian_smoothness(x, case.mean),
    "laplacian_difference": lambda case, x, y, n: laplacian_difference(x, y, case.mean),
    "move": lambda case, x, y, n: vertex_displacement(x, y),
    "edge_normals": lambda case, x, y, n: edge_normals(x, case.edges, n),
    "surface_normals": lambda case, x, y, n: surface_normals(x, n),
    "face_consistency": lambda case, x, y, n: face_consistency(x, case.faces, case.pairs),
}


def loops(case: Case, item: int) -> dict[str, float]:
    """Every term from its definition, one vertex, edge or face after the other."""
    x, y, n = (values[item].numpy() for values in (case.vertices, case.after, case.normals))
    edges, faces = case.edges.tolist(), case.faces.tolist()
    lengths = [math.dist(x[a], x[b]) for a, b in edges]
    mean = sum(lengths) / len(edges)
    ways = [(x[b] - x[a]) / math.dist(x[a], x[b]) for a, b in edges]
    near: dict[int, list[int]] = {vertex: [] for vertex in range(len(x))}
    for a, b in edges:
        near[a].append(b)
        near[b].append(a)

    def off(points: np.ndarray) -> np.ndarray:
        return np.stack([points[v] - np.mean([points[w] for w in near[v]], axis=0) for v in near])

    crosses = [np.cross(x[b] - x[a], x[c] - x[a]) for a, b, c in faces]
    turned = [cross / np.linalg.norm(cross) for cross in crosses]
    beside = [(f, g) for f in range(len(faces)) for g in range(f) if len(set(faces[f]) & set(faces[g])) == 2]
    along = x / np.linalg.norm(x, axis=1, keepdims=True)
    return {
        "edge_length": sum(length**2 for length in lengths) / len(edges),
        "edge_spread": sum((length / mean - 1.0) ** 2 for length in lengths) / len(edges),
        "laplacian_smoothness": float((off(x) ** 2).sum(axis=1).mean()),
        "laplacian_difference": float(((off(x) - off(y)) ** 2).sum(axis=1).mean()),
        "move": sum(math.dist(p, q) ** 2 for p, q in zip(x, y, strict=True)) / len(x),
        "edge_normals": sum(abs(way @ n[a]) + abs(way @ n[b]) for way, (a, b) in zip(ways, edges, strict=True))
        / (2 * len(edges)),
        "surface_normals": sum((1.0 - p @ q) / 2.0 for p, q in zip(along, n, strict=True)) / len(x),
        "face_consistency": sum(1.0 - turned[f] @ turned[g] for f, g in beside) / len(beside),
    }


@pytest.mark.parametrize("mesh", [icosphere(0), ellipsoid_mesh((0.5, 0.3, 0.2), 30)], ids=["icosahedron", "ellipsoid"])
def test_equal_their_loops(mesh: Mesh) -> None:
    case = Case(mesh)
    for name, term in TERMS.items():
        found = term(case, case.vertices, case.after, case.normals)
        for item in range(2):
            assert float(found[item]) == pytest.approx(loops(case, item)[name], rel=1e-6), name


@pytest.mark.slow
@pytest.mark.parametrize("name", TERMS)
def test_gradcheck(name: str) -> None:
    case = Case(icosphere(0))
    inputs = (case.vertices.clone().requires_grad_(), case.after.clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda x, y: TERMS[name](case, x, y, case.normals), inputs)


@pytest.mark.parametrize("name", TERMS)
def test_turning_and_shifting_change_nothing(name: str) -> None:
    case = Case(ellipsoid_mesh((0.5, 0.3, 0.2), 30))
    turn, _ = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64))
    turn = turn * turn.det()
    # `surface_normals` takes directions, which only turn.
    shift = torch.zeros(3) if name == "surface_normals" else torch.tensor([3.0, -1.0, 2.0])
    states = [case.vertices @ turn.T + shift, case.after @ turn.T + shift, case.normals @ turn.T]
    before = TERMS[name](case, case.vertices, case.after, case.normals)
    torch.testing.assert_close(TERMS[name](case, *states), before)


@pytest.mark.parametrize("name", TERMS)
def test_faces_without_area_have_finite_gradients(name: str) -> None:
    case = Case(icosphere(0), noise=0.0)
    vertices = case.vertices.float()
    vertices[0, 3] = vertices[0, case.faces[0, 0]]  # some faces are lines
    vertices[1] = 0.25  # all of them are one point
    vertices.requires_grad_()
    value = TERMS[name](case, vertices, vertices * 1.5, case.normals.float())
    value.sum().backward()
    assert value.isfinite().all()
    assert vertices.grad is not None
    assert vertices.grad.isfinite().all()


def test_lonely_vertices_are_let_be() -> None:
    vertices = torch.rand(1, 5, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    edges = torch.tensor([[0, 1], [1, 2], [0, 2]])
    mean = Neighbourhood.mean(edges, 5)
    total = laplacian_smoothness(vertices, mean) + edge_length(vertices, edges) + edge_spread(vertices, edges)
    total = total + edge_normals(vertices, edges, vertices.detach())
    total.sum().backward()
    assert vertices.grad is not None
    assert vertices.grad.isfinite().all()
    assert (vertices.grad[0, 3:] == 0.0).all()
    assert (vertices.grad[0, :3] != 0.0).all()
    assert (laplacian(vertices, mean)[0, 3:] == 0.0).all()


# -- exact answers ----------------------------------------------------------------------------------------------------


def grid(side: int) -> tuple[Tensor, Tensor, Tensor]:
    """A square of triangles in the plane z = 0.3: vertices, faces, and which vertices are inside."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    vertices = torch.stack([columns.flatten(), rows.flatten(), torch.full((side * side,), 0.3)], dim=1).double()
    first = (rows * side + columns)[:-1, :-1].flatten()
    lower = torch.stack([first, first + 1, first + side + 1], dim=1)
    upper = torch.stack([first, first + side + 1, first + side], dim=1)
    inside = ((rows > 0) & (rows < side - 1) & (columns > 0) & (columns < side - 1)).flatten()
    return vertices[None], torch.cat([lower, upper]), inside


def test_exact_answers_on_a_regular_grid() -> None:
    vertices, faces, inside = grid(5)
    edges = torch.from_numpy(unique_edges(faces.numpy()))
    mean = Neighbourhood.mean(edges, 25)
    assert laplacian(vertices, mean)[0, inside].abs().max() < 1e-6
    straight, slanted = 2 * 5 * 4, 16  # of lengths 1 and sqrt(2)
    assert float(edge_length(vertices, edges)) == pytest.approx((straight + 2.0 * slanted) / (straight + slanted))
    sets = faces.tolist()
    pairs = [[f, g] for f in range(32) for g in range(f) if len(set(sets[f]) & set(sets[g])) == 2]
    assert float(face_consistency(vertices, faces, torch.tensor(pairs))) == pytest.approx(0.0, abs=1e-12)
    up = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64).expand(1, 25, 3)
    assert float(edge_normals(vertices, edges, up)) == 0.0
    sideways = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64).expand(1, 25, 3)
    # Rows are 0, columns 1, and diagonals half of sqrt(2).
    assert float(edge_normals(vertices, edges, sideways)) == pytest.approx((20 + 16 * 0.5**0.5) / 56)


def test_exact_answers_on_spheres() -> None:
    case = Case(icosphere(0, radius=1.0), noise=0.0)
    length = 4.0 / math.sqrt(10.0 + 2.0 * math.sqrt(5.0))
    assert edge_length(case.vertices, case.edges).tolist() == pytest.approx([length**2] * 2, rel=1e-6)
    assert edge_spread(case.vertices, case.edges).tolist() == pytest.approx([0.0] * 2, abs=1e-12)
    angle = math.pi - math.acos(-math.sqrt(5.0) / 3.0)  # between neighbours of an icosahedron
    assert face_consistency(case.vertices, case.faces, case.pairs).tolist() == pytest.approx(
        [1.0 - math.cos(angle)] * 2, rel=1e-6
    )
    # The five neighbours of a vertex lie in a plane at a height of 1 / sqrt(5).
    assert laplacian_smoothness(case.vertices, case.mean).tolist() == pytest.approx(
        [(1.0 - 1.0 / math.sqrt(5.0)) ** 2] * 2, rel=1e-6
    )
    # An edge leaves the tangent planes at its ends by half the angle that it spans.
    normals = unit(case.vertices)
    assert edge_normals(case.vertices, case.edges, normals).tolist() == pytest.approx([length / 2.0] * 2, rel=1e-6)
    assert surface_normals(case.vertices * 3.0, normals).tolist() == pytest.approx([0.0] * 2, abs=1e-12)
    assert surface_normals(-case.vertices, normals).tolist() == pytest.approx([1.0] * 2)
    fine = Case(icosphere(3, radius=1.0), noise=0.0)
    small = [float(TERMS[name](fine, fine.vertices, fine.after, unit(fine.vertices)).mean()) for name in TERMS]
    assert max(small) < 0.08


def test_moving_as_a_whole_costs_moves_only() -> None:
    case = Case(icosphere(1))
    shifted = case.vertices + torch.tensor([0.3, 0.0, 0.4])
    assert vertex_displacement(case.vertices, shifted).tolist() == pytest.approx([0.25, 0.25])
    assert laplacian_difference(case.vertices, shifted, case.mean).tolist() == pytest.approx([0.0, 0.0], abs=1e-12)


def test_a_spike_costs_most_where_edges_are_long() -> None:
    case = Case(icosphere(2), noise=0.0)
    spiky = case.vertices.clone()
    spiky[:, 0] *= 3.0
    for name in ("edge_length", "edge_spread", "laplacian_smoothness", "face_consistency"):
        before, after = (TERMS[name](case, x, x, unit(case.vertices)) for x in (case.vertices, spiky))
        assert (after > 1.2 * before + 1e-6).all(), name


def test_unit_vectors_of_the_shortest_lengths() -> None:
    tiny = torch.tensor([[0.0, 0.0, 0.0], [1e-30, 0.0, 0.0], [1e-15, 0.0, 0.0], [3.0, 4.0, 0.0]], requires_grad=True)
    found = unit(tiny)
    expected = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])
    torch.testing.assert_close(found, expected)
    found.sum().backward()
    assert tiny.grad is not None
    assert tiny.grad.isfinite().all()
