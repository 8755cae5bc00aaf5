from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shapelift.datasets import NO_AUGMENTATION, Augmentation, OccupancyPoints, ShapeDataset
from shapelift.datasets.targets import ShapeView
from shapelift.errors import InputError
from shapelift.imaging.preprocess import Preprocess
from shapelift.io.manifest import Manifest
from shapelift.io.records import open_record, read_record
from shapelift.testing import write_example_data


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    write_example_data(path, shapes=9, views=3, size_px=32)
    return path


def dataset(folder: Path, augmentation: Augmentation = NO_AUGMENTATION, **change: object) -> ShapeDataset:
    options = {"targets": {"points": OccupancyPoints(50, 30, "view")}, "preprocess": Preprocess(32), "seed": 1}
    return ShapeDataset(folder, "train", augmentation=augmentation, **{**options, **change})


def test_batches_are_a_function_of_seed_and_step(folder: Path) -> None:
    first, again = dataset(folder, Augmentation()), dataset(folder, Augmentation())
    again.batch(7, 4)
    for name, value in first.batch(2, 4).items():
        assert torch.equal(value, again.batch(2, 4)[name])
    assert not torch.equal(first.batch(2, 4)["image"], dataset(folder, Augmentation(), seed=2).batch(2, 4)["image"])


def test_an_epoch_visits_every_pair_once(folder: Path) -> None:
    data = dataset(folder)
    images = torch.cat([data.batch(step, 3)["image"] for step in range(len(data) // 3)])
    assert len(data) % 3 == 0
    assert len({image.numpy().tobytes() for image in images}) == len(data)


def test_ranks_share_the_batch_of_one_process(folder: Path) -> None:
    data = dataset(folder, Augmentation())
    whole = data.batch(1, 4)
    parts = [data.batch(1, 2, rank=rank, world=2) for rank in range(2)]
    for name, value in whole.items():
        assert torch.equal(value[0::2], parts[0][name])
        assert torch.equal(value[1::2], parts[1][name])


def test_points_are_uniform_in_the_frame_and_rightly_labelled(folder: Path) -> None:
    data = dataset(folder, targets={"points": OccupancyPoints(20000, 0, "view")})
    entry, view = data.entry(0)
    record = read_record(entry.path)
    with open_record(entry.path) as reader:
        arrays = data.targets["points"].read("points", ShapeView(reader, view), np.random.default_rng(0))
    points, occupancy = arrays["points"], arrays["points_occupancy"]
    assert np.abs(points).max() <= 0.5 + 1e-3
    # All eight octants hold their share: uniform in the cube although stored points fill the tight box only.
    octants = np.bincount((points > 0) @ [1, 2, 4], minlength=8) / len(points)
    assert np.abs(octants - 1 / 8).max() < 0.01
    looked_up = record.occupancy_at(points, record.view_from_object[view])
    assert np.mean(looked_up == (occupancy > 0.5)) > 0.97
    volume = record.uniform_occupancy.mean() * np.prod(record.bounds[1] - record.bounds[0])
    scale = np.cbrt(np.linalg.det(record.view_from_object[view][:3, :3]))
    assert occupancy.mean() == pytest.approx(volume * scale**3, abs=0.015)


def test_mirror_turns_image_and_points_together(folder: Path) -> None:
    always = Augmentation(mirror=1.0, shift=0.0, zoom=0.0, gain=0.0, blur=0.0, noise=0.0, mask=0.0, grey=0.0)
    plain, mirrored = dataset(folder).batch(0, 4), dataset(folder, always).batch(0, 4)
    assert torch.equal(mirrored["image"], plain["image"].flip(3))
    assert torch.equal(mirrored["points"], plain["points"] * torch.tensor([-1.0, 1.0, 1.0]))
    assert torch.equal(mirrored["points_occupancy"], plain["points_occupancy"])


def test_wrong_masks_change_the_image_and_not_the_truth(folder: Path) -> None:
    wrong = dict.fromkeys(("bites", "halo", "table", "jpeg", "defocus", "cut"), 1.0)
    off = Augmentation(mirror=0.0)
    plain, varied = dataset(folder, off).batch(0, 4), dataset(folder, replace(off, **wrong)).batch(0, 4)
    assert not torch.equal(varied["image"], plain["image"])
    for name in ("points", "points_occupancy"):
        assert torch.equal(varied[name], plain[name])


def test_fixed_pairs_use_every_shape_before_any_twice(folder: Path) -> None:
    data = dataset(folder)
    pairs = data.fixed_pairs(len(data.entries))
    assert {data.entry(pair)[0].shape_id for pair in pairs} == {entry.shape_id for entry in data.entries}
    assert len(set(data.fixed_pairs(10**6))) == len(data)
    assert torch.equal(data.fixed_batch(pairs[:2])["points"], data.fixed_batch(pairs[:2])["points"])


def test_augmentation_off_is_the_identity_and_on_keeps_the_object(folder: Path) -> None:
    entry = dataset(folder).entries[0]
    rgba = read_record(entry.path).rgba[0]
    solid = rgba[..., 3] > 0
    same = NO_AUGMENTATION.vary(rgba, np.random.default_rng(0))
    assert np.array_equal(same[..., 3], rgba[..., 3])
    assert np.abs(same[solid].astype(int) - rgba[solid]).max() <= 1
    varied = Augmentation().vary(rgba, np.random.default_rng(0))
    overlap = (varied[..., 3] > 127) & (rgba[..., 3] > 127)
    assert overlap.sum() > 0.8 * (rgba[..., 3] > 127).sum()
    assert not np.array_equal(varied, rgba)


def test_another_margin_is_what_inference_would_crop(folder: Path) -> None:
    data = dataset(folder, preprocess=Preprocess(32, margin=0.2))
    entry, view = data.entry(0)
    expected = data.preprocess(read_record(entry.path).rgba[view])
    assert np.array_equal(data.fixed_batch([0])["image"][0].numpy(), expected)
    assert not np.array_equal(dataset(folder).fixed_batch([0])["image"][0].numpy(), expected)


def test_mixed_in_shapes_are_drawn_like_the_others(folder: Path, tmp_path: Path) -> None:
    write_example_data(tmp_path / "more", shapes=5, views=3, size_px=32, seed=1)
    alone, mixed = dataset(folder), dataset(folder, mixed=[tmp_path / "more"])
    assert [entry.path for entry in mixed.entries[: len(alone.entries)]] == [entry.path for entry in alone.entries]
    added = mixed.entries[len(alone.entries) :]
    assert {entry.split for entry in added} == {"train"}
    assert len(mixed) == len(alone) + 3 * len(added) > len(alone)
    images = torch.cat([mixed.batch(step, 3)["image"] for step in range(len(mixed) // 3)])
    assert len({image.numpy().tobytes() for image in images}) == len(mixed)
    write_example_data(tmp_path / "fewer", shapes=3, views=2, size_px=32)
    with pytest.raises(InputError, match=r"fewer: has 2 images per shape, .* has 3"):
        dataset(folder, mixed=[tmp_path / "fewer"])


def test_a_folder_without_shapes_for_training_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json: no such data set"):
        dataset(tmp_path)
    Manifest("test", {}, 0).write(tmp_path)
    with pytest.raises(InputError, match="no shape in the split 'train'"):
        dataset(tmp_path)
