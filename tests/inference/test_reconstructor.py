from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import shapelift
from shapelift.errors import InputError
from shapelift.geometry import ImplicitField, PointCloud, VoxelGrid
from shapelift.inference import Reconstruction, Reconstructor, limits, open_model
from shapelift.inference.representations import field
from shapelift.io.images import save_image
from shapelift.meshing import voxels
from shapelift.solids import check

Disc = Callable[..., np.ndarray]
AXES = np.array([1.0, 0.8, 0.6])
SLOPE = 20.0


def radius_of(result: Reconstruction) -> float:
    """What the analytic model of conftest.py makes of the covered area."""
    return 0.2 + 0.25 * float(result.crop[..., 3].mean()) / 255.0


@pytest.fixture
def result(ellipsoid: Reconstructor, disc: Disc) -> Reconstruction:
    return ellipsoid.reconstruct(disc())


def test_the_package_exports_it() -> None:
    assert shapelift.Reconstructor is Reconstructor


def test_the_field_is_the_one_of_the_model(result: Reconstruction) -> None:
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 3)).astype(np.float32)
    want = SLOPE * (radius_of(result) - np.linalg.norm(points / AXES, axis=1))
    assert isinstance(result.field, ImplicitField)
    np.testing.assert_allclose(result.field(points), want, atol=1e-4)
    assert result.field(np.zeros((0, 3))).shape == (0,)


def test_chunks_do_not_show(result: Reconstruction, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (1000, 3))
    whole = result.field(points)
    monkeypatch.setattr(field, "_CHUNK_POINTS", 7)
    np.testing.assert_array_equal(result.field(points), whole)


def test_the_mesh_is_the_closed_ellipsoid(result: Reconstruction) -> None:
    mesh = result.mesh(64)
    assert mesh is result.mesh(64)
    np.testing.assert_allclose(mesh.bounds.size, 2.0 * radius_of(result) * AXES, atol=0.01)
    volume = 4.0 / 3.0 * np.pi * radius_of(result) ** 3 * AXES.prod()
    assert mesh.volume == pytest.approx(volume, rel=0.01)
    edges = np.sort(np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]), axis=1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()


def test_pictures_of_a_result_have_the_size_that_was_asked_for(result: Reconstruction) -> None:
    turn = result.turntable(24, faces=200, frames=5, size_px=16)
    assert (turn.shape, turn.dtype) == ((5, 16, 16, 4), np.uint8)
    assert result.preview(24, faces=200, size_px=16).shape == (16, 64, 3)
    assert all((frame[..., 3] > 0).any() for frame in turn)
    assert (turn[1] != turn[0]).any()
    for wrong, named in (({"frames": 1}, "`frames` 1"), ({"size_px": 8}, "`size_px` 8")):
        with pytest.raises(InputError, match=named):
            result.turntable(24, **wrong)


def test_points_lie_on_the_surface(result: Reconstruction) -> None:
    cloud = result.point_cloud(500, seed=3, resolution=64)
    np.testing.assert_allclose(np.linalg.norm(cloud.points / AXES, axis=1), radius_of(result), atol=0.01)
    np.testing.assert_array_equal(cloud.points, result.point_cloud(500, seed=3, resolution=64).points)


def test_voxels_are_probabilities_at_cell_centres(result: Reconstruction) -> None:
    grid = result.voxels(20)
    logits = result.field(grid.centers.reshape(-1, 3)).reshape(20, 20, 20)
    np.testing.assert_allclose(grid.occupancy, 1.0 / (1.0 + np.exp(-logits.astype(np.float64))), atol=1e-5)


def test_grid_models(grid_folder: Path, disc: Disc) -> None:
    result = Reconstructor.load(grid_folder, threads=1).reconstruct(disc())
    assert isinstance(result.representation, VoxelGrid)
    np.testing.assert_allclose(result.voxels(24).occupancy, result.representation.occupancy, atol=1e-6)
    assert result.voxels(48).occupancy.mean() == pytest.approx(result.representation.occupancy.mean(), rel=0.01)
    assert result.mesh().volume == pytest.approx(4.0 / 3.0 * np.pi * 0.35**3, rel=0.05)
    with pytest.raises(TypeError, match="grid"):
        _ = result.field
    with pytest.raises(InputError, match="no image features"):
        Reconstructor.load(grid_folder, threads=1).encode(disc())


def test_a_field_of_cubes(result: Reconstruction) -> None:
    built = result.blocks(20)
    mesh = built.mesh()
    grid = built.representation
    assert isinstance(grid, VoxelGrid)
    inside = result.field(grid.centers.reshape(-1, 3)) > 0
    np.testing.assert_array_equal(grid.occupancy.reshape(-1), inside)
    assert mesh.volume == pytest.approx(grid.occupancy.mean(), rel=1e-4)
    np.testing.assert_array_equal(voxels(mesh, 20).occupancy, grid.occupancy)
    walls = np.round(mesh.corners * 20.0, 3)
    assert ((walls == walls[:, :1]) & (walls == np.round(walls))).all(axis=1).any(axis=1).all()
    assert check(mesh).is_printable


def test_a_grid_keeps_its_cells_and_loses_its_crumbs(grid_folder: Path, disc: Disc) -> None:
    result = Reconstructor.load(grid_folder, threads=1).reconstruct(disc())
    built = result.blocks(16)
    np.testing.assert_array_equal(built.representation.occupancy, result.representation.occupancy > 0.5)
    assert built.mesh(100).volume == pytest.approx(built.representation.occupancy.mean(), rel=1e-4)
    assert built.card is result.card
    chain = np.zeros((24, 24, 24), np.float32)
    chain[range(24), range(24), range(24)] = 1.0
    chain[20, 3, 3] = 0.9
    kept = dataclasses.replace(result, representation=VoxelGrid(chain)).blocks()
    np.testing.assert_array_equal(np.argwhere(kept.representation.occupancy), [(i, i, i) for i in range(24)])
    report = check(kept.mesh())
    assert report.is_printable
    assert report.parts == 24
    with pytest.raises(InputError, match="not one cube is full"):
        dataclasses.replace(result, representation=VoxelGrid(0.1 * chain)).blocks()


def test_points_become_cubes(points_folder: Path, disc: Disc) -> None:
    built = Reconstructor.load(points_folder, threads=1).reconstruct(disc()).blocks(24)
    assert built.mesh().volume == pytest.approx(4.0 / 3.0 * np.pi * 0.4**3, rel=0.15)
    with pytest.raises(InputError, match="`resolution` 8"):
        built.blocks(8)


def test_point_models(points_folder: Path, disc: Disc) -> None:
    model = Reconstructor.load(points_folder, threads=1)
    result = model.reconstruct(disc())
    cloud = result.representation
    assert isinstance(cloud, PointCloud)
    assert len(cloud) == 300
    np.testing.assert_allclose(cloud.points, 0.4 * cloud.normals, atol=1e-6)
    mesh = result.mesh(32)
    assert mesh.volume == pytest.approx(4.0 / 3.0 * np.pi * 0.4**3, rel=0.1)
    assert result.voxels(32).occupancy.mean() == pytest.approx(mesh.volume, rel=0.05)
    assert result.features is not None
    with pytest.raises(TypeError, match="points"):
        _ = result.field


def test_a_cloud_without_a_point_is_one_clear_line(points_folder: Path, disc: Disc, tmp_path: Path) -> None:
    sliver = np.zeros((48, 48, 4), np.uint8)
    sliver[20:22, 2:46] = 255
    save_image(tmp_path / "sliver.png", sliver)
    with pytest.raises(InputError, match=r"sliver\.png: the model shell sees no shape in it") as caught:
        Reconstructor.load(points_folder, threads=1).reconstruct(tmp_path / "sliver.png")
    assert "\n" not in str(caught.value)


def test_every_kind_of_picture_gives_the_same(ellipsoid: Reconstructor, disc: Disc, tmp_path: Path) -> None:
    rgba = disc()
    save_image(tmp_path / "disc.png", rgba)
    want = ellipsoid.reconstruct(rgba).crop
    for picture in (tmp_path / "disc.png", str(tmp_path / "disc.png"), Image.fromarray(rgba), rgba / 255.0):
        np.testing.assert_array_equal(ellipsoid.reconstruct(picture).crop, want)
    opaque = np.full((48, 48, 3), 90, np.uint8)
    for mask in (rgba[..., 3], rgba[..., 3] > 0, Image.fromarray(rgba[..., 3])):
        crop = ellipsoid.reconstruct(opaque, mask=mask).crop
        np.testing.assert_array_equal(crop[..., 3], want[..., 3])
    with pytest.raises(TypeError, match="expected a path, bytes"):
        ellipsoid.reconstruct(17)  # type: ignore[arg-type]


def test_the_crop_reconstructs_to_the_same(ellipsoid: Reconstructor, disc: Disc) -> None:
    first = ellipsoid.reconstruct(disc(size_px=300, radius=0.21))
    again = ellipsoid.reconstruct(first.crop)
    # The box around it moves by up to half a pixel of 32.
    assert radius_of(first) == pytest.approx(radius_of(again), abs=0.015)


def test_features(ellipsoid: Reconstructor, disc: Disc) -> None:
    rgba = disc(color=(255, 0, 0))
    features = ellipsoid.encode(rgba)
    assert features.shape == (4,)
    assert features[0] > features[1]
    result = ellipsoid.reconstruct(rgba)
    np.testing.assert_allclose(result.features, features, atol=1e-6)
    np.testing.assert_allclose(ellipsoid.encode_crops(np.stack([result.crop] * 3)), np.stack([features] * 3), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["glb", "obj", "ply", "stl", "3mf", "off"])
def test_saved_files_say_what_they_are(result: Reconstruction, tmp_path: Path, ending: str) -> None:
    import trimesh

    files = result.save(tmp_path / f"shape.{ending}", resolution=32, size_mm=50.0)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    if ending != "3mf":  # a package of compressed parts
        text = b"".join(path.read_bytes() for path in files).decode("latin1")
        for word in ("ellipsoid", "view", "metre" if ending == "glb" else "millimetre"):
            assert word in text
    mesh = trimesh.load(files[0], force="mesh")
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.extents.max() == pytest.approx(0.05 if ending == "glb" else 50.0, rel=1e-4)


def test_warnings_reach_the_caller(ellipsoid: Reconstructor) -> None:
    rng = np.random.default_rng(0)
    photo = np.repeat(np.repeat(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8), 8, axis=0), 8, axis=1)
    photo[30:66, 30:66] = (255, 255, 0)
    codes = [doubt.code for doubt in ellipsoid.reconstruct(photo).warnings]
    assert codes == ["cut-out-by-guess", "object-meets-border"]


def test_resolution_is_held_against_range_and_memory(
    result: Reconstruction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for resolution in (15, 513, -1):
        with pytest.raises(InputError, match="out of range"):
            result.mesh(resolution)
    monkeypatch.setattr(limits, "available_bytes", lambda: 10**6)
    with pytest.raises(InputError, match="memory"):
        result.save(tmp_path / "shape.glb", resolution=128)
    assert list(tmp_path.iterdir()) == []
    assert limits.needed_bytes(512) > limits.needed_bytes(128) > 0


def test_free_memory_is_known_here() -> None:
    free = limits.available_bytes()
    assert free is None or free > 0


@pytest.mark.parametrize("size", [0.0, -5.0, float("nan"), float("inf"), 1e9])
def test_impossible_sizes(result: Reconstruction, tmp_path: Path, size: float) -> None:
    with pytest.raises(InputError, match="size_mm"):
        result.save(tmp_path / "shape.stl", size_mm=size)


def test_a_model_that_sees_nothing(ellipsoid_folder: Path, disc: Disc, tmp_path: Path) -> None:
    empty = ImplicitField(lambda points: np.full(len(points), -3.0, np.float32))
    card = open_model(ellipsoid_folder, threads=1).card
    result = Reconstruction(representation=empty, crop=disc(), card=card, name="cup.png")
    with pytest.raises(InputError, match=r"cup\.png: the model ellipsoid sees no shape"):
        result.save(tmp_path / "cup.glb", resolution=16)
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_are_not_finite_are_no_shape(ellipsoid: Reconstructor, disc: Disc) -> None:
    field = ellipsoid.reconstruct(disc()).field
    with pytest.raises(InputError, match="not finite"):
        field.function(np.full((4, 3), np.nan, np.float32))


def test_metadata_is_json(result: Reconstruction) -> None:
    assert json.loads(json.dumps(result.metadata()))["model"] == "ellipsoid"


@pytest.mark.parametrize("threads", [0, -1, 100_000])
def test_threads_are_checked(ellipsoid_folder: Path, threads: int) -> None:
    with pytest.raises(InputError, match="threads"):
        Reconstructor.load(ellipsoid_folder, threads=threads)
