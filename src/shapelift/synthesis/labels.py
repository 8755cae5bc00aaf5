"""Labelled points of a shape: where training and evaluation look.

- Uniform: one point per cell of a grid of nearly cubic cells over the tight bounding box (with the thickness of its
  sheets), uniform in its cell (stratified sampling). In grid order it doubles as a voxel grid.
- Near the surface: points of the outer surface moved by isotropic Gaussian noise, half of them with sigma 0.01 and half
  with sigma 0.04 of the longest side.

All points are rounded to float16 before they are labelled, so that the labels are exact for what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shapelift.synthesis.occupancy import Solid
from shapelift.synthesis.surface import sample_boundary

NEAR_SIGMAS = (0.01, 0.04)
"""Standard deviations of the two halves of the near-surface points, in units of the longest side."""
_LEAST_OCCUPIED = 30
"""A shape with fewer occupied uniform points than this is rejected: it encloses next to no volume."""
_LEAST_THICKNESS = 1e-3
"""A shape whose box is thinner than this share of its longest side is rejected: it is one flat sheet."""

_REDRAWS = 16


class UnusableShapeError(ValueError):
    """A shape that cannot be labelled; the message says why, in a few words."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Labelled points in the frame of the solid; the fields are those of `ShapeRecord`."""

    bounds: npt.NDArray[np.float32]
    grid_shape: npt.NDArray[np.int32]
    uniform_points: npt.NDArray[np.float16]
    uniform_occupancy: npt.NDArray[np.bool_]
    near_points: npt.NDArray[np.float16]
    near_occupancy: npt.NDArray[np.bool_]
    surface_points: npt.NDArray[np.float16]
    surface_normals: npt.NDArray[np.int8]


def label(solid: Solid, uniform_count: int, near_count: int, surface_count: int, rng: np.random.Generator) -> Labels:
    """All labelled points of a shape.

    Args:
        solid: The shape; centred, longest side 1.
        uniform_count: About how many uniform points; the exact number is the product of the grid's sides.
        near_count: Points near the surface.
        surface_count: Points on the surface.
        rng: Source of randomness.

    Raises:
        UnusableShapeError: no faces, flat, or (nearly) no enclosed volume.
    """
    if solid.surface.is_empty:
        raise UnusableShapeError("no faces with an area")
    used = solid.surface.vertices[solid.surface.faces.ravel()]
    bounds = np.stack([used.min(axis=0), used.max(axis=0)]).astype(np.float32)
    size = np.ptp(bounds.astype(np.float64), axis=0)
    if size.min() < _LEAST_THICKNESS * size.max():
        raise UnusableShapeError("flat: it has no thickness")
    if solid.sheets is not None:  # they may stick out of the mesh by half their thickness
        low, high = solid.sheets.bounds
        bounds = np.stack([np.minimum(bounds[0], low), np.maximum(bounds[1], high)])
        size = np.ptp(bounds.astype(np.float64), axis=0)
    shape = grid_shape(size, uniform_count)
    uniform = stratified_points(bounds, shape, rng)
    uniform_occupancy = solid.contains(uniform)
    if int(uniform_occupancy.sum()) < _LEAST_OCCUPIED:
        raise UnusableShapeError(f"encloses no volume ({int(uniform_occupancy.sum())} of {len(uniform)} points inside)")
    try:
        surface, normals = sample_boundary(solid, max(surface_count, near_count), rng)
    except ValueError as error:
        raise UnusableShapeError(str(error)) from error
    near = near_points(surface[:near_count], rng)
    return Labels(
        bounds=bounds,
        grid_shape=shape,
        uniform_points=uniform,
        uniform_occupancy=uniform_occupancy,
        near_points=near,
        near_occupancy=solid.contains(near),
        surface_points=surface[:surface_count].astype(np.float16),
        surface_normals=np.rint(normals[:surface_count] * 127.0).astype(np.int8),
    )


def grid_shape(size: npt.ArrayLike, count: int) -> npt.NDArray[np.int32]:
    """Cells per axis `3` of a grid of about `count` nearly cubic cells over a box with sides `size` `3`."""
    size = np.asarray(size, np.float64)
    free = np.ones(3, bool)
    cells = np.ones(3)
    for _ in range(3):  # an axis thinner than a cell gets one cell, and the others share the count
        side = (size[free].prod() / count) ** (1.0 / max(int(free.sum()), 1))
        cells[free] = size[free] / side
        thin = free & (cells < 1.0)
        if not thin.any():
            break
        cells[thin] = 1.0
        free &= ~thin
    return np.maximum(np.rint(cells), 1).astype(np.int32)


def stratified_points(
    bounds: npt.NDArray[np.float32], shape: npt.NDArray[np.int32], rng: np.random.Generator
) -> npt.NDArray[np.float16]:
    """One point per cell of a grid, uniform in its cell, C order, `n 3`.

    Rounded to float16; a point that rounding moves out of its cell is drawn again.

    Args:
        bounds: Corners of the grid, `2 3`.
        shape: Cells along x, y and z, `3`.
        rng: Draws the points.
    """
    low = bounds[0].astype(np.float64)
    side = np.ptp(bounds.astype(np.float64), axis=0) / shape
    index = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1).reshape(-1, 3)
    points: npt.NDArray[np.float16] = (low + (index + rng.random(index.shape)) * side).astype(np.float16)
    for _ in range(_REDRAWS):
        cell = np.floor((points - low) / side)
        stray = np.flatnonzero((cell != index).any(axis=1))
        if not len(stray):
            break
        points[stray] = (low + (index[stray] + rng.random((len(stray), 3))) * side).astype(np.float16)
    return points


def near_points(surface: npt.NDArray[np.float32], rng: np.random.Generator) -> npt.NDArray[np.float16]:
    """Points `n 3` of a surface moved by Gaussian noise, alternating between NEAR_SIGMAS; float16."""
    sigma = np.resize(np.asarray(NEAR_SIGMAS), len(surface))[:, None]
    return (surface + sigma * rng.standard_normal(surface.shape)).astype(np.float16)
