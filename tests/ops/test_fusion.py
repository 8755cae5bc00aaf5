from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from shapelift.geometry import Camera
from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.losses.views import novel_view_loss
from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views
from shapelift.ops.pseudo_render import render_views
from shapelift.testing import LOPSIDED_CHAIR

BOXES = np.array(LOPSIDED_CHAIR)


def _surface(count: int) -> np.ndarray:
    """Points of the boxes' surface that lie in no other box, nor where two touch."""
    rng = np.random.default_rng(0)
    low, high = BOXES[:, 0], BOXES[:, 1]
    size = high - low
    areas = np.stack([size[:, 1] * size[:, 2], size[:, 0] * size[:, 2], size[:, 0] * size[:, 1]], axis=1)
    face = rng.choice(areas.size, count, p=areas.ravel() / areas.sum())
    box, axis = face // 3, face % 3
    points = low[box] + rng.uniform(size=(count, 3)) * size[box]
    side = rng.integers(0, 2, count)
    points[np.arange(count), axis] = BOXES[box, side, axis]
    within = ((points[:, None] >= low - 1e-9) & (points[:, None] <= high + 1e-9)).all(axis=2)
    return points[within.sum(axis=1) == 1]


def _depth(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Exact depth `h w` and mask `h w` of the boxes, by slabs."""
    origins, directions = camera.rays()
    with np.errstate(divide="ignore"):
        ends = (BOXES[:, :, None, None] - origins) / directions
    near, far = ends.min(axis=1).max(axis=-1), ends.max(axis=1).min(axis=-1)
    distance = np.where((near <= far) & (far > 0), near, np.inf).min(axis=0)
    hit = np.isfinite(distance)
    depth = np.where(hit, distance, 1.0)[..., None] * directions
    return camera.project((origins + depth).reshape(-1, 3))[1].reshape(hit.shape), hit


def _maps(cameras: tuple[Camera, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    depths, masks = zip(*(_depth(camera) for camera in cameras), strict=True)
    rows, columns = np.mgrid[: depths[0].shape[0], : depths[0].shape[1]] + 0.5
    xyz = np.stack([np.stack([columns, rows, depth], axis=-1) for depth in depths])
    return torch.from_numpy(xyz)[None].float(), torch.from_numpy(np.stack(masks)).reshape(-1)


def _errors(points: torch.Tensor, surface: np.ndarray) -> tuple[float, float]:
    cloud = points.numpy()
    forth = cKDTree(surface).query(cloud)[0].mean()
    back = cKDTree(cloud).query(surface)[0].mean()
    return 100 * float(forth), 100 * float(back)


@pytest.fixture(scope="module")
def surface() -> np.ndarray:
    return _surface(20_000)


@pytest.fixture(scope="module")
def perfect() -> tuple[torch.Tensor, torch.Tensor]:
    return _maps(fixed_cameras(8, 128))


def test_perfect_depth_maps_fuse_to_the_surface(
    surface: np.ndarray, perfect: tuple[torch.Tensor, torch.Tensor]
) -> None:
    xyz, mask = perfect
    points = fuse_views(xyz, Cameras.from_values(fixed_cameras(8, 128)))
    forth, back = _errors(points[0, mask], surface)
    assert forth < 0.6
    assert back < 0.6


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [
        lambda xyz: xyz[..., [1, 0, 2]],
        lambda xyz: xyz * torch.tensor([-1.0, 1.0, 1.0]) + torch.tensor([128.0, 0.0, 0.0]),
        lambda xyz: xyz * torch.tensor([1.0, -1.0, 1.0]) + torch.tensor([0.0, 128.0, 0.0]),
        lambda xyz: xyz * torch.tensor([1.0, 1.0, -1.0]) + torch.tensor([0.0, 0.0, 2.0]),
        lambda xyz: xyz.roll(1, dims=1),
    ],
    ids=["rows for columns", "columns mirrored", "rows mirrored", "depth mirrored", "views in another order"],
)
def test_any_swap_or_sign_is_caught(
    wrong: object, surface: np.ndarray, perfect: tuple[torch.Tensor, torch.Tensor]
) -> None:
    xyz, mask = perfect
    points = fuse_views(wrong(xyz).contiguous(), Cameras.from_values(fixed_cameras(8, 128)))  # type: ignore[operator]
    assert max(_errors(points[0, mask], surface)) > 1.5


def test_perfect_views_cost_nothing_at_novel_ones_but_for_their_outlines(
    perfect: tuple[torch.Tensor, torch.Tensor],
) -> None:
    xyz, mask = perfect
    points = fuse_views(xyz, Cameras.from_values(fixed_cameras(8, 128)))
    novel = random_cameras(3, 128, np.random.default_rng(0))
    views = render_views(points, torch.where(mask, 20.0, -20.0)[None], Cameras.from_values(novel), image_size=128)
    truth = np.stack([np.where(hit, depth, 0.0) for depth, hit in map(_depth, novel)])
    target = torch.from_numpy(truth)[None].float()
    ours = novel_view_loss(views, target)
    published = novel_view_loss(views, target, outlines="count")
    # Parts that no fixed view sees stay open; everything else that differs is an outline.
    assert float(ours["mask"]) < 0.1
    assert float(ours["depth"]) < 0.01
    assert float(published["mask"]) > 3 * float(ours["mask"])
    assert float(published["depth"]) > 1.2 * float(ours["depth"])


@pytest.mark.slow
def test_the_shape_is_asymmetric(surface: np.ndarray) -> None:
    for signs in itertools.product((1.0, -1.0), repeat=3):
        for axes in itertools.permutations(range(3)):
            if signs != (1.0, 1.0, 1.0) or axes != (0, 1, 2):
                moved = torch.from_numpy(surface[::10][:, axes] * np.array(signs))
                assert _errors(moved, surface)[0] > 0.8


def _general(projection: str, seed: int) -> list[Camera]:
    rng = np.random.default_rng(seed)
    cameras = []
    for base in random_cameras(3, 8, rng):
        intrinsics = np.array([[9.0, 0.7, 4.2], [0.0, 7.0, 3.1], [0.0, 0.0, 1.0]])
        matrix = base.camera_from_world.copy()
        matrix[:3, 3] += rng.uniform(-0.3, 0.3, 3)
        cameras.append(Camera(intrinsics, matrix, (7, 5), projection))  # type: ignore[arg-type]
    return cameras


@pytest.mark.parametrize("projection", ["orthographic", "perspective"])
def test_equals_the_camera_of_values_in_order(projection: str) -> None:
    torch.manual_seed(0)
    batches = [_general(projection, seed) for seed in (0, 1)]
    xyz = torch.rand(2, 3, 5, 7, 3, dtype=torch.float64) * 5.0 + 0.2
    sets = [Cameras.from_values(cameras, torch.float64) for cameras in batches]
    stacked = Cameras(
        torch.stack([part.intrinsics for part in sets]),
        torch.stack([part.camera_from_world for part in sets]),
        sets[0].orthographic,
    )
    for cameras, choice in ((stacked, batches), (sets[1], [batches[1], batches[1]])):
        points = fuse_views(xyz, cameras).reshape(2, 3, 5, 7, 3)
        for item, view, row, column in itertools.product(range(2), range(3), range(5), range(7)):
            u, v, depth = xyz[item, view, row, column].numpy()
            expected = choice[item][view].unproject([[u, v]], [depth])[0]
            assert np.allclose(points[item, view, row, column].numpy(), expected, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("projection", ["orthographic", "perspective"])
def test_gradcheck(projection: str) -> None:
    torch.manual_seed(0)
    cameras = Cameras.from_values(_general(projection, 3), torch.float64)
    xyz = (torch.rand(2, 3, 2, 2, 3, dtype=torch.float64) + 0.5).requires_grad_()
    intrinsics, matrices = (part.clone().requires_grad_() for part in (cameras.intrinsics, cameras.camera_from_world))

    def fused(maps: torch.Tensor, inner: torch.Tensor, outer: torch.Tensor) -> torch.Tensor:
        # The skeleton of the matrices stays what it is: only what a camera can vary is varied.
        moving = Cameras(inner.triu(), outer, cameras.orthographic)
        return fuse_views(maps, moving)

    assert torch.autograd.gradcheck(fused, (xyz, intrinsics, matrices))


def test_half_precision_maps_and_autocast_do_not_round_pixels() -> None:
    cameras = Cameras.from_values(fixed_cameras(8, 128))
    xyz = torch.rand(1, 8, 4, 4, 3) * torch.tensor([128.0, 128.0, 2.0])
    expected = fuse_views(xyz, cameras)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fuse_views(xyz, cameras), expected)
    assert fuse_views(xyz.bfloat16(), cameras).dtype == torch.float32


def test_numbers_that_do_not_fit_are_refused() -> None:
    cameras = Cameras.from_values(fixed_cameras(4, 8))
    with pytest.raises(ValueError, match="3 views need 3 cameras"):
        fuse_views(torch.zeros(1, 3, 8, 8, 3), cameras)
    with pytest.raises(ValueError, match="one projection"):
        Cameras.from_values([])
    mixed = [*fixed_cameras(4, 8), Camera.orbit(0, 0, 2, 40, (8, 8))]
    with pytest.raises(ValueError, match="one projection"):
        Cameras.from_values(mixed)
    with pytest.raises(ValueError, match=r"shape \(k\) or \(2, k\)"):
        Cameras.unit_orthographic(torch.eye(4).expand(3, 5, 4, 4), 8).expand(2)


def test_unit_cameras_equal_the_viewpoints() -> None:
    values = fixed_cameras(6, 32)
    expected = Cameras.from_values(values, torch.float64)
    found = Cameras.unit_orthographic(torch.from_numpy(np.stack([v.camera_from_world for v in values])), 32)
    assert found.orthographic
    assert found.shape == (6,)
    assert torch.equal(found.intrinsics, expected.intrinsics)
    assert found.expand(2).shape == (2, 6)
    assert torch.equal(found.expand(2).camera_from_world[1], expected.camera_from_world)
