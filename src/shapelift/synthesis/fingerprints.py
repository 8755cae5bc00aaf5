"""Which shapes are the same one twice, under other names or in other files."""

from __future__ import annotations

import hashlib

import numpy as np

from shapelift.geometry import Mesh

STEP = 2.0**-12
"""Corners that differ by less than about this, in longest sides, are the same."""

_OFFSET = (
    0.3183  # of a step: coordinates of modelled objects are round, and must not lie where rounding is a matter of luck
)


def fingerprint(mesh: Mesh) -> str:
    """A hash of the triangles of a normalised mesh, whatever the order and the winding of faces and vertices."""
    corners = np.floor(mesh.corners.astype(np.float64) / STEP + _OFFSET).astype(np.int64) + (1 << 20)
    keys = np.sort(corners[..., 0] << 42 | corners[..., 1] << 21 | corners[..., 2], axis=1)
    keys = np.unique(keys[(keys[:, 0] != keys[:, 1]) & (keys[:, 1] != keys[:, 2])], axis=0)
    return hashlib.blake2b(keys.astype("<i8").tobytes(), digest_size=16).hexdigest()
