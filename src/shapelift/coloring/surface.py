"""Colours of all vertices: the picture's where it shows them, a guess that fits to them elsewhere.

What the picture shows is read through its camera. Elsewhere stands the network's guess of the colour, moved so that it
agrees with what is seen: as a whole by one gain per channel, and near the seam by the difference there, which fades
away along the surface. A symmetric object shows its hidden side on the seen one, and is coloured by it where the
network does not contradict. One sparse system, a screened Poisson equation on the edges of the mesh, weighs all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage, sparse
from scipy.sparse.linalg import cg, splu

from shapelift.coloring.symmetry import mirror_plane
from shapelift.coloring.visibility import visible_share
from shapelift.geometry import Camera, Mesh
from shapelift.geometry.neighbours import nearest_tree
from shapelift.io.colors import linear_light, srgb_light

_SOLID = 0.9
"""Alpha above which a pixel shows nothing but the object."""
_FEATHER = 0.012
"""Over this distance from the outline, in windows, a pixel is trusted more and more; the middle of a thin part is
trusted whatever its width."""
_FADE = 0.15
"""Length over which the difference between picture and guess fades away from the seam, in longest sides."""
_MIRROR_REACH = 0.02
"""A vertex on the other side within this distance of the mirrored one tells its colour, in longest sides."""
_MIRROR_TRUST, _DISAGREEMENT = 0.7, 0.2
"""Weight of a mirrored colour, and the distance from the guess, in sRGB, at which it has lost most of it."""
_CONFIDENCE = 0.35
"""How far the guess may differ from the mean of what is seen: a share of what it says."""
_GAIN = 2.5
"""Largest gain of a channel, either way."""
_COARSE, _STEPS = 0.04, 40
"""Cells of the coarse system, in longest sides, and steps on the fine one after it."""

_Colors = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SurfaceColors:
    """What a surface looks like.

    Attributes:
        colors: `v 3` uint8 sRGB.
        seen: `v` in [0, 1], how far the picture says so.
    """

    colors: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.float32]


def surface_colors(
    mesh: Mesh,
    picture: npt.NDArray[np.uint8],
    camera: Camera,
    guess: npt.NDArray[np.float32] | None = None,
) -> SurfaceColors:
    """Colour a mesh by the picture it was made from.

    Args:
        mesh: Closed, +Y up, in the world of the camera.
        picture: `s s 4` uint8 with straight alpha: the window of the camera, at any size.
        camera: Of the window; its image is square.
        guess: `v 3` sRGB in [0, 1], what the network says without looking at the picture again; None where it says
            nothing, then the mean of what is seen stands for it.

    Returns:
        Colours of the vertices.
    """
    fine = camera.window(0.0, 0.0, camera.image_size_px[0], len(picture))
    pixels, _ = fine.project(mesh.vertices)
    shown, trust = _read(picture, pixels)
    seen = np.asarray(visible_share(mesh, camera) * trust, np.float64)
    if not seen.any():
        plain = _mean_color(picture) if guess is None else guess
        return SurfaceColors(_bytes(np.broadcast_to(plain, mesh.vertices.shape)), seen.astype(np.float32))
    weight = seen * _vertex_areas(mesh)
    base = _matched(guess, shown, weight) if guess is not None else np.broadcast_to(_mean(shown, weight), shown.shape)
    trusted, told = seen.copy(), shown - base
    _add_mirrored(mesh, seen, shown, base, trusted, told)
    moved = base + _spread(mesh, trusted, told)
    return SurfaceColors(_bytes(seen[:, None] * shown + (1.0 - seen[:, None]) * moved), seen.astype(np.float32))


def _read(picture: npt.NDArray[np.uint8], pixels: npt.NDArray[np.float64]) -> tuple[_Colors, npt.NDArray[np.float64]]:
    """Colours `v 3` in [0, 1] at pixels `v 2`, and how far they are those of the object, `v`.

    Mixed pixels of the outline have the colour of the nearest one that is not mixed.
    """
    solid = picture[..., 3] >= 255 * _SOLID
    inner = cv2.erode(solid.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT) > 0
    # Of a part so thin that nothing is left of it its own pixels speak.
    lost = solid & (cv2.dilate(inner.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0)
    inner |= lost
    side = len(picture)
    if not inner.any():
        return np.zeros((len(pixels), 3)), np.zeros(len(pixels))
    rows, columns = ndimage.distance_transform_edt(~inner, return_distances=False, return_indices=True)
    extended = picture[rows, columns, :3].astype(np.float32) / np.float32(255.0)
    within = cv2.distanceTransform((picture[..., 3] >= 128).astype(np.uint8), cv2.DIST_L2, 5) / side
    width = np.maximum(cv2.dilate(within, np.ones((3, 3), np.uint8), iterations=max(1, round(_FEATHER * side))), 1e-6)
    trust = np.clip(within / np.minimum(width, _FEATHER), 0.0, 1.0)
    place = pixels[:, ::-1].T - 0.5
    maps = np.stack(
        [ndimage.map_coordinates(one, place, order=1, mode="nearest") for one in (*extended.transpose(2, 0, 1), trust)],
        axis=1,
    )
    return np.asarray(maps[:, :3], np.float64), np.asarray(maps[:, 3], np.float64)


def _matched(guess: npt.NDArray[np.float32], shown: _Colors, weight: npt.NDArray[np.float64]) -> _Colors:
    """The guess with one gain per channel, so that it agrees on average with what is seen, and drawn towards that."""
    said, truly = linear_light(np.asarray(guess, np.float64)), linear_light(shown)
    gain = (weight @ truly + 1e-3 * weight.sum()) / (weight @ said + 1e-3 * weight.sum())
    matched = srgb_light(said * np.clip(gain, 1.0 / _GAIN, _GAIN))
    return _CONFIDENCE * matched + (1.0 - _CONFIDENCE) * _mean(shown, weight)


def _add_mirrored(
    mesh: Mesh,
    seen: npt.NDArray[np.float64],
    shown: _Colors,
    base: _Colors,
    trusted: npt.NDArray[np.float64],
    told: _Colors,
) -> None:
    """Let unseen vertices know, in place, what their mirror images look like."""
    plane = mirror_plane(mesh)
    if plane is None:
        return
    hidden, known = np.flatnonzero(seen < 0.05), np.flatnonzero(seen > 0.5)
    if not len(hidden) or not len(known):
        return
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    distance, nearest = nearest_tree(mesh.vertices[known].astype(np.float64)).query(
        plane.mirrored(mesh.vertices[hidden]), distance_upper_bound=_MIRROR_REACH * longest
    )
    found = np.isfinite(distance)
    hidden, source = hidden[found], known[nearest[found]]
    difference = shown[source] - base[hidden]
    agreement = np.exp(-(np.linalg.norm(difference, axis=1) ** 2) / (2.0 * _DISAGREEMENT**2))
    trusted[hidden] = _MIRROR_TRUST * seen[source] * agreement
    told[hidden] = difference


def _spread(mesh: Mesh, trusted: npt.NDArray[np.float64], told: _Colors) -> _Colors:
    """What `told` `v 3` says where it is `trusted` `v`, continued smoothly along the edges, fading over `_FADE`."""
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    length = np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1) / longest
    pull = 1.0 / np.maximum(length, 1e-3)
    count = len(mesh.vertices)
    link = sparse.coo_matrix((pull, (edges[:, 0], edges[:, 1])), (count, count)).tocsr()
    link = link + link.T
    degree = np.asarray(link.sum(axis=1)).ravel()
    step = 1.0 / np.maximum(degree / np.maximum(np.bincount(edges.ravel(), minlength=count), 1), 1e-12)
    # Along a line of vertices `step` apart the solution falls by e over _FADE.
    rest = degree * (step / _FADE) ** 2 / 2.0
    data = trusted * degree
    system = (sparse.diags(degree + rest + data) - link).tocsr()
    right = data[:, None] * told
    # A coarse solution, one number per cell of space, leaves little to do for the fine one.
    x, y, z = np.floor((mesh.vertices - mesh.vertices.min(axis=0)) / (_COARSE * longest)).astype(np.int64).T
    cells = x.max() + 1, y.max() + 1, z.max() + 1
    _, cell = np.unique(np.ravel_multi_index((x, y, z), cells), return_inverse=True)
    gather = sparse.csr_matrix((np.ones(count), (cell, np.arange(count))))
    start = gather.T @ splu((gather @ system @ gather.T).tocsc()).solve(gather @ right)
    scale = sparse.diags(1.0 / system.diagonal())
    solved = [cg(system, right[:, one], x0=start[:, one], rtol=1e-3, maxiter=_STEPS, M=scale)[0] for one in range(3)]
    return np.stack(solved, axis=1)


def _vertex_areas(mesh: Mesh) -> npt.NDArray[np.float64]:
    return np.asarray(np.bincount(mesh.faces.ravel(), np.repeat(mesh.face_areas, 3), len(mesh.vertices)) / 3.0)


def _mean(colors: _Colors, weight: npt.NDArray[np.float64]) -> _Colors:
    return srgb_light((weight @ linear_light(colors)) / weight.sum())


def _mean_color(picture: npt.NDArray[np.uint8]) -> _Colors:
    alpha = picture[..., 3].astype(np.float64)
    if not alpha.any():
        return np.full(3, 0.6)
    return _mean(picture[..., :3].reshape(-1, 3) / 255.0, alpha.ravel())


def _bytes(colors: _Colors) -> npt.NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(colors * 255.0), 0, 255), np.uint8)
