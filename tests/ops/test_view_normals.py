from __future__ import annotations

import numpy as np
import pytest
import torch

from shapelift.geometry import ViewMaps
from shapelift.geometry.viewpoints import fixed_cameras
from shapelift.meshing.viewmaps import fused_points
from shapelift.ops.cameras import Cameras
from shapelift.ops.fusion import fuse_views
from shapelift.ops.view_normals import view_normals

SIZE, EXTENT = 40, 1.75


def sphere_views(radius: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Exact maps `1 8 s s 3` and mask logits `1 8 s s` of a ball in the middle."""
    centers = torch.arange(SIZE) + 0.5
    row, column = torch.meshgrid(centers, centers, indexing="ij")
    x, y = (column - SIZE / 2) * EXTENT / SIZE, (row - SIZE / 2) * EXTENT / SIZE
    inside = radius**2 - x**2 - y**2
    depth = 1.0 - inside.clamp_min(0.0).sqrt()
    xyz = torch.stack([column, row, depth], dim=-1).expand(1, 8, SIZE, SIZE, 3)
    return xyz, torch.where(inside > 0.0, 1.0, -1.0).expand(1, 8, SIZE, SIZE)


def test_normals_of_a_ball_point_outwards() -> None:
    cameras = Cameras.from_values(fixed_cameras(8, SIZE, EXTENT))
    xyz, logits = sphere_views(0.5)
    outward = fuse_views(xyz, cameras).reshape(xyz.shape) / 0.5
    cosine = (view_normals(xyz, logits, cameras) * outward).sum(-1)[logits > 0]
    assert cosine.mean() > 0.99
    assert cosine.min() > 0.5


def test_the_same_normals_as_outside_of_a_graph() -> None:
    """Twin in NumPy, on maps that are smooth here and broken there."""
    rng = np.random.default_rng(0)
    values = fixed_cameras(8, SIZE, EXTENT)
    xyz, logits = sphere_views(0.45)
    noisy = xyz.clone() + torch.from_numpy(rng.normal(scale=0.01, size=xyz.shape).astype(np.float32))
    noisy[:, :, 18:22, :, 2] += 0.4
    logits = logits * torch.from_numpy(rng.choice([-1.0, 1.0], logits.shape, p=[0.1, 0.9]).astype(np.float32))
    expected = fused_points(ViewMaps(noisy[0].numpy(), logits[0].numpy(), values)).normals
    found = view_normals(noisy, logits, Cameras.from_values(values))[logits > 0].numpy()
    close = np.abs(found - expected).max(axis=1) < 1e-3
    assert close.mean() > 0.999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)


def test_a_lonely_pixel_faces_its_camera() -> None:
    values = fixed_cameras(4, 8, EXTENT)
    xyz = torch.rand(2, 4, 8, 8, 3)
    logits = torch.full((2, 4, 8, 8), -1.0)
    logits[:, :, 3, 5] = 1.0
    normals = view_normals(xyz, logits, Cameras.from_values(values))[:, :, 3, 5]
    for view, camera in enumerate(values):
        torch.testing.assert_close(
            normals[0, view], torch.from_numpy(-camera.camera_from_world[2, :3]).float(), atol=1e-6, rtol=0.0
        )


def test_perspective_cameras_are_refused() -> None:
    cameras = Cameras(torch.eye(3)[None], torch.eye(4)[None], orthographic=False)
    with pytest.raises(ValueError, match="orthographic"):
        view_normals(torch.rand(1, 1, 4, 4, 3), torch.rand(1, 1, 4, 4), cameras)
