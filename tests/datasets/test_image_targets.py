from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from shapelift.datasets import Augmentation, ImageCamera, ImageDepth, ShapeDataset, ShapeView
from shapelift.datasets.image_targets import image_camera
from shapelift.geometry import Camera, transform_points
from shapelift.imaging.preprocess import Preprocess
from shapelift.io.records import open_record, read_record, write_record
from shapelift.testing import write_example_data

Frame = Literal["object", "view"]
MIRROR = np.array([-1.0, 1.0, 1.0])
QUIET = {"gain": 0.0, "blur": 0.0, "noise": 0.0, "mask": 0.0, "grey": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=2, size_px=48)
    for file in (path / "shapes").iterdir():  # an ellipsoid is its own mirror image: a quarter of it is not seen
        record = read_record(file)
        cut = {name: getattr(record, name).copy() for name in ("depth", "normals", "rgba")}
        for image in cut.values():
            image[:, :20, :24] = 0
        write_record(file, dataclasses.replace(record, **cut))
    return path


def frame_points(camera: Camera, depth: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(depth)
    return camera.unproject(np.stack([columns, rows], axis=1) + 0.5, depth[rows, columns])


def off_surface(points: np.ndarray, frame_from_object: np.ndarray, radii: np.ndarray, *, mirrored: bool) -> float:
    """Largest distance of points in the frame from the ellipsoid, in object units, to first order."""
    local = transform_points(np.linalg.inv(frame_from_object), points * (MIRROR if mirrored else 1.0))
    level = ((local / radii) ** 2).sum(axis=1)
    return float(np.abs((level - 1.0) / (2.0 * np.linalg.norm(local / radii**2, axis=1))).max())


@pytest.mark.parametrize("frame", ["object", "view"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_unprojected_depth_lies_on_the_surface(folder: Path, frame: Frame, mirrored: bool) -> None:
    path = sorted((folder / "shapes").iterdir())[0]
    radii = read_record(path).bounds[1].astype(float)
    with open_record(path) as record:
        sample = ShapeView(record, 1, mirrored)
        depth = ImageDepth(48, frame).read("d", sample, np.random.default_rng(0))
        found = ImageCamera(frame).read("c", sample, np.random.default_rng(0))
        steps, scale = record.item("depth", 1), record.depth_scale
        frame_from_object = sample.frame_from_object(frame)
    camera = Camera(found["c_intrinsics"], found["c_camera_from_world"], (48, 48))
    assert all(value.dtype == np.float32 for value in (*depth.values(), *found.values()))
    points = frame_points(camera, depth["d"])
    assert off_surface(points, frame_from_object, radii, mirrored=mirrored) < 1e-4
    unit = np.cbrt(np.linalg.det(frame_from_object[:3, :3]))
    np.testing.assert_allclose(depth["d"][:, ::-1] if mirrored else depth["d"], steps * scale * unit, rtol=1e-5)
    normals = depth["d_normals"][depth["d"] > 0]
    local = transform_points(np.linalg.inv(frame_from_object), points * (MIRROR if mirrored else 1.0)) / radii**2
    outward = (local / np.linalg.norm(local, axis=1, keepdims=True)) @ frame_from_object[:3, :3].T / unit
    assert ((outward * (MIRROR if mirrored else 1.0)) * normals).sum(axis=1).min() > 0.999
    assert np.all(((points - camera.position) * normals).sum(axis=1) < 0.02)
    assert not depth["d_normals"][depth["d"] == 0].any()


def test_in_the_view_frame_the_camera_has_azimuth_0_and_gravity_up(folder: Path) -> None:
    with open_record(sorted((folder / "shapes").iterdir())[0]) as record:
        for view in range(2):
            for mirrored in (False, True):
                _, matrix = image_camera(ShapeView(record, view, mirrored), "view")
                elevation = np.deg2rad(record.item("view_parameters", view)[1])
                turned = np.array([[1, 0, 0], [0, -np.cos(elevation), np.sin(elevation)]])
                np.testing.assert_allclose(matrix[:2, :3], turned, atol=1e-9)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("frame", ["object", "view"])
def test_a_rolled_picture_is_that_of_a_rolled_camera(folder: Path, frame: Frame, mirrored: bool) -> None:
    varied = Augmentation(mirror=0.5, shift=0.06, zoom=0.1, roll_deg=8.0, cut=0.5, **QUIET)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3))
    with open_record(sorted((folder / "shapes").iterdir())[0]) as record:
        plain = image_camera(ShapeView(record, 0, mirrored), frame)
        pixels, depth = Camera(*plain, (48, 48)).project(points)
        for seed in range(20):
            window = varied.window(48, 48, np.random.default_rng(seed))
            intrinsics, matrix = image_camera(ShapeView(record, 0, mirrored, np.linalg.inv(window)), frame)
            camera = Camera(intrinsics, matrix, (48, 48))
            rolled, same = camera.project(points)
            wanted = np.column_stack([pixels, np.ones(50)]) @ np.linalg.inv(window).T
            np.testing.assert_allclose(rolled, wanted[:, :2], atol=1e-9)
            np.testing.assert_allclose(same, depth, atol=1e-12)
            assert intrinsics[1, 0] == 0.0
            assert abs(intrinsics[0, 1]) < 1e-9
            assert intrinsics[0, 0] == pytest.approx(intrinsics[1, 1], rel=1e-12)
            assert min(intrinsics[0, 0], intrinsics[1, 1]) > 0.0
            np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
            assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1.0)
            # Right in the picture, seen from the camera of no roll, is turned by the roll of the window.
            turn = matrix[:3, :3] @ plain[1][:3, :3].T
            np.testing.assert_allclose(
                turn[:2, :2], np.linalg.inv(window)[:2, :2] * window[0, :2].dot(window[0, :2]) ** 0.5
            )


@pytest.mark.parametrize(
    ("margin", "input_px", "size", "more"),
    [
        (0.05, 48, 48, {}),
        (0.05, 32, 16, {}),
        (0.1, 40, 20, {}),
        (0.05, 48, 48, {"roll_deg": 8.0}),
        (0.1, 40, 20, {"roll_deg": 8.0}),
    ],
)
def test_maps_follow_crop_mirror_shift_and_zoom(
    folder: Path, margin: float, input_px: int, size: int, more: dict[str, float]
) -> None:
    varied = Augmentation(mirror=0.5, shift=0.06, zoom=0.1, **more, **QUIET)
    data = ShapeDataset(
        folder,
        "train",
        targets={"depth": ImageDepth(size, "view"), "camera": ImageCamera("view")},
        preprocess=Preprocess(input_px, margin=margin),
        augmentation=varied,
    )
    batch = {name: value.numpy() for name, value in data.batch(0, 8).items()}
    radii = {tuple(read_record(entry.path).bounds[1].tolist()): read_record(entry.path) for entry in data.entries}
    for item in range(8):
        alpha = batch["image"][item, 3].reshape(size, input_px // size, size, input_px // size).mean(axis=(1, 3))
        seen = batch["depth"][item] > 0
        assert np.mean((alpha > 0.5) != seen) < 0.06
        assert not seen[alpha < 0.01].any()
        shrink = np.diag([size / input_px, size / input_px, 1.0])
        camera = Camera(
            shrink @ batch["camera_intrinsics"][item], batch["camera_camera_from_world"][item], (size, size)
        )
        points = frame_points(camera, batch["depth"][item])
        errors = [
            off_surface(points, record.view_from_object[view], np.array(axes), mirrored=mirrored)
            for axes, record in radii.items()
            for view in range(2)
            for mirrored in (False, True)
        ]
        # The rim is steep, and there the nearest stored pixel counts.
        assert min(errors) < 0.03


def test_interpolation_is_exact_on_planes_and_stays_off_edges(folder: Path, tmp_path: Path) -> None:
    record = read_record(sorted((folder / "shapes").iterdir())[0])
    camera = record.camera(0)
    _, directions = camera.rays()
    along = directions @ camera.camera_from_world[2, :3]
    plane = np.array([0.1, 0.2, 1.0]) @ camera.camera_from_world[:3, :3]
    depth = 40000.0 * record.depth_scale * along / (directions @ plane)
    steps = depth / record.depth_scale
    steps[:, 30:] *= 0.5
    flat = dataclasses.replace(record, depth=np.repeat(steps.round()[None], 2, axis=0).astype(np.uint16))
    write_record(tmp_path / "plane.safetensors", flat)
    with open_record(tmp_path / "plane.safetensors") as reader:
        sample = ShapeView(reader, 0)
        found = ImageDepth(24, "object").read("d", sample, np.random.default_rng(0))["d"]
    wanted = 1.0 / (1.0 / depth).reshape(24, 2, 24, 2).mean(axis=(1, 3))
    wanted[:, 15:] *= 0.5
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
