from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from shapelift.datasets import NO_AUGMENTATION, Augmentation, FixedViews, NovelViews, ShapeDataset
from shapelift.datasets.depth_targets import mirror_order
from shapelift.errors import InputError
from shapelift.geometry.viewpoints import FixedCount, fixed_cameras, orthographic_camera
from shapelift.imaging.preprocess import Preprocess
from shapelift.io.records import ShapeRecord, read_record, write_record
from shapelift.testing import write_example_data

SIZE, EXTENT = 24, 1.75
ALWAYS = Augmentation(mirror=1.0, shift=0.0, zoom=0.0, gain=0.0, blur=0.0, noise=0.0, mask=0.0, grey=0.0)
TARGETS = {
    "fixed": FixedViews(count=8, size=SIZE, extent=EXTENT),
    "novel": NovelViews(count=3, size=SIZE, extent=EXTENT),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    options = {"depth_views": 6, "fixed_views": 8, "depth_size_px": SIZE, "depth_extent": EXTENT}
    write_example_data(path, shapes=2, options=options)
    for file in (path / "shapes").iterdir():  # ellipsoids are their own mirror images: cut a corner off
        write_record(file, without_corner(read_record(file)))
    return path


def without_corner(record: ShapeRecord) -> ShapeRecord:
    fixed = [camera.camera_from_world for camera in fixed_cameras(8, SIZE, EXTENT)]
    cut = {}
    for name, matrices in (("fixed_depth", fixed), ("novel_depth", record.novel_camera_from_world)):
        cut[name] = getattr(record, name).copy()
        for depth, matrix in zip(cut[name], matrices, strict=True):
            rows, columns = np.nonzero(depth)
            gone = cloud(depth * record.depth_scale, matrix) @ [1.0, 0.7, 0.4] > 0.1
            depth[rows[gone], columns[gone]] = 0
    return dataclasses.replace(record, **cut)


def cloud(depth: np.ndarray, camera_from_world: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(depth)
    camera = orthographic_camera(camera_from_world, SIZE, EXTENT)
    return camera.unproject(np.stack([columns + 0.5, rows + 0.5], axis=1), depth[rows, columns])


def dataset(folder: Path, augmentation: Augmentation = NO_AUGMENTATION, **targets: object) -> ShapeDataset:
    return ShapeDataset(
        folder, "train", targets=targets or TARGETS, preprocess=Preprocess(32), augmentation=augmentation
    )


def radii(data: ShapeDataset, image: torch.Tensor) -> np.ndarray:
    """The half axes of the ellipsoid in an image that is not augmented."""
    for pair in range(len(data)):
        entry, _ = data.entry(pair)
        if torch.equal(data.fixed_batch([pair])["image"][0], image):
            return read_record(entry.path).bounds[1].astype(float)
    raise AssertionError


def surface_error(depth: np.ndarray, camera_from_world: np.ndarray, half_axes: np.ndarray) -> float:
    points = cloud(depth, camera_from_world)
    assert len(points) > 5
    return float(np.abs(np.linalg.norm(points / half_axes, axis=1) - 1.0).max())


def test_views_lie_on_the_surface_in_the_object_frame(folder: Path) -> None:
    data = dataset(folder)
    batch = data.batch(0, 2)
    assert batch["fixed"].shape == (2, 8, SIZE, SIZE)
    assert batch["novel"].shape == (2, 3, SIZE, SIZE)
    cameras = fixed_cameras(8, SIZE, EXTENT)
    for item in range(2):
        half_axes = radii(data, batch["image"][item])
        for depth, camera in zip(batch["fixed"][item].numpy(), cameras, strict=True):
            assert surface_error(depth, camera.camera_from_world, half_axes) < 2e-3
        matrices = batch["novel_camera_from_world"][item].double().numpy()
        for depth, matrix in zip(batch["novel"][item].numpy(), matrices, strict=True):
            assert surface_error(depth, matrix, half_axes) < 2e-3


def test_other_novel_views_are_drawn_at_every_step(folder: Path) -> None:
    data = dataset(folder)
    cameras = [data.batch(step, 4)["novel_camera_from_world"] for step in range(3)]
    assert len({matrix.numpy().tobytes() for step in cameras for matrix in step[:, 0]}) > 6
    assert all(len({matrix.numpy().tobytes() for matrix in item}) == 3 for step in cameras for item in step)
    many = dataset(folder, novel=NovelViews(count=9, size=SIZE, extent=EXTENT)).batch(0, 2)["novel"]
    assert many.shape[1] == 9


def test_a_mirrored_sample_has_the_views_of_the_mirrored_shape(folder: Path) -> None:
    plain, mirrored = dataset(folder).batch(0, 2), dataset(folder, ALWAYS).batch(0, 2)
    mirror = np.diag([-1.0, 1.0, 1.0])
    cameras = fixed_cameras(8, SIZE, EXTENT)
    for item in range(2):
        for views, matrices in (
            ("fixed", np.stack([camera.camera_from_world for camera in cameras])),
            ("novel", mirrored["novel_camera_from_world"][item].double().numpy()),
        ):
            before = matrices if views == "fixed" else plain["novel_camera_from_world"][item].double().numpy()
            seen = np.concatenate([cloud(d, m) for d, m in zip(plain[views][item].numpy(), before, strict=True)])
            turned = np.concatenate([cloud(d, m) for d, m in zip(mirrored[views][item].numpy(), matrices, strict=True)])
            assert np.linalg.det(matrices[:, :3, :3]) == pytest.approx(1.0, abs=1e-5)
            # The same points, mirrored, in another order.
            gaps = np.abs(ordered(turned) - ordered(seen @ mirror))
            assert gaps.max() < 1e-4


def ordered(points: np.ndarray) -> np.ndarray:
    """Points in an order that small errors do not change: along a direction in which no two are alike."""
    return points[np.argsort(np.round(points, 4) @ [1.0, np.sqrt(2.0) * 7, np.sqrt(3.0) * 31])]


def test_mirror_order_of_the_cube_swaps_left_and_right() -> None:
    order = mirror_order(8)
    places = np.stack([camera.position for camera in fixed_cameras(8, 2)])
    np.testing.assert_allclose(places[list(order)], places * (-1.0, 1.0, 1.0), atol=1e-9)
    assert [order[index] for index in order] == list(range(8))


@pytest.mark.parametrize("count", [6, 8])
def test_symmetric_sets_can_be_mirrored(count: FixedCount) -> None:
    assert sorted(mirror_order(count)) == list(range(count))


@pytest.mark.parametrize("count", [4, 12, 20])
def test_a_set_without_symmetry_refuses_to_be_mirrored(count: FixedCount) -> None:
    with pytest.raises(InputError, match="not symmetric"):
        mirror_order(count)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (FixedViews(count=6, size=SIZE, extent=EXTENT), "`fixed_views` 6, `depth_size` 24"),
        (FixedViews(count=8, size=32, extent=EXTENT), "`depth_size` 32"),
        (NovelViews(count=3, size=SIZE, extent=1.25), "`depth_extent` 1.25"),
    ],
)
def test_other_views_than_wanted_are_one_clear_line(folder: Path, target: FixedViews, message: str) -> None:
    with pytest.raises(InputError, match=r"ellipsoid-00\d.*holds other depth views") as caught:
        dataset(folder, views=target).batch(0, 1)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("target", TARGETS.values())
def test_a_data_set_without_views_names_the_option(tmp_path: Path, target: FixedViews) -> None:
    write_example_data(tmp_path, shapes=2)
    with pytest.raises(
        InputError, match="holds no depth views; make a data set with shapelift synthesize, `depth_views`"
    ):
        dataset(tmp_path, views=target).batch(0, 1)


def test_targets_say_what_synthesis_must_make() -> None:
    assert TARGETS["fixed"].record_options() == {
        "depth_views": 32,
        "fixed_views": 8,
        "depth_size_px": SIZE,
        "depth_extent": EXTENT,
    }
    assert "fixed_views" not in TARGETS["novel"].record_options()
