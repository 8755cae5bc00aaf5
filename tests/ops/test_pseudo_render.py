from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shapelift.geometry import Camera
from shapelift.geometry.viewpoints import fixed_cameras, random_cameras
from shapelift.ops.cameras import Cameras
from shapelift.ops.pseudo_render import EMPTY_DEPTH, EMPTY_LOGIT, RenderedViews, render_views


@dataclass
class _Twin:
    """What one view of one cloud must be, pixel by pixel, and the gradients of given weights."""

    depth: np.ndarray
    mask: np.ndarray
    collision: np.ndarray
    nearest: dict[tuple[int, int], int]
    surest: dict[tuple[int, int], list[int]]


def _z_buffer(points: np.ndarray, logits: np.ndarray, camera: Camera, size: int, upsampling: int) -> _Twin:
    """Point after point, into dictionaries of cells."""
    visible: dict[tuple[int, int], list[tuple[int, float, tuple[int, int]]]] = {}
    invisible: dict[tuple[int, int], list[int]] = {}
    pixels, depths = camera.project(points)
    for index, ((u, v), depth) in enumerate(zip(pixels, depths, strict=True)):
        if not (depth > 0 and 0 <= u < size and 0 <= v < size):
            continue
        place = (math.floor(v), math.floor(u))
        if logits[index] > 0:
            cell = (math.floor(v * upsampling), math.floor(u * upsampling))
            visible.setdefault(place, []).append((index, depth, cell))
        elif logits[index] <= 0:
            invisible.setdefault(place, []).append(index)
    shape = (size, size)
    twin = _Twin(np.full(shape, EMPTY_DEPTH), np.full(shape, EMPTY_LOGIT), np.zeros(shape, np.int32), {}, {})
    for place, members in visible.items():
        twin.nearest[place] = min(members, key=lambda member: (member[1], member[0]))[0]
        twin.depth[place] = min(member[1] for member in members)
        best = min(members, key=lambda member: (-logits[member[0]], member[0]))[0]
        twin.surest[place], twin.mask[place] = [best], logits[best]
        twin.collision[place] = max(sum(other[2] == member[2] for other in members) for member in members)
    for place, crowd in invisible.items():
        total = sum(logits[index] for index in crowd) / upsampling**2
        if place not in visible and total < 0:
            twin.mask[place], twin.surest[place] = total, crowd
    return twin


def _same(found: RenderedViews, item: int, view: int, twin: _Twin, tolerance: float) -> None:
    assert np.array_equal(found.collision[item, view].numpy(), twin.collision)
    assert np.allclose(found.depth[item, view].detach().numpy(), twin.depth, rtol=0, atol=tolerance)
    assert np.allclose(found.mask_logits[item, view].detach().numpy(), twin.mask, rtol=tolerance, atol=tolerance)


def _views(projection: str, rng: np.random.Generator, count: int, size: int) -> list[Camera]:
    cameras = []
    for base in random_cameras(count, size, rng):
        intrinsics = base.intrinsics.copy()
        intrinsics[0, 1], intrinsics[1, 1] = 0.3, 0.8 * size
        matrix = base.camera_from_world.copy()
        matrix[2, 3] = 0.3  # some points lie behind
        cameras.append(Camera(intrinsics, matrix, (size, size), projection))  # type: ignore[arg-type]
    return cameras


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    projection=st.sampled_from(["orthographic", "perspective"]),
    upsampling=st.sampled_from([1, 2, 3, 5]),
    size=st.integers(1, 7),
)
def test_equals_a_z_buffer_of_single_points(seed: int, projection: str, upsampling: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.8, 0.8, (2, 60, 3))
    points[:, 40:50] = points[:, 10:20]  # duplicates
    logits = rng.normal(size=(2, 60))
    logits[:, 45:55] = logits[:, 10:20]
    logits[:, 55:58] = 0.0
    cameras = _views(projection, rng, 3, size)
    cloud = torch.from_numpy(points).requires_grad_()
    weights = torch.from_numpy(logits).requires_grad_()
    found = render_views(
        cloud, weights, Cameras.from_values(cameras, torch.float64), image_size=size, upsampling=upsampling
    )
    pull = torch.from_numpy(rng.normal(size=(2, 2, 3, size, size)))
    of_cloud, of_weights = torch.autograd.grad([found.depth, found.mask_logits], [cloud, weights], [pull[0], pull[1]])
    expected = [np.zeros_like(points), np.zeros_like(logits)]
    for item, (view, camera) in itertools.product(range(2), enumerate(cameras)):
        twin = _z_buffer(points[item], logits[item], camera, size, upsampling)
        _same(found, item, view, twin, 1e-12)
        for place, index in twin.nearest.items():
            expected[0][item, index] += float(pull[0, item, view][place]) * camera.camera_from_world[2, :3]
        for place, members in twin.surest.items():
            share = 1.0 if place in twin.nearest else upsampling**-2
            for index in members:
                expected[1][item, index] += share * float(pull[1, item, view][place])
    assert np.allclose(of_cloud.numpy(), expected[0], atol=1e-12)
    assert np.allclose(of_weights.numpy(), expected[1], atol=1e-12)


def _along_the_axes(size: int) -> list[Camera]:
    """Orthographic cameras whose arithmetic is exact for coordinates that are multiples of 1/64."""
    turns = [np.eye(3), np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]]), np.diag([-1, 1, -1])]
    intrinsics = np.array([[size, 0, size / 2], [0, size, size / 2], [0, 0, 1]])
    cameras = []
    for turn in turns:
        matrix = np.eye(4)
        matrix[:3, :3], matrix[2, 3] = turn, 0.5
        cameras.append(Camera(intrinsics, matrix, (size, size), "orthographic"))
    return cameras


@pytest.mark.parametrize("upsampling", [1, 2, 4])
def test_ties_and_borders_in_single_precision(upsampling: int) -> None:
    # On a coarse lattice most points tie with others in depth, and many lie exactly on the border of a cell.
    rng = np.random.default_rng(upsampling)
    points = rng.integers(-40, 41, (1, 4000, 3)) / 64.0
    logits = rng.integers(-6, 5, (1, 4000)) / 4.0
    cameras = _along_the_axes(16)
    cloud = torch.from_numpy(points).float().requires_grad_()
    weights = torch.from_numpy(logits).float().requires_grad_()
    found = render_views(cloud, weights, Cameras.from_values(cameras), image_size=16, upsampling=upsampling)
    of_cloud, of_weights = torch.autograd.grad(found.depth.sum() + found.mask_logits.sum(), [cloud, weights])
    expected = [np.zeros_like(points[0]), np.zeros_like(logits[0])]
    for view, camera in enumerate(cameras):
        twin = _z_buffer(points[0], logits[0], camera, 16, upsampling)
        assert twin.collision.max() > 1
        _same(found, 0, view, twin, 0.0)
        for index in twin.nearest.values():
            expected[0][index] += camera.camera_from_world[2, :3]
        for place, members in twin.surest.items():
            for index in members:
                expected[1][index] += 1.0 if place in twin.nearest else upsampling**-2
    assert np.array_equal(of_cloud[0].numpy(), expected[0])
    assert np.array_equal(of_weights[0].numpy(), expected[1])


def _published(
    points: torch.Tensor, logits: torch.Tensor, cameras: list[Camera], size: int, upsampling: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The formulas of the paper's code for one cloud: sums per cell, maxima per pixel."""
    results = []
    for camera in cameras:
        pixels, depth = camera.project(points.numpy())
        cell = torch.from_numpy(np.floor(pixels * upsampling)).long()
        z = torch.from_numpy(depth)
        inside = ((cell >= 0) & (cell < size * upsampling)).all(dim=1) & (z > 0)
        place = cell[:, 1] * size * upsampling + cell[:, 0]
        grids = []
        for chosen, values in (
            (logits > 0, torch.stack([1.0 / (z + 10.0), logits, torch.ones_like(z)])),
            (logits <= 0, logits[None]),
        ):
            keep = inside & chosen
            grid = torch.zeros(len(values), (size * upsampling) ** 2, dtype=z.dtype)
            grid.index_add_(1, place[keep], values[:, keep])
            grids.append(grid.view(1, -1, size * upsampling, size * upsampling))
        inverse, seen, collision = torch.nn.functional.max_pool2d(grids[0], upsampling)[0]
        unseen = torch.nn.functional.avg_pool2d(grids[1], upsampling)[0, 0]
        mask = torch.where(seen > 0, seen, torch.where(unseen < 0, unseen, -1.0))
        results.append((1.0 / inverse - 10.0, mask, collision))
    depths, masks, collisions = zip(*results, strict=True)
    return torch.stack(depths), torch.stack(masks), torch.stack(collisions)


def test_equals_the_published_formulas_where_nothing_collides() -> None:
    torch.manual_seed(0)
    points = torch.rand(3000, 3, dtype=torch.float64) - 0.5
    logits = torch.randn(3000, dtype=torch.float64)
    cameras = list(random_cameras(4, 24, np.random.default_rng(0)))
    found = render_views(
        points[None], logits[None], Cameras.from_values(cameras, torch.float64), image_size=24, upsampling=5
    )
    depth, mask, collision = _published(points, logits, cameras, 24, 5)
    assert torch.equal(found.collision[0].double(), collision)
    single, several = collision == 1, collision > 1
    assert int(single.sum()) > 500
    assert int(several.sum()) > 100
    assert torch.allclose(found.depth[0][single], depth[single], atol=1e-11)
    assert torch.allclose(found.mask_logits[0][collision <= 1], mask[collision <= 1], atol=1e-12)
    assert bool((found.depth[0][several] > depth[several]).any())  # where points pile up, sums come out too near


def test_a_known_picture() -> None:
    camera = Camera(np.array([[2.0, 0, 1], [0, 2, 1], [0, 0, 1]]), np.eye(4), (2, 2), "orthographic")
    points = torch.tensor(
        [
            [-0.45, -0.45, 0.7],  # upper left pixel
            [-0.45, -0.45, 0.5],  # the same cell, nearer
            [-0.05, -0.05, 0.9],  # the same pixel, another cell
            [0.2, -0.2, 0.4],  # upper right, invisible
            [0.3, -0.3, 0.4],  # upper right, invisible
            [-0.2, 0.2, -0.1],  # behind the camera
            [0.5, 0.2, 0.5],  # on the right border: out
            [0.2, 0.2, 0.5],  # lower right, no logit on either side
        ]
    )
    logits = torch.tensor([1.0, 2.0, 3.0, -4.0, -2.0, 5.0, 5.0, 0.0])
    found = render_views(points[None], logits[None], Cameras.from_values([camera]), image_size=2, upsampling=2)
    assert torch.equal(found.depth[0, 0], torch.tensor([[0.5, 0.0], [0.0, 0.0]]))
    assert torch.equal(found.mask_logits[0, 0], torch.tensor([[3.0, -1.5], [-1.0, -1.0]]))
    assert torch.equal(found.collision[0, 0], torch.tensor([[2, 0], [0, 0]], dtype=torch.int32))


@pytest.mark.slow
@pytest.mark.parametrize("projection", ["orthographic", "perspective"])
def test_gradcheck_away_from_the_borders_of_cells(projection: str) -> None:
    rng = np.random.default_rng(5)
    size, upsampling = 3, 3
    cameras = _views(projection, rng, 2, size)
    candidates = rng.uniform(-0.5, 0.5, (400, 3))
    far = np.ones(400, bool)
    for camera in cameras:
        pixels, depth = camera.project(candidates)
        cells = pixels * upsampling
        far &= (np.abs(cells - np.round(cells)) > 0.05).all(axis=1) & (np.abs(depth) > 0.05)
    points = torch.from_numpy(candidates[far][:24]).reshape(2, 12, 3).requires_grad_()
    logits = torch.from_numpy(rng.choice([-1.0, 1.0], (2, 12)) * rng.uniform(0.2, 2.0, (2, 12))).requires_grad_()
    views = Cameras.from_values(cameras, torch.float64)

    def drawn(cloud: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = render_views(cloud, weights, views, image_size=size, upsampling=upsampling)
        return found.depth, found.mask_logits

    found = render_views(points, logits, views, image_size=size, upsampling=upsampling)
    assert set(found.collision.unique().tolist()) >= {0, 1}
    assert torch.autograd.gradcheck(drawn, (points, logits))


def test_two_runs_are_bit_equal() -> None:
    torch.manual_seed(0)
    points, logits = torch.rand(2, 20_000, 3) - 0.5, torch.randn(2, 20_000)
    cameras = Cameras.from_values(random_cameras(3, 32, np.random.default_rng(0)))
    runs = []
    for _ in range(2):
        cloud, weights = points.clone().requires_grad_(), logits.clone().requires_grad_()
        found = render_views(cloud, weights, cameras, image_size=32)
        loss = found.depth.square().sum() + found.mask_logits.exp().sum()
        runs.append((*torch.autograd.grad(loss, [cloud, weights]), found.depth, found.mask_logits, found.collision))
    assert all(torch.equal(first, second) for first, second in zip(*runs, strict=True))


def test_items_and_views_do_not_touch_each_other() -> None:
    torch.manual_seed(0)
    points, logits = torch.rand(3, 500, 3) - 0.5, torch.randn(3, 500)
    values = [random_cameras(2, 16, np.random.default_rng(seed)) for seed in range(3)]
    sets = [Cameras.from_values(cameras) for cameras in values]
    own = Cameras(
        torch.stack([part.intrinsics for part in sets]), torch.stack([part.camera_from_world for part in sets]), True
    )
    together = render_views(points, logits, own, image_size=16)
    for item in range(3):
        for view in range(2):
            camera = Cameras.from_values(values[item][view : view + 1])
            alone = render_views(points[item : item + 1], logits[item : item + 1], camera, image_size=16)
            for name in ("depth", "mask_logits", "collision"):
                assert torch.equal(getattr(alone, name)[0, 0], getattr(together, name)[item, view])


def test_a_shift_along_the_axis_is_a_shift_of_depth() -> None:
    torch.manual_seed(1)
    points, logits = torch.rand(1, 2000, 3, dtype=torch.float64) - 0.5, torch.randn(1, 2000, dtype=torch.float64)
    camera = fixed_cameras(8, 16)[3]
    cameras = Cameras.from_values([camera], torch.float64)
    before = render_views(points, logits, cameras, image_size=16)
    after = render_views(
        points + torch.from_numpy(0.25 * camera.camera_from_world[2, :3]), logits, cameras, image_size=16
    )
    seen = before.collision > 0
    assert torch.equal(after.collision, before.collision)
    assert torch.equal(after.mask_logits, before.mask_logits)
    assert torch.allclose(after.depth[seen], before.depth[seen] + 0.25, atol=1e-12)


def test_what_is_not_a_number_is_not_drawn() -> None:
    points = torch.zeros(1, 6, 3)
    points[0, 0, 0], points[0, 1, 2], points[0, 2, 1] = float("nan"), float("inf"), -float("inf")
    points[0, 3] = 1e30
    logits = torch.tensor([[1.0, 1.0, 1.0, 1.0, float("nan"), 2.0]])
    for cameras in (fixed_cameras(8, 8), [Camera.orbit(30, 20, 2, 40, (8, 8))]):
        found = render_views(points, logits, Cameras.from_values(cameras), image_size=8)
        assert torch.isfinite(found.depth).all()
        assert torch.equal(found.collision.sum(dim=(2, 3)), torch.ones(1, len(cameras), dtype=torch.int64))
        assert float(found.mask_logits.max()) == 2.0


@pytest.mark.parametrize("count", [0, 50])
def test_nothing_visible_gives_an_empty_picture_and_gradients(count: int) -> None:
    points = torch.tensor([3.0, 0.0, 0.0]).repeat(2, count, 1).requires_grad_()
    logits = torch.ones(2, count, requires_grad=True)
    found = render_views(points, logits, Cameras.from_values(fixed_cameras(4, 8)), image_size=8)
    assert (found.depth == EMPTY_DEPTH).all()
    assert (found.mask_logits == EMPTY_LOGIT).all()
    assert not found.collision.any()
    (found.depth.sum() + found.mask_logits.sum()).backward()
    assert points.grad is not None
    assert not points.grad.any()
    assert logits.grad is not None
    assert not logits.grad.any()


def test_half_precision_and_autocast_are_computed_in_single() -> None:
    torch.manual_seed(0)
    points, logits = (torch.rand(1, 300, 3) - 0.5).bfloat16(), torch.randn(1, 300).bfloat16()
    cameras = Cameras.from_values(fixed_cameras(4, 8))
    with torch.autocast("cpu", torch.bfloat16):
        found = render_views(points, logits, cameras, image_size=8)
    expected = render_views(points.float(), logits.float(), cameras, image_size=8)
    assert found.depth.dtype == torch.float32
    assert torch.equal(found.depth, expected.depth)
    assert torch.equal(found.mask_logits, expected.mask_logits)


def test_one_gradient_alone() -> None:
    points = (torch.rand(1, 100, 3) - 0.5).requires_grad_()
    logits = torch.ones(1, 100, requires_grad=True)
    found = render_views(points, logits, Cameras.from_values(fixed_cameras(4, 8)), image_size=8)
    assert not found.collision.requires_grad
    found.depth.sum().backward()
    assert points.grad is not None
    assert logits.grad is None


def test_sizes_that_make_no_sense_are_refused() -> None:
    cameras = Cameras.from_values(fixed_cameras(4, 8))
    with pytest.raises(ValueError, match="must be positive"):
        render_views(torch.zeros(1, 1, 3), torch.zeros(1, 1), cameras, image_size=0)
    with pytest.raises(ValueError, match="must be positive"):
        render_views(torch.zeros(1, 1, 3), torch.zeros(1, 1), cameras, image_size=8, upsampling=0)
    with pytest.raises(ValueError, match=r"shape \(k\) or \(1, k\)"):
        render_views(torch.zeros(1, 1, 3), torch.zeros(1, 1), cameras.expand(2), image_size=8)


@pytest.mark.slow
def test_pieces_and_threads_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    points, logits = torch.rand(2, 5000, 3) - 0.5, torch.randn(2, 5000)
    points[:, 4000:] = points[:, :1000]  # equals, far apart
    cameras = Cameras.from_values(random_cameras(2, 16, np.random.default_rng(0)))
    threads = torch.get_num_threads()
    runs = []
    try:
        for count, piece in ((1, 32_000), (1, 100), (2, 37)):
            torch.set_num_threads(count)
            monkeypatch.setattr("shapelift.ops.pseudo_render._PIECE", piece)
            cloud, weights = points.clone().requires_grad_(), logits.clone().requires_grad_()
            found = render_views(cloud, weights, cameras, image_size=16)
            loss = found.depth.square().sum() + found.mask_logits.exp().sum()
            gradients = torch.autograd.grad(loss, [cloud, weights])
            runs.append((*gradients, found.depth.detach(), found.mask_logits.detach(), found.collision))
    finally:
        torch.set_num_threads(threads)
    for other in runs[1:]:
        assert all(torch.equal(first, second) for first, second in zip(runs[0], other, strict=True))
