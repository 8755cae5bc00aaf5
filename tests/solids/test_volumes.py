from __future__ import annotations

import numpy as np
import pytest
import trimesh

from shapelift.geometry import Mesh, similarity
from shapelift.solids import keep_volumes
from shapelift.solids.volumes import component_labels, component_volumes, winding_number


def box(size: float, center: tuple[float, float, float] = (0, 0, 0), *, inward: bool = False) -> Mesh:
    cube = trimesh.creation.box((size, size, size))
    faces = cube.faces[:, ::-1] if inward else cube.faces
    return Mesh(cube.vertices, faces).transformed(similarity(translation=center))


def together(*meshes: Mesh) -> Mesh:
    offsets = np.cumsum([0, *[len(mesh.vertices) for mesh in meshes]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)]),
        np.concatenate([np.full((len(mesh.vertices), 3), number, np.uint8) for number, mesh in enumerate(meshes)]),
    )


def test_labels_and_volumes() -> None:
    mesh = together(box(1.0), box(0.5, (2, 0, 0)), box(0.2, inward=True))
    labels = component_labels(mesh)
    np.testing.assert_array_equal(labels, np.repeat([0, 1, 2], 12))
    np.testing.assert_allclose(component_volumes(mesh, labels), [1.0, 0.125, -0.008], rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_labels_against_a_graph_library(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mesh = Mesh(rng.normal(size=(60, 3)), rng.integers(0, 60, (25, 3)))
    graph = trimesh.graph.nx.Graph()
    for face in mesh.faces:
        trimesh.graph.nx.add_path(graph, face.tolist())
    groups = list(trimesh.graph.nx.connected_components(graph))
    labels = component_labels(mesh)
    expected = [next(number for number, group in enumerate(groups) if face[0] in group) for face in mesh.faces]
    pairs = set(zip(labels.tolist(), expected, strict=True))
    assert len(pairs) == len(set(labels.tolist())) == len(set(expected))


def test_a_long_strip_with_shuffled_vertices_is_one_part() -> None:
    rng = np.random.default_rng(0)
    count = 3000
    order = rng.permutation(count)
    strip = np.stack([np.arange(count - 2), np.arange(1, count - 1), np.arange(2, count)], axis=1)
    assert component_labels(Mesh(rng.normal(size=(count, 3)), order[strip])).max() == 0


def test_real_parts_stay_and_crumbs_go() -> None:
    mesh = together(box(1.0), box(0.5, (2, 0, 0)), box(0.1, (-2, 0, 0)))
    kept = keep_volumes(mesh)
    assert kept.volume == pytest.approx(1.125)
    assert kept.colors is not None
    assert set(kept.colors[:, 0].tolist()) == {0, 1}
    assert keep_volumes(mesh, minimum_share=0.0) is mesh
    assert keep_volumes(mesh, minimum_share=1.0).volume == pytest.approx(1.0)


def test_bubbles_are_filled_and_what_floats_in_them_goes() -> None:
    mesh = together(box(1.0), box(0.8, inward=True), box(0.6), box(0.5, (0.9, 0, 0)))
    kept = keep_volumes(mesh)
    assert kept.volume == pytest.approx(1.125)


def test_a_part_in_the_mouth_of_another_is_not_inside() -> None:
    torus = trimesh.creation.torus(0.5, 0.2)
    mesh = together(Mesh(torus.vertices, torus.faces), box(0.2))
    assert len(keep_volumes(mesh).faces) == len(mesh.faces)


def test_winding_number() -> None:
    mesh = box(1.0)
    assert winding_number(mesh, (0.1, 0.2, 0.3)) == pytest.approx(1.0)
    assert winding_number(mesh, (0.7, 0.2, 0.3)) == pytest.approx(0.0, abs=1e-9)
    assert winding_number(together(mesh, box(0.9)), (0.1, 0.2, 0.3)) == pytest.approx(2.0)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="minimum_share"):
        keep_volumes(box(1.0), minimum_share=2.0)
    with pytest.raises(ValueError, match="encloses no volume"):
        keep_volumes(box(1.0, inward=True))
    with pytest.raises(ValueError, match="encloses no volume"):
        keep_volumes(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)))
