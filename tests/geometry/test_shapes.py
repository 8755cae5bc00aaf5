from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import (
    UNIT_BOX,
    Box,
    Camera,
    DepthMaps,
    ImplicitField,
    Mesh,
    PointCloud,
    ViewMaps,
    VoxelGrid,
    normalizing_transform,
    rotation_y,
    similarity,
    transform_points,
)

CUBE = Mesh(
    np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32),
    np.array(
        [
            [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
            [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
        ]
    ),
)  # fmt: skip


def test_cube_has_its_volume_area_and_outward_normals() -> None:
    assert np.isclose(CUBE.volume, 1)
    assert np.isclose(CUBE.area, 6)
    outward = CUBE.corners.mean(1) - 0.5
    assert (np.einsum("fi,fi->f", outward, CUBE.face_normals) > 0).all()
    assert CUBE.bounds == Box((0, 0, 0), (1, 1, 1))


def test_mirror_keeps_the_solid_outside_out() -> None:
    mirrored = CUBE.transformed(np.diag([-2.0, 1, 1, 1]))
    assert np.isclose(mirrored.volume, 2)


def test_values_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        CUBE.vertices[0] = 1


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (np.zeros((3, 2)), np.zeros((0, 3)), "vertices must have shape"),
        (np.full((3, 3), np.nan), [[0, 1, 2]], "not finite"),
        (np.zeros((3, 3)), [[0, 1, 3]], "there are 3"),
        (np.zeros((3, 3)), [[0, 1, -1]], "there are 3"),
    ],
)
def test_invalid_meshes_are_refused(vertices: object, faces: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mesh(vertices, np.asarray(faces, np.int64))


def test_empty_mesh_is_a_value_without_bounds() -> None:
    empty = Mesh(np.zeros((0, 3)), np.zeros((0, 3), int))
    assert empty.is_empty
    assert empty.volume == empty.area == 0
    with pytest.raises(ValueError, match="no bounds"):
        _ = empty.bounds


def test_point_cloud_normals_stay_unit_and_perpendicular_under_uneven_scale() -> None:
    cloud = PointCloud([[1, 1, 0]], [[np.sqrt(0.5), np.sqrt(0.5), 0]])
    moved = cloud.transformed(np.diag([2.0, 1, 1, 1]))
    assert np.allclose(moved.points, [[2, 1, 0]])
    assert np.allclose(moved.normals, np.array([[1, 2, 0]]) / np.sqrt(5))


def test_voxel_centres_fill_the_box() -> None:
    grid = VoxelGrid(np.zeros((2, 4, 1)), Box((0, 0, 0), (2, 4, 3)))
    assert np.allclose(grid.cell_size, [1, 1, 3])
    assert np.allclose(grid.centers[1, 3, 0], [1.5, 3.5, 1.5])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        VoxelGrid(np.full((1, 1, 1), 1.5))


def test_field_checks_what_its_function_returns() -> None:
    sphere = ImplicitField(lambda p: (0.3 - np.linalg.norm(p, axis=1)).astype(np.float32))
    assert sphere([[0, 0, 0]]) > 0 > sphere([[0.4, 0, 0]])
    with pytest.raises(ValueError, match="points must have shape"):
        sphere(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="logits must have shape"):
        ImplicitField(lambda p: p)(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="not finite"):
        ImplicitField(lambda p: p[:, 0] / 0 if len(p) == 0 else np.full(len(p), np.nan))(np.zeros((2, 3)))


def test_maps_must_fit_their_cameras() -> None:
    camera = Camera(np.eye(3), np.eye(4), (4, 3))
    DepthMaps(np.ones((1, 3, 4)), np.ones((1, 3, 4), bool), (camera,))
    ViewMaps(np.ones((1, 3, 4, 3)), np.ones((1, 3, 4)), (camera,))
    with pytest.raises(ValueError, match="pixels"):
        DepthMaps(np.ones((1, 4, 3)), np.ones((1, 4, 3), bool), (camera,))
    with pytest.raises(ValueError, match="xyz must have shape"):
        ViewMaps(np.ones((2, 3, 4, 3)), np.ones((2, 3, 4)), (camera,))


def test_a_grid_is_read_linearly_between_its_centres() -> None:
    slope = np.array([0.1, -0.2, 0.3])
    box = Box((-1, 0, 2), (3, 1, 3))
    empty = VoxelGrid(np.zeros((8, 5, 3), np.float32), box)
    grid = VoxelGrid(0.5 + (empty.centers - box.center) @ slope, box)
    inner = np.random.default_rng(0).uniform(
        box.minimum + grid.cell_size / 2, box.maximum - grid.cell_size / 2, (99, 3)
    )
    assert np.allclose(grid.read(inner), 0.5 + (inner - box.center) @ slope, atol=1e-6)
    assert np.allclose(grid.read(grid.centers.reshape(-1, 3)), grid.occupancy.ravel())
    corner = np.array([box.minimum, np.array(box.minimum) - 1e-3])
    assert np.allclose(grid.read(corner), [grid.occupancy[0, 0, 0], 0.0])


def test_boxes() -> None:
    assert UNIT_BOX.volume == 1
    assert UNIT_BOX.contains([[0.5, 0, 0], [0.51, 0, 0]]).tolist() == [True, False]
    with pytest.raises(ValueError, match="not in order"):
        Box((0, 0, 0), (1, 0, 1))


def test_normalizing_centres_the_box_and_scales_its_longest_side() -> None:
    points = np.random.default_rng(0).normal(size=(50, 3)) * [3, 1, 0.5] + 7
    moved = transform_points(normalizing_transform(points), points)
    assert np.allclose(moved.min(0), -moved.max(0))
    assert np.isclose(np.ptp(moved, axis=0).max(), 1)
    with pytest.raises(ValueError, match="nothing to normalise"):
        normalizing_transform([[1, 1, 1]])


def test_similarity_scales_then_moves() -> None:
    matrix = similarity(rotation_y(90), [1, 2, 3], 2)
    assert np.allclose(transform_points(matrix, [[0, 0, 1]]), [[3, 2, 3]])
