"""Targets that belong to the image itself: the camera that took it, and the depth and normals of its pixels.

They follow the input of the model: its crop, its mirror image, and the shift and zoom of the augmentation. World is the
frame of the prediction. The frame `view` differs from the object frame by a similarity of scale s; space around the
camera is scaled with it, so that the camera stays rigid and every point keeps its pixel: depths are s times as large.
Where the sample is mirrored, the image shows the object with x -> -x, seen by the camera with x -> -x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shapelift.datasets.packed_items import PackedItems
from shapelift.datasets.packing import DEPTH_OFFSET
from shapelift.datasets.targets import Arrays, ShapeView, Target, turned

Array = npt.NDArray[np.float64]

_MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])
_FLAT = 0.02
"""Four depths whose range is below this share of the nearest belong to one surface, and are interpolated."""


@dataclass(frozen=True)
class ImageCamera(Target):
    """The camera of the input image, float32: `<name>_intrinsics` `3 3` and `<name>_camera_from_world` `4 4`.

    Intrinsics are in pixels of the model's input; the transform is rigid, its world the frame of the prediction.

    Attributes:
        frame: Frame of the prediction.
    """

    frame: Literal["object", "view"]

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Read the camera; `rng` is not used."""
        del rng
        intrinsics, camera_from_world = image_camera(sample, self.frame)
        return {
            f"{name}_intrinsics": intrinsics.astype(np.float32),
            f"{name}_camera_from_world": camera_from_world.astype(np.float32),
        }

    def columns(self) -> frozenset[str]:
        """None but the cameras, which every pack holds."""
        return frozenset()

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """The cameras of packed items. A roll of the window turns the camera, so intrinsics stay without skew."""
        frame_from_object = items.frame_from_object(self.frame)
        mirror = torch.diag_embed(torch.cat([items.signs, torch.ones_like(items.signs[:, :1])], dim=1))
        camera_from_world = _product(items.of_view("camera_from_world"), torch.linalg.inv_ex(frame_from_object).inverse)
        camera_from_world = _product(mirror, _product(_scaled(camera_from_world, frame_from_object), mirror))
        intrinsics = items.of_view("intrinsics")
        flip = mirror[:, :3, :3].clone()
        flip[:, 0, 2] = items.mirrored * float(items.pack.image_px)
        intrinsics = _product(flip, _product(intrinsics, mirror[:, :3, :3]))
        intrinsics = _product(torch.linalg.inv_ex(items.packed_from_input).inverse, intrinsics)
        focal = intrinsics[:, 0, :2].square().sum(dim=1).sqrt()
        roll = mirror.new_zeros(mirror.shape) + torch.eye(4, device=mirror.device)
        roll[:, :2, :2] = intrinsics[:, :2, :2] / focal[:, None, None]
        intrinsics[:, :2, :2] = torch.diag_embed(focal[:, None].expand(-1, 2))
        return {f"{name}_intrinsics": intrinsics, f"{name}_camera_from_world": _product(roll, camera_from_world)}


@dataclass(frozen=True)
class ImageDepth(Target):
    """Depth and normals of the visible surface, in maps over the window of the model's input, float32.

    `<name>` `s s` is the depth z along the optical axis, in units of the prediction's frame, 0 where nothing is seen;
    `<name>_normals` `s s 3` are unit vectors in the frame of the prediction that face the camera, 0 where nothing is
    seen. Pixel (i, j) of a map lies over the same part of the window as the input's pixels there, whatever their sizes.
    Depths between stored pixels are interpolated on smooth surfaces, in 1/z, which is exact on planes.

    Attributes:
        size: Side of the maps [px].
        frame: Frame of the prediction.
    """

    size: int
    frame: Literal["object", "view"]

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Read the maps; `rng` is not used."""
        del rng
        frame_from_object = sample.frame_from_object(self.frame)
        scale = float(np.cbrt(np.linalg.det(frame_from_object[:3, :3])))
        stored = sample.record.item("depth", sample.view) * (sample.record.depth_scale * scale)
        normals = sample.record.item("normals", sample.view).astype(np.float64)
        if sample.mirrored:
            stored, normals = stored[:, ::-1], normals[:, ::-1]
        columns, rows = self._places(sample, stored.shape[1])
        depth = _interpolated(stored, columns, rows)
        turned = _nearest(normals, columns, rows) @ frame_from_object[:3, :3].T * (depth > 0.0)[..., None]
        turned /= np.maximum(np.linalg.norm(turned, axis=2, keepdims=True), 1e-12)
        if sample.mirrored:
            turned = turned * (-1.0, 1.0, 1.0)
        return {name: depth.astype(np.float32), f"{name}_normals": turned.astype(np.float32)}

    def columns(self) -> frozenset[str]:
        """Depth and normals of the visible surface."""
        return frozenset({"depth", "normals"})

    def draw(self, name: str, items: PackedItems) -> dict[str, Tensor]:
        """The maps of packed items; see the class. Stored pixels are those of the pack."""
        frame_from_object = items.frame_from_object(self.frame)
        depths, normals = items.pack.columns["depth"], items.pack.columns["normals"]
        stored_px = depths.shape[-1] - 2
        centers = (torch.arange(self.size, device=depths.device) + 0.5) * (items.pack.image_px / self.size)
        row, column = torch.meshgrid(centers, centers, indexing="ij")
        matrix = items.packed_from_input * (stored_px / items.pack.image_px)
        x, y = (
            matrix[:, axis, 0, None, None] * column
            + matrix[:, axis, 1, None, None] * row
            + matrix[:, axis, 2, None, None]
            for axis in (0, 1)
        )
        places = _Places(x, y, items.mirrored, items.rows, stored_px)
        depth = places.interpolated(depths.flatten(0, 1).view(-1))
        depth = depth * (items.of_shape("depth_scale") * _scale(frame_from_object))[:, None, None]
        found = places.nearest(normals.view(-1, 3)).flatten(1, 2)
        found = torch.nn.functional.normalize(turned(frame_from_object, found), dim=2).reshape(*depth.shape, 3)
        seen = (depth > 0.0)[..., None]
        return {name: depth, f"{name}_normals": found * seen * items.signs[:, None, None]}

    def _places(self, sample: ShapeView, stored_px: int) -> tuple[Array, Array]:
        """Columns and rows `s s` of the pixel centres of the maps, in pixels of the stored image."""
        centers = (np.arange(self.size) + 0.5) * (sample.input_size(stored_px) / self.size)
        columns, rows = np.meshgrid(centers, centers)
        record_from_input = np.linalg.inv(sample.input_from_record)
        x, y, _ = np.moveaxis(np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ record_from_input.T, -1, 0)
        return x, y


def image_camera(sample: ShapeView, frame: Literal["object", "view"]) -> tuple[Array, Array]:
    """Intrinsics `3 3` [px of the input] and rigid camera_from_world `4 4` of a sample's image.

    Args:
        sample: The sample; its record's camera lives in the object frame.
        frame: Frame of the prediction, the world of the result.
    """
    frame_from_object = sample.frame_from_object(frame)
    scale = float(np.cbrt(np.linalg.det(frame_from_object[:3, :3])))
    camera_from_world = sample.record.item("camera_from_world", sample.view) @ np.linalg.inv(frame_from_object)
    camera_from_world[:3] *= scale
    intrinsics = sample.record.item("intrinsics", sample.view)
    if sample.mirrored:
        width = sample.record.shape("rgba")[2]
        camera_from_world = _MIRROR @ camera_from_world @ _MIRROR
        intrinsics = np.array([[-1.0, 0.0, width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) @ intrinsics @ _MIRROR[:3, :3]
    return _unrolled(sample.input_from_record @ intrinsics, camera_from_world)


def _unrolled(intrinsics: Array, camera_from_world: Array) -> tuple[Array, Array]:
    """The same camera with the roll of its image in `camera_from_world`, so that the intrinsics are upper triangular.

    A turn of the pixels is a turn of the camera about its optical axis: depths stay.
    """
    sine, cosine = intrinsics[1, :2] / np.linalg.norm(intrinsics[1, :2])
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    straight = intrinsics @ turn.T
    straight[1, 0] = 0.0
    turned = camera_from_world.copy()
    turned[:3] = turn @ camera_from_world[:3]
    return straight, turned


def _interpolated(stored: Array, columns: Array, rows: Array) -> Array:
    """Depth at pixel coordinates: interpolated where all four stored neighbours lie on one surface, else the nearest.

    Outside the stored image nothing is seen.
    """
    height, width = stored.shape
    padded = np.pad(stored, 1)
    x, y = np.clip(columns + 0.5, 0.0, width + 1.0), np.clip(rows + 0.5, 0.0, height + 1.0)  # centre of padded pixel 0
    left, above = np.minimum(x.astype(int), width), np.minimum(y.astype(int), height)
    right, below = x - left, y - above
    corners = np.stack([padded[above + down, left + along] for down in (0, 1) for along in (0, 1)])
    weights = np.stack([(1 - below) * (1 - right), (1 - below) * right, below * (1 - right), below * right])
    low, high = corners.min(axis=0), corners.max(axis=0)
    smooth = (low > 0.0) & (high - low < _FLAT * low)
    mean = 1.0 / (weights / np.where(corners > 0.0, corners, 1.0)).sum(axis=0)
    return np.where(smooth, mean, _nearest(stored, columns, rows))


def _nearest(values: Array, columns: Array, rows: Array) -> Array:
    """Values of the pixels that coordinates fall into; 0 outside the image."""
    height, width = values.shape[:2]
    inside = (columns >= 0.0) & (columns < width) & (rows >= 0.0) & (rows < height)
    x = np.clip(np.floor(columns).astype(int), 0, width - 1)
    y = np.clip(np.floor(rows).astype(int), 0, height - 1)
    found: Array = values[y, x]
    return np.where(inside.reshape(inside.shape + (1,) * (values.ndim - 2)), found, 0.0)


class _Places:
    """Pixel coordinates `b s s` in packed maps, which are looked up there: the twins of the functions above.

    The maps have a border of one empty pixel, so that all that is outside falls into it.

    Args:
        x: Columns, of the mirror image where an item is mirrored; counted without the border.
        y: Rows.
        mirrored: `b` bool.
        rows: `b`, place of each item's map among all.
        size: Side of a map without the border [px].
    """

    def __init__(self, x: Tensor, y: Tensor, mirrored: Tensor, rows: Tensor, size: int) -> None:
        x, y = x.clamp(-0.5, size + 0.499) + 0.5, y.clamp(-0.5, size + 0.499) + 0.5  # from the centre of pixel 0
        left, above = x.floor(), y.floor()
        self._right, self._below = x - left, y - above
        stride = size + 2
        self._along = (1 - 2 * mirrored.long())[:, None, None]
        self._down = stride
        column = torch.where(mirrored[:, None, None], size + 1.0 - left, left)
        self._corner = (above * stride + column).long() + rows[:, None, None] * (stride * stride)

    def nearest(self, values: Tensor) -> Tensor:
        """Values, from a column `p ...` of all pixels, of those that coordinates fall into."""
        index = self._corner + self._along * (self._right >= 0.5) + self._down * (self._below >= 0.5)
        return values.index_select(0, index.flatten()).reshape(*index.shape, *values.shape[1:])

    def interpolated(self, steps: Tensor) -> Tensor:
        """Depth in steps, float32: interpolated where all four neighbours lie on one surface, else the nearest."""
        right, below = self._right, self._below
        upper = self._corner, self._corner + self._along
        index = torch.stack([*upper, *(corner + self._down for corner in upper)])
        corners = steps.index_select(0, index.flatten()).reshape(index.shape).float().add_(DEPTH_OFFSET)
        low, high = corners.aminmax(dim=0)
        lower, upper_mean = (((1 - right) / corners[row] + right / corners[row + 1]) for row in (2, 0))
        inverse = (1 - below) * upper_mean + below * lower
        # The nearest of the four is the pixel that the place falls into.
        above, under = (torch.where(right < 0.5, corners[row], corners[row + 1]) for row in (0, 2))
        nearest = torch.where(below < 0.5, above, under)
        smooth = (low > 0.0) & (high - low < _FLAT * low)
        return torch.where(smooth, 1.0 / inverse, nearest)


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Matrix products in single precision on any device."""
    return (left[:, :, :, None] * right[:, None, :, :]).sum(dim=2)


def _scale(matrix: Tensor) -> Tensor:
    """How many times longer things become under similarities `b 4 4`."""
    return matrix[:, :3, 0].square().sum(dim=1).sqrt()


def _scaled(camera_from_world: Tensor, frame_from_object: Tensor) -> Tensor:
    """The rigid camera of a frame whose lengths differ from the object's."""
    factors = torch.ones_like(camera_from_world)
    factors[:, :3] = _scale(frame_from_object)[:, None, None]
    return camera_from_world * factors
