"""Batches from a pack against those from records, for the same pairs and windows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal
from unittest import mock

import numpy as np
import pytest
import torch

from shapelift.datasets import (
    NO_AUGMENTATION,
    Augmentation,
    FixedViews,
    ImageCamera,
    ImageDepth,
    Noise,
    OccupancyPoints,
    Pack,
    PackDetail,
    PackedDataset,
    ShapeDataset,
    ShapeView,
    SurfaceAlbedo,
    SurfacePoints,
    UniformDraws,
    pack,
)
from shapelift.datasets.packed import packed_columns
from shapelift.datasets.packed_items import PackedItems
from shapelift.datasets.packing import choose_detail, packed_bytes
from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess
from shapelift.io.manifest import stored_shapes
from shapelift.io.records import open_record, read_record, write_record
from shapelift.ops.picture_frame import picture_from_world
from shapelift.testing import write_example_data

Frame = Literal["object", "view"]
SIZE = 48
CPU = torch.device("cpu")
DETAIL = PackDetail(map_px=SIZE, uniform=4096, near=2000, surface=2000)
PREPROCESS = Preprocess(image_size_px=SIZE)
TARGETS: dict[str, Any] = {
    "points": OccupancyPoints(300, 200, "view"),
    "albedo": SurfaceAlbedo(64, "view"),
    "surface": SurfacePoints(64, "view"),
    "camera": ImageCamera("view"),
    "depth": ImageDepth(24, "view"),
    "rays": UniformDraws(5, 6),
    "noise": Noise(2, 3),
}
WANTED = packed_columns(TARGETS) or frozenset()
PHOTOGRAPH = Augmentation(
    roll_deg=8.0, balance=0.1, uneven=0.3, defocus=0.2, bites=0.3, halo=0.3, table=0.3, cut=0.3, grey=0.3, jpeg=0.3
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=6, size_px=SIZE)
    for number, file in enumerate(sorted((path / "shapes").iterdir())):
        record = read_record(file)
        cut = {name: getattr(record, name).copy() for name in ("depth", "normals", "rgba")}
        for image in cut.values():  # an ellipsoid is its own mirror image: a quarter of it is not seen
            image[:, :20, :24] = 0
        albedo = np.random.default_rng(number).integers(0, 256, record.surface_points.shape).astype(np.uint8)
        write_record(file, dataclasses.replace(record, **cut, surface_albedo=None if number == 1 else albedo))
    return path


@pytest.fixture(scope="module")
def held(folder: Path) -> Pack:
    return pack(stored_shapes(folder, "train"), WANTED, PREPROCESS, DETAIL, folder=None, device=CPU)


def items_of(held: Pack, mirrored: bool, window: np.ndarray, views: tuple[int, ...] = (0, 1)) -> PackedItems:
    count = len(views)
    return PackedItems(
        held,
        torch.arange(count),
        torch.tensor(views),
        torch.full((count,), mirrored),
        torch.from_numpy(window).float().expand(count, 3, 3),
        torch.Generator().manual_seed(0),
    )


def dataset(held: Pack, augmentation: Augmentation = NO_AUGMENTATION, seed: int = 0) -> PackedDataset:
    return PackedDataset(held, targets=TARGETS, preprocess=PREPROCESS, augmentation=augmentation, seed=seed)


WINDOWS = {
    "unmoved": np.eye(3),
    "moved": np.array([[0.93, 0.0, 2.3], [0.0, 0.93, -1.1], [0.0, 0.0, 1.0]]),
}


@pytest.mark.parametrize("frame", ["object", "view"])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("window", WINDOWS)
def test_cameras_depths_and_normals_are_those_of_the_records(
    folder: Path, held: Pack, frame: Frame, mirrored: bool, window: str
) -> None:
    items = items_of(held, mirrored, WINDOWS[window])
    found = {**ImageCamera(frame).draw("c", items), **ImageDepth(24, frame).draw("d", items)}
    rng = np.random.default_rng(0)
    for number, (entry, view) in enumerate(zip(stored_shapes(folder, "train"), (0, 1), strict=False)):
        with open_record(entry.path) as record:
            sample = ShapeView(record, view, mirrored, np.linalg.inv(WINDOWS[window]), SIZE)
            expected = {
                **ImageCamera(frame).read("c", sample, rng),
                **ImageDepth(24, frame).read("d", sample, rng),
            }
        assert (expected["d"] > 0).sum() > 50
        for name, value in expected.items():
            scale = max(1.0, float(np.abs(value).max()))
            np.testing.assert_allclose(found[name][number].numpy() / scale, value / scale, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("roll_deg", [0.0, 7.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_camera_sees_stored_points_where_the_window_shows_them(
    folder: Path, held: Pack, mirrored: bool, roll_deg: float
) -> None:
    sine, cosine = np.sin(np.deg2rad(roll_deg)), np.cos(np.deg2rad(roll_deg))
    window = np.array([[0.9 * cosine, -0.9 * sine, 5.0], [0.9 * sine, 0.9 * cosine, -2.0], [0.0, 0.0, 1.0]])
    items = items_of(held, mirrored, window)
    camera = ImageCamera("view").draw("c", items)
    points = SurfacePoints(50, "view", normals=False).draw("s", items)["s"]
    shown = picture_from_world(points, camera["c_intrinsics"], camera["c_camera_from_world"], SIZE)
    assert camera["c_intrinsics"][:, 0, 1].abs().max() == 0.0
    rigid = camera["c_camera_from_world"][:, :3, :3]
    torch.testing.assert_close(rigid @ rigid.mT, torch.eye(3).expand(2, 3, 3), atol=1e-5, rtol=0.0)
    for number, entry in enumerate(stored_shapes(folder, "train")[:2]):
        record = read_record(entry.path)
        world = points[number].numpy() * (-1.0 if mirrored else 1.0, 1.0, 1.0)
        world = (world - record.view_from_object[number][:3, 3]) @ np.linalg.inv(record.view_from_object[number])[
            :3, :3
        ].T
        pixel, _ = record.camera(number).project(world)
        if mirrored:
            pixel[:, 0] = SIZE - pixel[:, 0]
        pixel = (np.concatenate([pixel, np.ones((50, 1))], axis=1) @ np.linalg.inv(window).T)[:, :2]
        u, v = pixel[:, 0] / SIZE - 0.5, 0.5 - pixel[:, 1] / SIZE
        np.testing.assert_allclose(shown[number, :, :2].numpy(), np.stack([u, v], axis=1), atol=2e-5)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("frame", ["object", "view"])
def test_labels_agree_with_the_record(folder: Path, held: Pack, frame: Frame, mirrored: bool) -> None:
    items = items_of(held, mirrored, np.eye(3))
    found = OccupancyPoints(2000, 500, frame).draw("p", items)
    assert found["p"].shape == (2, 2500, 3)
    assert found["p"].abs().max() < 0.75
    for number, entry in enumerate(stored_shapes(folder, "train")[:2]):
        record = read_record(entry.path)
        local = found["p"][number].numpy() * (-1.0 if mirrored else 1.0, 1.0, 1.0)
        matrix = np.eye(4) if frame == "object" else record.view_from_object[number]
        label = found["p_occupancy"][number].numpy() > 0.5
        # The grid answers for a cell what its one point says, so points near the surface may differ.
        uniform = slice(2000)
        assert (record.occupancy_at(local[uniform], matrix) == label[uniform]).mean() > 0.97
        assert 0.2 < label[2000:].mean() < 0.8
        volume = label[uniform].mean()
        radii = record.bounds[1].astype(float) * np.cbrt(np.linalg.det(matrix[:3, :3]))
        assert volume == pytest.approx(4.0 / 3.0 * np.pi * radii.prod(), abs=0.04)


@pytest.mark.parametrize("frame", ["object", "view"])
def test_the_same_numbers_draw_the_same_points_of_pack_and_record(folder: Path, held: Pack, frame: Frame) -> None:
    target, stored = OccupancyPoints(2000, 0, frame), held.columns["uniform_points"].shape[1]
    rng = np.random.default_rng(0)
    places, pick = rng.random((2, 2000, 3), np.float32), rng.integers(0, stored, (2, 4016))

    class Scripted(PackedItems):
        def uniform(self, *shape: int) -> torch.Tensor:
            assert shape == places.shape
            return torch.from_numpy(places)

        def integers(self, high: int, *shape: int) -> torch.Tensor:
            assert (high, *shape) == (stored, *pick.shape)
            return torch.from_numpy(pick)

    items = items_of(held, False, np.eye(3))
    found = target.draw("p", Scripted(**vars(items)))
    for number, entry in enumerate(stored_shapes(folder, "train")[:2]):
        numbers = mock.Mock(spec=np.random.Generator)
        numbers.uniform.return_value = places[number].astype(np.float64) - 0.5
        with open_record(entry.path) as record:
            # The pack holds all points of the record in another order.
            index = {tuple(point): place for place, point in enumerate(record.field("uniform_points").tolist())}
            order = np.array([index[tuple(point)] for point in held.columns["uniform_points"][number].tolist()])
            numbers.integers.side_effect = lambda low, high, count, row=order[pick[number]]: row[:count]
            expected = target.read("p", ShapeView(record, number), numbers)
        inside = expected["p_occupancy"] > 0.0
        assert 100 < inside.sum() < 1500
        np.testing.assert_array_equal(found["p_occupancy"][number].numpy() > 0.0, inside)
        np.testing.assert_allclose(found["p"][number].numpy(), expected["p"], atol=1e-6)


def test_colours_and_normals_belong_to_their_points(folder: Path, held: Pack) -> None:
    items = items_of(held, False, np.eye(3))
    albedo = SurfaceAlbedo(40, "object").draw("a", items)
    surface = SurfacePoints(40, "object").draw("s", items)
    assert albedo["a_rgb"][1].isnan().all()  # a record without
    record = read_record(stored_shapes(folder, "train")[0].path)
    assert record.surface_albedo is not None
    stored = {tuple(point): index for index, point in enumerate(record.surface_points.astype(np.float32))}
    for point, rgb in zip(albedo["a"][0].numpy(), albedo["a_rgb"][0].numpy(), strict=True):
        np.testing.assert_allclose(rgb * 255.0, record.surface_albedo[stored[tuple(point)]], atol=1e-4)
    for point, normal in zip(surface["s"][0].numpy(), surface["s_normals"][0].numpy(), strict=True):
        expected = record.surface_normals[stored[tuple(point)]].astype(float)
        np.testing.assert_allclose(normal, expected / np.linalg.norm(expected), atol=1e-5)
    assert len({tuple(point) for point in surface["s"][0].numpy()}) == 40  # none twice


def test_an_unvaried_image_is_that_of_the_record(folder: Path, held: Pack) -> None:
    packed, records = dataset(held), ShapeDataset(folder, "train", targets={}, preprocess=PREPROCESS)
    expected = records.batch(0, 6)["image"]
    torch.testing.assert_close(packed.batch(0, 6)["image"], expected, atol=1e-6, rtol=0.0)


def test_a_batch_depends_on_seed_and_step_alone(held: Pack) -> None:
    first, again, other = (dataset(held, PHOTOGRAPH), dataset(held, PHOTOGRAPH), dataset(held, PHOTOGRAPH, seed=1))
    again.batch(7, 5)
    expected, found, differs = (data.batch(3, 5) for data in (first, again, other))
    for name, value in expected.items():
        assert torch.equal(value.nan_to_num(-1.0), found[name].nan_to_num(-1.0)), name
    assert not torch.equal(expected["points"], differs["points"])
    assert not torch.equal(expected["points"], first.batch(4, 5)["points"])


def test_an_epoch_shows_every_image_once(held: Pack) -> None:
    data = dataset(held)
    seen = torch.cat([data.batch(step, 3)["image"] for step in range(4)])[: len(data)]
    assert len(data) == 8
    assert len({image.numpy().tobytes() for image in seen}) == 8


def test_photographs_are_images(held: Pack) -> None:
    batch = dataset(held, PHOTOGRAPH).batch(0, 8)
    image = batch["image"]
    assert image.shape == (8, 4, SIZE, SIZE)
    assert image.min() >= 0.0
    assert image.max() <= 1.0 + 1e-6
    plain = dataset(held).batch(0, 8)["image"]
    assert (image - plain).abs().amax(dim=(1, 2, 3)).min() > 0.02


@pytest.mark.parametrize("part", ["bites", "cut", "halo", "table"])
def test_each_part_changes_the_mask_its_own_way(held: Pack, part: str) -> None:
    alone = dataclasses.replace(NO_AUGMENTATION, **{part: 1.0})
    after = dataset(held, alone).batch(0, 8)["image"][:, 3].sum(dim=(1, 2))
    before = dataset(held).batch(0, 8)["image"][:, 3].sum(dim=(1, 2))
    if part == "bites":
        assert (after <= before + 1e-3).all()
        assert (after < before - 1.0).any()
    elif part != "cut":
        assert (after >= before - 1e-3).all()
        assert (after > before + 1.0).any()
    else:
        assert (after != before).all()


def test_a_packed_file_is_made_once_and_found_again(folder: Path, held: Pack, tmp_path: Path) -> None:
    entries = stored_shapes(folder, "train")
    for _ in range(2):
        found = pack(entries, WANTED, PREPROCESS, DETAIL, folder=tmp_path, device=CPU, workers=2)
        (file,) = tmp_path.iterdir()
        for name, value in held.columns.items():
            assert torch.equal(found.columns[name], value), name
    from safetensors.torch import load_file

    assert load_file(file).keys() == held.columns.keys()
    finer = dataclasses.replace(DETAIL, surface=100)
    pack(entries, WANTED, PREPROCESS, finer, folder=tmp_path, device=CPU)
    assert len(list(tmp_path.iterdir())) == 2


def test_smaller_images_and_maps_show_the_same(folder: Path) -> None:
    half = Preprocess(image_size_px=24)
    detail = dataclasses.replace(DETAIL, map_px=24)
    small = pack(stored_shapes(folder, "train"), WANTED, half, detail, folder=None, device=CPU)
    data = PackedDataset(small, targets=TARGETS, preprocess=half, augmentation=NO_AUGMENTATION, seed=0)
    expected = ShapeDataset(folder, "train", targets=TARGETS, preprocess=half).batch(0, 4)
    found = data.batch(0, 4)
    torch.testing.assert_close(found["image"], expected["image"], atol=1e-6, rtol=0.0)
    torch.testing.assert_close(found["camera_intrinsics"], expected["camera_intrinsics"], atol=1e-4, rtol=0.0)
    torch.testing.assert_close(found["depth"], expected["depth"], atol=1e-3, rtol=0.0)


def test_detail_gives_way_to_memory(folder: Path) -> None:
    entries = stored_shapes(folder, "train")
    finest = choose_detail(entries, WANTED, SIZE, 1 << 40)
    assert finest is not None
    assert finest == PackDetail(map_px=SIZE, uniform=4096, near=4000, surface=4000)
    need = packed_bytes(len(entries), 2, WANTED, SIZE, finest)
    assert need == sum(
        value.numel() * value.element_size()
        for value in pack(entries, WANTED, PREPROCESS, finest, folder=None, device=CPU).columns.values()
    )
    less = choose_detail(entries, WANTED, SIZE, need - 1)
    assert less is not None
    assert less.map_px < SIZE
    assert choose_detail(entries, WANTED, SIZE, 1000) is None


def test_what_a_pack_cannot_hold_is_said(held: Pack) -> None:
    assert packed_columns({"views": FixedViews(count=8, size=32, extent=1.0), "camera": ImageCamera("view")}) is None
    with pytest.raises(TypeError, match="FixedViews is read from records only"):
        FixedViews(count=8, size=32, extent=1.0).draw("v", items_of(held, False, np.eye(3)))


def test_a_damaged_file_is_refused(folder: Path, tmp_path: Path) -> None:
    entries = stored_shapes(folder, "train")
    pack(entries, WANTED, PREPROCESS, DETAIL, folder=tmp_path, device=CPU)
    (file,) = tmp_path.iterdir()
    text = file.read_bytes()
    file.write_bytes(text.replace(b"shapelift-packed-1", b"shapelift-packed-0"))
    with pytest.raises(InputError, match="delete it"):
        pack(entries, WANTED, PREPROCESS, DETAIL, folder=tmp_path, device=CPU)
