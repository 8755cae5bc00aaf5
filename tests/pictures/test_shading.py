from __future__ import annotations

import numpy as np
import pytest

from shapelift.geometry import PointCloud
from shapelift.pictures.shading import Scale, distinct_colors, render_points


def _sphere(radius: float, count: int = 20_000) -> PointCloud:
    normals = np.random.default_rng(0).standard_normal((count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return PointCloud((radius * normals).astype(np.float32), normals.astype(np.float32))


def test_a_scale_colours_its_ends_and_the_middle_between() -> None:
    scale = Scale(((0, 0, 0), (100, 200, 50)), 1.0, 3.0, "low", "high")
    picture = scale.picture([[1.0, 2.0], [3.0, 2.0]], [[True, True], [True, False]])
    assert picture.tolist() == [[[0, 0, 0], [50, 100, 25]], [[100, 200, 50], [255, 255, 255]]]
    assert (scale.picture([[-7.0, 9.0]]) == scale.picture([[1.0, 3.0]])).all()
    bar = scale.bar(3, 5)
    assert bar.shape == (5, 3, 3)
    assert bar[0, 0].tolist() == [100, 200, 50]  # the high end is on top
    assert bar[-1, 0].tolist() == [0, 0, 0]


def test_the_scales_of_depth_deviation_and_share() -> None:
    near, far = Scale.of_depth(0.5, 1.5).picture([[0.5, 1.5]])[0].astype(int)
    assert 650 > near.sum() > 2 * far.sum()  # near is light, far is dark, and both differ from paper
    below, zero, above = Scale.of_deviation(2.0, "px").picture([[-2.0, 0.0, 2.0]])[0].astype(int)
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert np.ptp(zero) == 0
    assert Scale.of_deviation(2.0, "px").high_label == "+2 px"
    assert np.ptp(Scale.of_share().picture(np.linspace(0.0, 1.0, 9)[None]), axis=2).max() == 0  # grey


def test_a_scale_needs_two_colours_and_an_extent() -> None:
    with pytest.raises(ValueError, match="two colours"):
        Scale(((0, 0, 0),), 0.0, 1.0, "", "")
    with pytest.raises(ValueError, match="below"):
        Scale.of_depth(1.0, 1.0)


@pytest.mark.parametrize("count", [0, 1, 4, 20])
def test_colours_are_distinct(count: int) -> None:
    colors = distinct_colors(count).astype(int)
    assert colors.shape == (count, 3)
    gaps = np.abs(colors[:, None] - colors).sum(axis=2) + 1000 * np.eye(count, dtype=int)
    assert gaps.min(initial=1000) > 30


def test_a_sphere_is_a_disc_of_its_size() -> None:
    picture = render_points(_sphere(0.4), 30.0, 20.0, 96, color=(200, 200, 200))
    covered = (picture < 255).any(axis=2).mean()
    assert np.pi * (0.4 / 1.3) ** 2 < covered < np.pi * (0.4 / 1.3 + 2 / 96) ** 2  # points are 3 pixels wide


def test_the_viewer_stands_where_the_angles_say() -> None:
    normals = np.float32([[1, 0, 0]] * 2)
    cloud = PointCloud(np.float32([[0.3, 0.2, 0.0], [0.3, 0.2, 0.01]]), normals)
    right = render_points(cloud, 90.0, 0.0, 64, color=(255, 0, 0))
    assert (right < 255).any()
    rows, _ = np.nonzero((right < 255).any(axis=2))
    assert rows.mean() < 32  # up is up
    assert (render_points(cloud, -90.0, 0.0, 64, color=(255, 0, 0)) == 255).all()  # seen from behind: culled


def test_near_hides_far() -> None:
    near = PointCloud(np.float32([[0, 0, 0.4], [0, 0, -0.4]]), np.float32([[0, 0.1, 0.99], [0, 0.99, 0.1]]))
    alone = PointCloud(near.points[:1], near.normals[:1])
    np.testing.assert_array_equal(
        render_points(near, 0.0, 0.0, 32, color=(250, 250, 250)),
        render_points(alone, 0.0, 0.0, 32, color=(250, 250, 250)),
    )


def test_a_cloud_without_normals_is_refused() -> None:
    with pytest.raises(ValueError, match="normals"):
        render_points(PointCloud(np.zeros((1, 3), np.float32)), 0.0, 0.0, 8, color=(0, 0, 0))


def test_points_keep_their_colours_and_spots_their_size() -> None:
    facing = PointCloud(np.float32([[0, 0, 0]]), np.float32([[0, 0, 1]]), np.uint8([[200, 0, 0]]))
    picture = render_points(facing, 0.0, 0.0, 21, spot_px=5)
    assert (picture[..., 1:] == 0).all(axis=2).sum() == 25
    assert picture[10, 10, 0] > 100
    with pytest.raises(ValueError, match="give a color"):
        render_points(PointCloud(facing.points, facing.normals), 0.0, 0.0, 8)


def test_a_span_is_what_the_side_of_the_picture_shows() -> None:
    facing = PointCloud(np.float32([[0.45, 0, 0]]), np.float32([[0, 0, 1]]))
    for span in (1.0, 2.0):
        _, columns = np.nonzero((render_points(facing, 0.0, 0.0, 100, color=(9, 9, 9), span=span) < 255).any(axis=2))
        assert columns.mean() == pytest.approx(50.0 + 45.0 / span, abs=1.1)
