"""Orthographic depth views as targets: those from a fixed set of sides, and some of the random ones.

Both are in the object frame, whatever the image shows. A view of a mirrored shape is the mirror image of another view
of the shape itself: where M mirrors x and F mirrors the columns of an image, the camera with rotation R sees M S as the
camera with rotation F R M sees S, mirrored by F. A random view moves there; a fixed set has to contain that camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.datasets.targets import Arrays, ShapeView, Target
from shapelift.errors import InputError
from shapelift.geometry.viewpoints import FixedCount, fixed_cameras
from shapelift.io.records import RecordReader

_MADE_VIEWS = 32
_MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])


@dataclass(frozen=True, kw_only=True)
class FixedViews(Target):
    """Depth from a fixed set of sides: `<name>` `k s s` float32, 0 where nothing is seen.

    Attributes:
        count: Number of views, `k`.
        size: Side of a view [px].
        extent: Object units along that side.
    """

    count: FixedCount
    size: int
    extent: float

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Read the views.

        Raises:
            InputError: the record holds none, or others; or it is mirrored, and the set is not symmetric.
        """
        _check(sample.record, self.size, self.extent, self.count)
        depth = sample.record.field("fixed_depth")
        if sample.mirrored:
            depth = depth[list(mirror_order(self.count)), :, ::-1]
        return {name: _depth(depth, sample.record)}

    def record_options(self) -> dict[str, Any]:
        """Both kinds of views, so that both stages of a training can use the data set."""
        return _options(self.size, self.extent, self.count)


@dataclass(frozen=True, kw_only=True)
class NovelViews(Target):
    """Depth from random sides, other ones every time: `<name>` `m s s` float32, 0 where nothing is seen.

    `<name>_camera_from_world` `m 4 4` float32 says from where; see `geometry.viewpoints.orthographic_camera`.

    Attributes:
        count: Views per sample, `m`; drawn with replacement where fewer are stored.
        size: Side of a view [px].
        extent: Object units along that side.
    """

    count: int
    size: int
    extent: float

    def read(self, name: str, sample: ShapeView, rng: np.random.Generator) -> Arrays:
        """Draw the views.

        Raises:
            InputError: the record holds none, or others.
        """
        _check(sample.record, self.size, self.extent, None)
        stored = sample.record.shape("novel_depth")[0]
        pick = rng.choice(stored, self.count, replace=self.count > stored)
        depth = np.stack([sample.record.item("novel_depth", index) for index in pick])
        cameras = sample.record.field("novel_camera_from_world")[pick]
        if sample.mirrored:
            depth, cameras = depth[..., ::-1], _MIRROR @ cameras @ _MIRROR
        return {name: _depth(depth, sample.record), f"{name}_camera_from_world": cameras.astype(np.float32)}

    def record_options(self) -> dict[str, Any]:
        """A choice of random views to draw from."""
        return _options(self.size, self.extent, None)


@cache
def mirror_order(count: FixedCount) -> tuple[int, ...]:
    """For every camera of a fixed set the one that sees the mirrored shape as it does, but for its columns.

    Raises:
        InputError: the set is not symmetric.
    """
    matrices = np.stack([camera.camera_from_world for camera in fixed_cameras(count, 2)])
    wanted = _MIRROR @ matrices @ _MIRROR
    gaps = np.abs(wanted[:, None] - matrices).max(axis=(2, 3))
    if (gaps.min(axis=1) > 1e-3).any():
        raise InputError(
            f"the fixed set of {count} views is not symmetric: images cannot be mirrored; set augmentation.mirror to 0"
        )
    return tuple(int(index) for index in gaps.argmin(axis=1))


def _depth(steps: npt.NDArray[Any], record: RecordReader) -> npt.NDArray[np.float32]:
    return np.asarray(steps * np.float32(record.depth_scale), np.float32)


def _options(size: int, extent: float, count: FixedCount | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "depth_views": _MADE_VIEWS,
        "depth_size_px": size,
        "depth_extent": extent,
    }
    return options if count is None else options | {"fixed_views": count}


def _check(record: RecordReader, size: int, extent: float, count: FixedCount | None) -> None:
    field = "novel_depth" if count is None else "fixed_depth"
    if field not in record:
        raise InputError(f"{record.path}: holds no depth views; make a data set with {_command(size, extent, count)}")
    views, side, _ = record.shape(field)
    if (side, record.depth_extent) != (size, extent) or count not in {None, views}:
        raise InputError(
            f"{record.path}: holds other depth views ({views} of {side} px, extent {record.depth_extent:g}); "
            f"make a data set with {_command(size, extent, count)}"
        )


def _command(size: int, extent: float, count: FixedCount | None) -> str:
    fixed = "" if count is None else f"`fixed_views` {count}, "
    made = f"`depth_views` {_MADE_VIEWS}, {fixed}`depth_size` {size} and `depth_extent` {extent:g}"
    return f"shapelift synthesize, {made}"
