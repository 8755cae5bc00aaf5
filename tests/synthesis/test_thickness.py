"""How thin the walls of procedural shapes are: what is printed or seen in a small image must not vanish.

A wall is measured from sampled points of the surface straight through the solid to the surface on the other side, as
long as the two sides face away from each other: near a bevel or along a sharp edge the way through is as short as one
likes, and says nothing about the part.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from shapelift.geometry import Mesh
from shapelift.synthesis import procedural
from shapelift.synthesis.procedural import CATEGORIES, solids

ALMOST_NOWHERE = 0.02
"""Share of the measured surface that may be thinner: tips, knife edges of a stem, single levers."""
PROMISED = dict.fromkeys(CATEGORIES, 0.005) | {"rifle": 0.004, "airplane": 0.002}
"""Least thickness of walls (docs/reference/data.md) as a share of the longest side: sights and levers of rifles are
finer, and so are the trailing edges of gliders, which are long and slender."""
THINNEST = {
    "chair": 12, "table": 20, "sofa": 21, "lamp": 48, "cabinet": 10, "bench": 27, "display": 5,
    "car": 54, "airplane": 36, "vessel": 27, "rifle": 8, "loudspeaker": 29, "telephone": 33,
}  # fmt: skip
"""Of the first 60 seeds the one with the thinnest walls."""

_STEP = 1e-5


def walls(mesh: Mesh, count: int = 2000) -> npt.NDArray[np.float64]:
    """Thickness at those of `count` points, spread over the surface by area, that have an opposite side."""
    vertices, normals = mesh.vertices.astype(np.float64), mesh.face_normals.astype(np.float64)
    rng = np.random.default_rng(0)
    triangles = vertices[mesh.faces]
    areas = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    face = rng.choice(len(areas), size=count, p=areas / areas.sum())
    weights = rng.dirichlet(np.ones(3), size=count)
    inward = -normals[face]
    origins = np.einsum("nk,nkd->nd", weights, triangles[face]) + _STEP * inward
    scene = EmbreeScene(robust=True)
    kept = TriangleMesh(scene, mesh.vertices.astype(np.float32), mesh.faces.astype(np.int32))
    hits = scene.run(origins.astype(np.float32), inward.astype(np.float32), output=True)
    assert kept is not None  # the scene does not keep its triangles alive
    found = hits["primID"] >= 0
    assert found.mean() > 0.999  # closed: every way in is a way out
    opposite = found & (np.einsum("nd,nd->n", normals[hits["primID"]], inward) > 0.97)
    return np.asarray(hits["tfar"][opposite] + _STEP, np.float64)


def thinnest(mesh: Mesh) -> float:
    """Thickness that all but a few walls have."""
    found = walls(mesh)
    assert len(found) > 300
    return float(np.quantile(found, ALMOST_NOWHERE))


def _mesh(solid: solids.Manifold) -> Mesh:
    raw = solid.to_mesh()
    return Mesh(np.asarray(raw.vert_properties[:, :3], np.float32), np.asarray(raw.tri_verts, np.int32))


@pytest.mark.parametrize("bevel", [0.0, 0.003])
def test_a_plate_is_as_thick_as_it_is_whatever_its_edges(bevel: float) -> None:
    plate = solids.slab(solids.rectangle(1.0, 0.5), 0.0, 0.01, bevel)
    assert thinnest(_mesh(plate)) == pytest.approx(0.01, abs=1e-5)


def test_the_walls_of_a_box_are_measured_not_its_hollow() -> None:
    outside, inside = solids.box((1.0, 0.6, 0.4)), solids.box((0.96, 0.56, 0.36))
    found = walls(_mesh(solids.difference(outside, [inside])))
    assert np.quantile(found, [0.0, 0.9]) == pytest.approx([0.02, 0.02], abs=1e-5)


def test_the_edge_of_a_wedge_is_no_thin_wall() -> None:
    wedge = solids.prism(np.array([[0.0, 0.0], [0.5, -0.2], [0.5, 0.2]]), 0.0, 1.0, "z")
    assert walls(_mesh(wedge)).min() > 0.39


@pytest.mark.slow
@pytest.mark.parametrize("category", CATEGORIES)
def test_walls_are_as_thick_as_promised(category: str) -> None:
    for seed in [*range(3), THINNEST[category]]:
        assert thinnest(procedural.build(category, seed).mesh) >= PROMISED[category], seed
