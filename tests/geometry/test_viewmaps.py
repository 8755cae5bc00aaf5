from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import Camera, ViewMaps, fixed_cameras

CAMERAS = {
    "orthographic": fixed_cameras(6, 12, 1.75),
    "perspective": tuple(Camera.orbit(40.0 * i, 25.0, 2.0, 32.0, (14, 10)) for i in range(3)),
}


def some_maps(projection: str) -> ViewMaps:
    """Values that are different everywhere."""
    cameras, rng = CAMERAS[projection], np.random.default_rng(0)
    width, height = cameras[0].image_size_px
    scale = np.array([width, height, 0.8])
    xyz = rng.random((len(cameras), height, width, 3)) * scale + [0.0, 0.0, 0.6]
    return ViewMaps(xyz.astype(np.float32), rng.standard_normal(xyz.shape[:3]).astype(np.float32), cameras)


@pytest.mark.parametrize("projection", CAMERAS)
def test_the_points_of_all_pixels_give_the_maps_back(projection: str) -> None:
    maps = some_maps(projection)
    points = [
        camera.unproject(xyz[..., :2].reshape(-1, 2), xyz[..., 2].reshape(-1))
        for camera, xyz in zip(maps.cameras, maps.xyz.astype(np.float64), strict=True)
    ]
    again = ViewMaps.from_points(np.concatenate(points).astype(np.float32), maps.mask_logits.reshape(-1), maps.cameras)
    np.testing.assert_allclose(again.xyz, maps.xyz, atol=2e-5)
    np.testing.assert_array_equal(again.mask_logits, maps.mask_logits)


def test_points_that_are_not_those_of_the_pixels_are_refused() -> None:
    cameras = CAMERAS["orthographic"]
    with pytest.raises(ValueError, match="need 864 points"):
        ViewMaps.from_points(np.zeros((863, 3)), np.zeros(863), cameras)
    with pytest.raises(ValueError, match="need 864 points"):
        ViewMaps.from_points(np.zeros((864, 3)), np.zeros(863), cameras)
    with pytest.raises(ValueError, match="views of one size"):
        ViewMaps.from_points(np.zeros((864, 3)), np.zeros(864), (*cameras, *CAMERAS["perspective"]))
    with pytest.raises(ValueError, match="views of one size"):
        ViewMaps.from_points(np.zeros((0, 3)), np.zeros(0), ())


def test_maps_of_depth_lie_on_their_pixels() -> None:
    cameras = CAMERAS["perspective"][:2]
    depth = np.zeros((2, 10, 14), np.float32)
    depth[1, 3, 5] = 0.7
    maps = ViewMaps.from_depth(depth, cameras, logit=2.0)
    assert maps.xyz[1, 3, 5].tolist() == pytest.approx([5.5, 3.5, 0.7])
    assert np.argwhere(maps.seen).tolist() == [[1, 3, 5]]
    assert (np.abs(maps.mask_logits) == 2.0).all()
    assert (maps.deviation == 0.0).all()
    assert (maps.xyz[..., 2] > 0.0).all()
    moved = ViewMaps(maps.xyz + np.float32([1.5, -2.0, 0.0]), maps.mask_logits, cameras)
    assert (moved.deviation == [1.5, -2.0]).all()
