"""Depth maps to points, to the open surface that is seen, and to solids with a front, walls and a back.

A pixel is a little patch, not a point: it ends at its four corners, and a corner belongs to every pixel around it that
is joined to it. So a mask comes out as wide as it is, thin parts stay, and the result is a manifold whatever the mask:
pixels that touch in a corner only, or across an edge in depth, have vertices of their own there, drawn a little towards
their pixels. A solid never cuts itself, because all of a pixel stays in the cone of rays that its corners span.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Camera, DepthMaps, Mesh, PointCloud
from shapelift.meshing.clouds import mesh_points
from shapelift.meshing.viewmaps import STEEPEST, view_normals

_JUMP = STEEPEST
"""Neighbouring pixels whose depths differ by more than so many widths of a pixel belong to different surfaces."""
_INSET = 0.1
"""How far a corner that pixels touch in without being joined is drawn towards its pixels, in pixels."""
_THICKNESS = 0.1
"""Depth of the solid behind a surface whose back nobody has seen, as a share of the longest side of what is seen: the
true depth of procedural chairs then has an IoU of 0.38 with them, 0.33 with half of it and 0.35 with twice."""

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]

# The pixels around a corner, clockwise from the upper left, and where they lie from it in rows and columns of pixels.
_AROUND = ((-1, -1), (-1, 0), (0, 0), (0, -1))
# Of a pixel, its corners counter-clockwise seen from the camera (+Y is down): upper left, lower left, lower right,
# upper right; as rows and columns of corners, and which of `_AROUND` the pixel is from there.
_CORNERS = ((0, 0, 2), (1, 0, 1), (1, 1, 0), (0, 1, 3))


def depth_points(maps: DepthMaps) -> PointCloud:
    """The points of all pixels of the masks, in the world, with normals that face the camera.

    Args:
        maps: k maps. Where they have no normals, those come from how neighbouring pixels lie to each other; see
            `shapelift.meshing.viewmaps.fused_points`.

    Returns:
        Points in the order (view, row, column).

    Raises:
        ValueError: no pixel in the mask of any view, or a depth under a mask that is not in front of a perspective
            camera.
    """
    _check(maps)
    points, normals = [], []
    for view, camera in enumerate(maps.cameras):
        seen, depth = maps.mask[view], np.where(maps.mask[view], maps.depth[view], 1.0).astype(np.float64)
        rows, columns = np.indices(seen.shape) + 0.5
        placed = camera.unproject(np.stack([columns, rows], axis=-1), depth)
        given = None if maps.normals is None else maps.normals[view]
        found = view_normals(camera, placed, depth, seen) if given is None else given
        points.append(placed[seen])
        normals.append(found[seen])
    return PointCloud(np.concatenate(points).astype(np.float32), np.concatenate(normals).astype(np.float32))


def seen_surface(maps: DepthMaps, *, jump: float = _JUMP) -> Mesh:
    """The open mesh of what the cameras see, facing them; of several views one sheet each.

    Args:
        maps: k maps.
        jump: Pixels whose depths differ by more than so many widths of a pixel are not joined.

    Raises:
        ValueError: as `depth_points`, or a jump that is not positive.
    """
    _check(maps)
    if not jump > 0.0:
        raise ValueError(f"jump must be a positive number of pixel widths, got {jump}")
    vertices, faces, count = [], [], 0
    for view in np.flatnonzero(maps.mask.any(axis=(1, 2))):
        sheet = _sheet(maps, int(view), jump, cut=True)
        vertices.append(sheet.place(sheet.depth))
        faces.append(_triangles(sheet.corners, sheet.depth) + count)
        count += len(vertices[-1])
    return Mesh(np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.int32))


def relief(
    maps: DepthMaps,
    *,
    thickness: float | None = None,
    back: Literal["parallel", "flat"] = "parallel",
    jump: float = _JUMP,
) -> Mesh:
    """The solid in front of which the seen surface lies: front, walls around the mask, and a back.

    Args:
        maps: One view.
        thickness: World units along the optical axis, positive. With a parallel back from every point of the front to
            the back, with a flat one from the farthest point of the front. Default: `_THICKNESS` of the longest side.
        back: `parallel`: the front again, farther away; surfaces at an edge in depth are parted, as in the world.
            `flat`: a plane across the optical axis, for printing; the front is then one piece, and an edge in depth a
            steep slope of one pixel.
        jump: As for `seen_surface`.

    Returns:
        A closed manifold mesh, in as many pieces as the mask has. The first half of its vertices is the front, the
        other the back, in the same order.

    Raises:
        ValueError: several views, a thickness or jump that is not positive, or maps as in `depth_points`.
    """
    _check(maps)
    if len(maps.cameras) != 1:
        raise ValueError(f"a relief has one view, the maps have {len(maps.cameras)}")
    if thickness is not None and not (np.isfinite(thickness) and thickness > 0.0):
        raise ValueError(f"thickness must be a positive number, got {thickness}")
    if not jump > 0.0:
        raise ValueError(f"jump must be a positive number of pixel widths, got {jump}")
    sheet = _sheet(maps, 0, jump, cut=back == "parallel")
    front = sheet.place(sheet.depth)
    deep = _THICKNESS * float(np.ptp(front, axis=0).max()) if thickness is None else thickness
    behind = sheet.depth + deep if back == "parallel" else np.full_like(sheet.depth, sheet.depth.max() + deep)
    faces, count = _triangles(sheet.corners, sheet.depth), len(front)
    walls = sheet.walls
    sides = np.concatenate(
        [
            np.stack([walls[:, 0], walls[:, 0] + count, walls[:, 1] + count], axis=1),
            np.stack([walls[:, 0], walls[:, 1] + count, walls[:, 1]], axis=1),
        ]
    )
    everything = np.concatenate([faces, faces[:, ::-1] + count, sides])
    vertices = np.concatenate([front, sheet.place(behind)])
    return Mesh(vertices.astype(np.float32), everything.astype(np.int32))


def mesh_depth(maps: DepthMaps, *, resolution: int = 128) -> Mesh:
    """A closed mesh: of one view its `relief` with a parallel back, of several the surface through all their points.

    Args:
        maps: k maps.
        resolution: For several views, see `mesh_points`.

    Raises:
        ValueError: as `depth_points`, and as `mesh_points` for several views.
    """
    if len(maps.cameras) == 1:
        return relief(maps)
    return mesh_points(depth_points(maps), resolution=resolution)


@dataclass(frozen=True, eq=False)
class _Sheet:
    """The front of one view.

    Attributes:
        camera: Its camera.
        pixels: `v 2`, where the vertices are seen.
        depth: `v`.
        corners: `p 4`, the vertices of the p pixels of the mask, counter-clockwise seen from the camera.
        walls: `e 2`, the open edges: vertices in the direction in which their pixel has them.
    """

    camera: Camera
    pixels: Array
    depth: Array
    corners: Index
    walls: Index

    def place(self, depth: Array) -> Array:
        """World points `v 3` of the vertices at other depths."""
        return self.camera.unproject(self.pixels, depth)


def _check(maps: DepthMaps) -> None:
    if not maps.mask.any():
        raise ValueError("the mask is empty in every view, so there is no surface")
    for view, camera in enumerate(maps.cameras):
        depth = maps.depth[view][maps.mask[view]]
        if camera.projection == "perspective" and depth.size and depth.min() <= 0.0:
            raise ValueError(f"{int((depth <= 0.0).sum())} depths under the mask are not in front of the camera")


def _sheet(maps: DepthMaps, view: int, jump: float, *, cut: bool) -> _Sheet:
    camera, mask = maps.cameras[view], maps.mask[view]
    depth = np.where(mask, maps.depth[view], 1.0).astype(np.float64)
    down, right = (_joined(camera, depth, mask, jump, axis) for axis in (0, 1))
    # A plane is linear in 1/z before a perspective camera, and in z before an orthographic one.
    perspective = camera.projection == "perspective"
    linear = 1.0 / depth if perspective else depth
    slopes = _slope(linear, down, 0), _slope(linear, right, 1)
    if not cut:
        down, right = mask[1:] & mask[:-1], mask[:, 1:] & mask[:, :-1]
    groups, split = _groups(mask, down, right)
    rows, columns = np.nonzero(mask)
    places, values, numbers = [], [], []
    for row, column, around in _CORNERS:
        numbers.append(groups[around, rows + row, columns + column])
        value = linear + (row - 0.5) * slopes[0] + (column - 0.5) * slopes[1]
        # Pixels as wide as they are deep could be continued to behind the camera.
        values.append((np.maximum(value, 0.1 * linear) if perspective else value)[mask])
        drawn = _INSET * split[rows + row, columns + column]
        places.append(np.stack([columns + column - drawn * (2 * column - 1), rows + row - drawn * (2 * row - 1)], 1))
    order, corners = np.unique(np.stack(numbers, axis=1), return_inverse=True)
    corners = corners.reshape(-1, 4)
    flat, count = corners.T.reshape(-1), np.bincount(corners.reshape(-1), minlength=len(order))
    value = np.bincount(flat, np.concatenate(values)) / count
    pixels = np.concatenate(places)
    place = np.stack([np.bincount(flat, pixels[:, axis]) / count for axis in (0, 1)], axis=1)
    found = 1.0 / value if perspective else value
    return _Sheet(camera, place, found, corners, _walls(mask, corners))


def _joined(camera: Camera, depth: Array, mask: Mask, jump: float, axis: int) -> Mask:
    """Whether pixels and their next neighbours along an image axis belong to one surface."""
    values, along = np.moveaxis(depth, axis, 0), np.moveaxis(mask, axis, 0)
    width = np.minimum(values[1:], values[:-1]) if camera.projection == "perspective" else np.ones_like(values[1:])
    width = width / camera.intrinsics[1 - axis, 1 - axis]
    joined = along[1:] & along[:-1] & (np.abs(values[1:] - values[:-1]) <= jump * width)
    return np.moveaxis(joined, 0, axis)


def _slope(values: Array, joined: Mask, axis: int) -> Array:
    """Change of values from pixel to pixel along an axis: the mean of the joined differences, 0 where there is none."""
    step = np.moveaxis(np.where(joined, np.diff(values, axis=axis), 0.0), axis, 0)
    counted = np.moveaxis(joined, axis, 0).astype(np.float64)
    total, count = (np.pad(part, ((1, 0), (0, 0))) + np.pad(part, ((0, 1), (0, 0))) for part in (step, counted))
    return np.moveaxis(total / np.maximum(count, 1.0), 0, axis)


def _groups(mask: Mask, down: Mask, right: Mask) -> tuple[Index, Mask]:
    """Which vertex each pixel around each corner has there.

    Args:
        mask: `h w`.
        down: `h-1 w`, pixels joined to the one below.
        right: `h w-1`, pixels joined to the one on the right.

    Returns:
        Numbers `4 h+1 w+1`, equal where pixels share the vertex (those of `_AROUND`; they mean nothing outside of the
        mask), and whether several vertices share the place of the corner, `h+1 w+1`.
    """
    height, width = mask.shape
    shape = (height + 1, width + 1)
    seen = np.zeros((4, *shape), np.bool_)
    padded = np.pad(mask, 1)
    for index, (row, column) in enumerate(_AROUND):
        seen[index] = padded[1 + row : 2 + row + height, 1 + column : 2 + column + width]
    links = np.zeros((4, *shape), np.bool_)  # from each pixel around a corner to the next, clockwise
    links[0, 1:, 1:-1], links[2, :-1, 1:-1] = right, right
    links[1, 1:-1, :-1], links[3, 1:-1, 1:] = down, down
    label = np.broadcast_to(np.arange(4)[:, None, None], (4, *shape)).copy()
    for _ in range(3):  # a chain of four has three links
        for index in range(4):
            other = (index + 1) % 4
            least = np.minimum(label[index], label[other])
            label[index] = np.where(links[index], least, label[index])
            label[other] = np.where(links[index], least, label[other])
    used = [np.any(seen & (label == index), axis=0) for index in range(4)]
    place = np.arange(shape[0] * shape[1]).reshape(shape) * 4
    return place + label, np.sum(used, axis=0) > 1


def _walls(mask: Mask, corners: Index) -> Index:
    """The edges of pixels that no other pixel has in the opposite direction, `e 2`."""
    edges = np.concatenate([corners[:, [side, (side + 1) % 4]] for side in range(4)])
    count = int(corners.max()) + 1
    forward, backward = edges[:, 0] * count + edges[:, 1], edges[:, 1] * count + edges[:, 0]
    open_edges: Index = edges[~np.isin(forward, backward)]
    return open_edges


def _triangles(corners: Index, depth: Array) -> Index:
    """Two triangles `2p 3` per pixel, parted along the diagonal whose ends lie closer in depth."""
    a, b, c, d = corners.T
    straight = np.abs(depth[a] - depth[c]) <= np.abs(depth[b] - depth[d])
    first = np.where(straight[:, None], np.stack([a, b, c], 1), np.stack([a, b, d], 1))
    second = np.where(straight[:, None], np.stack([a, c, d], 1), np.stack([b, c, d], 1))
    return np.concatenate([first, second])
