"""How much of the surroundings reaches a point of a surface past the rest of the object (ambient occlusion).

It varies slowly along a surface. So rays are cast from a few of the points that a picture shows, one in every block of
pixels, and the others take what points of their own surface nearby got.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int32]
_Occluded = Callable[[Array, Array], npt.NDArray[np.bool_]]

_BLOCK_PX = 4
RAYS = 16
_OFFSET = 5e-4  # of the longest side, as for shadows
_REACH = 0.02  # of the longest side: points this far off each other's plane do not share
_LEAST_WEIGHT = 0.02
_SAME_COSINE = 0.95  # of the normals of two points of one pixel that share


def openness(occluded: _Occluded, points: Array, normals: Array, rows: Indices, columns: Indices) -> Array:
    """The share `n` in [0, 1] of the light from all around that reaches points, by the cosine law.

    Args:
        occluded: Whether anything lies along rays `k 3`, `k 3`.
        points: `n 3` places seen in a picture.
        normals: `n 3` unit face normals there, towards the camera.
        rows: `n` of their pixels.
        columns: `n` of their pixels.
    """
    if not len(points):
        return np.zeros(0, np.float32)
    own, chosen = _representatives(points, normals, rows, columns)
    some, facing, row, column = points[chosen], normals[chosen], rows[chosen], columns[chosen]
    # a border of empty blocks, so that every block has neighbours
    block_row, block_column = row // _BLOCK_PX + 1, column // _BLOCK_PX + 1
    width = int(block_column.max()) + 2
    blocks = width * (int(block_row.max()) + 2)
    block = block_row * width + block_column
    inner = np.flatnonzero(((row + 1) & 3 > 1) & ((column + 1) & 3 > 1))
    probe = np.full(blocks, -1)
    probe[block] = np.arange(len(chosen))
    probe[block[inner]] = inner
    probes = _probes(occluded, some, facing, probe)
    total, weight = _shared(some, facing, row, column, block, width, probes)
    found = np.asarray(total / np.maximum(weight, 1e-6), np.float32)
    left = np.flatnonzero(weight < _LEAST_WEIGHT)
    if len(left):  # a block can show two surfaces
        probe = np.full(blocks, -1)
        probe[block[left]] = left
        found[left] = _probes(occluded, some, facing, probe)[4, block[left]]
    share = np.empty(len(points), np.float32)
    share[chosen] = found
    return share[own]


def _representatives(
    points: Array, normals: Array, rows: Indices, columns: Indices
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For every point `n` one that stands for it, in its pixel and of its surface or itself; and those that do."""
    pixel = rows * (columns.max() + 1) + columns
    last = np.empty(int(pixel.max()) + 1, np.intp)
    index = np.arange(len(points))
    last[pixel] = index
    own = last[pixel]
    across, up, out = np.ascontiguousarray(normals.T)
    same = across * across[own] + up * up[own] + out * out[own] > _SAME_COSINE
    height = np.einsum("ij,ij->i", points, normals)
    same &= np.abs(height - height[own]) < _REACH
    own = np.where(same, own, index)
    return own, np.flatnonzero(own == index)


def _probes(occluded: _Occluded, points: Array, normals: Array, probe: npt.NDArray[np.intp]) -> Array:
    """What is known of every block, `5 b`: the plane of its probe (normal, offset) and the openness there.

    probe: `b` index of a point, -1 for none.
    """
    known = np.zeros((5, len(probe)), np.float32)
    filled = np.flatnonzero(probe >= 0)
    chosen = probe[filled]
    known[:3, filled] = normals[chosen].T
    known[3, filled] = np.einsum("ij,ij->i", normals[chosen], points[chosen])
    known[4, filled] = _cast(occluded, points[chosen], normals[chosen])
    return known


def _shared(
    points: Array, normals: Array, rows: Indices, columns: Indices, block: Indices, width: int, probes: Array
) -> tuple[Array, Array]:
    """Sums `n` over the four nearest blocks of weight times openness, and of the weights.

    Weights are bilinear in the picture, and small for blocks that show another surface.
    """
    offset = (np.arange(_BLOCK_PX, dtype=np.float32) + 0.5) / _BLOCK_PX - 0.5
    side = np.where(offset < 0.0, -1, 1)
    row, column = rows % _BLOCK_PX, columns % _BLOCK_PX
    down, along = np.abs(offset)[row], np.abs(offset)[column]
    step_down, step_along = (side * width)[row], side[column]
    x, y, z = np.ascontiguousarray(points.T)
    across, up, out = np.ascontiguousarray(normals.T)
    total, weight = np.zeros(len(points), np.float32), np.zeros(len(points), np.float32)
    for step, bilinear in (
        (0, (1 - down) * (1 - along)),
        (step_down, down * (1 - along)),
        (step_along, (1 - down) * along),
        (step_down + step_along, down * along),
    ):
        their_across, their_up, their_out, height, opened = probes.take(block + step, axis=1)
        off = np.abs(their_across * x + their_up * y + their_out * z - height)
        same = np.maximum(their_across * across + their_up * up + their_out * out, 0.0)
        same *= same
        same *= same
        same *= bilinear
        same *= np.maximum(1.0 - off * np.float32(1.0 / _REACH), 0.0)
        total += same * opened
        weight += same
    return total, weight


def _cast(occluded: _Occluded, points: Array, normals: Array) -> Array:
    """Openness `n` by RAYS rays each, spread by the cosine law and turned by another angle at every point."""
    first = np.eye(3, dtype=np.float32)[np.where(np.abs(normals[:, 0]) < 0.6, 0, 1)]
    across = np.cross(normals, first)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + np.float32(1e-12)
    other = np.cross(normals, across)
    rank = np.arange(RAYS)
    radius = np.sqrt((rank + 0.5) / RAYS).astype(np.float32)
    angle = 2.399963 * rank[None] + (2.0 * np.pi * 0.618034 * np.arange(len(points)) % (2.0 * np.pi))[:, None]
    x, y = (radius * np.cos(angle)).astype(np.float32), (radius * np.sin(angle)).astype(np.float32)
    up = np.sqrt(1.0 - radius * radius)
    directions = x[..., None] * across[:, None] + y[..., None] * other[:, None] + up[:, None] * normals[:, None]
    origins = np.broadcast_to((points + normals * np.float32(_OFFSET))[:, None], directions.shape)
    blocked = occluded(
        np.ascontiguousarray(origins.reshape(-1, 3)), np.ascontiguousarray(directions.reshape(-1, 3), np.float32)
    )
    return np.asarray(1.0 - blocked.reshape(-1, RAYS).mean(axis=1), np.float32)
