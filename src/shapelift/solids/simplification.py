"""Fewer triangles for the same solid, by how far its surface may move."""

from __future__ import annotations

import numpy as np

from shapelift.geometry import Mesh
from shapelift.solids.printing import drawn_apart, manifold_of, mesh_of

_FEWEST_FACES = 4
"""A solid has at least so many triangles."""
_FIRST, _COARSEST = 5e-4, 0.2
_TRIES = 12


def simplified(mesh: Mesh, most_faces: int) -> Mesh:
    """The solid with at most so many triangles, its surface moved as little as that takes.

    Manifold's own simplification proves its result closed and manifold, which quadric decimation does not: edges are
    collapsed as long as no vertex moves farther than a tolerance, and the tolerance is what is searched here. Colours
    are left out: they are read anew at the vertices that stay.

    Args:
        mesh: Closed, consistently oriented.
        most_faces: At least 4.

    Raises:
        ValueError: fewer faces asked for than a solid has, or a mesh that is no solid.
    """
    if most_faces < _FEWEST_FACES:
        raise ValueError(f"a solid has at least {_FEWEST_FACES} faces, not {most_faces}")
    plain = mesh.colored(None)
    if len(mesh.faces) <= most_faces:
        return plain
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    solid = manifold_of(plain)
    low, tolerance = 0.0, _FIRST
    coarser, count = solid, len(mesh.faces)
    # About as many triangles stay as the tolerance is small; steps from what is simplified already cost little.
    for _ in range(_TRIES):
        coarser = solid.simplify(tolerance * longest)
        count = coarser.num_tri()
        if count <= most_faces or tolerance >= _COARSEST:
            break
        low, solid = tolerance, coarser
        tolerance = min(tolerance * min(max(count / most_faces, 1.15), 4.0), _COARSEST)
    if count > most_faces:
        raise ValueError(f"the solid cannot be told with less than {count} faces, which is more than {most_faces}")
    # The last step may have gone too far: half-way back as long as that still suffices.
    for _ in range(3):
        if count > 0.9 * most_faces:
            break
        middle = (low + tolerance) / 2.0
        finer = solid.simplify(middle * longest)
        if finer.num_tri() > most_faces:
            low = middle
            continue
        tolerance, coarser, count = middle, finer, finer.num_tri()
    return drawn_apart(mesh_of(coarser))
