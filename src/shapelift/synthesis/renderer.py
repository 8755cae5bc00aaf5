"""Pictures of assets: rays through Embree, shading in NumPy. CPU only, no display, deterministic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from shapelift.geometry import Camera
from shapelift.synthesis.appearance import Appearance
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.occlusion import openness
from shapelift.synthesis.shading import Light, linear_of_srgb, shade, srgb_of_linear

__all__ = ["Scene", "render_depth", "render_view"]

Array = npt.NDArray[np.float32]
Faces = npt.NDArray[np.int32]

_SMOOTH_ANGLE_DEG = 35.0
_MOST_SMOOTH_FACES = 300_000  # beyond, the faces are smaller than pixels and need no smoothing
_MOST_SMOOTH_DEGREE = 64  # the hub of a large fan lies on a flat cap
_LAMP_PLACES = 16
_SHADOW_OFFSET = 5e-4  # of the object's longest side: far above the rounding of float32, far below a pixel


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """One picture.

    rgba: `h w 4` uint8, sRGB with straight alpha; antialiased.
    depth: `h w` float32, z of the surface at the pixel centre, 0 where there is none; not antialiased.
    normals: `h w 3` float32, unit face normal of that surface in the object frame, turned towards the camera; 0
        where there is none.
    """

    rgba: npt.NDArray[np.uint8]
    depth: Array
    normals: Array


@dataclass(frozen=True, eq=False, slots=True)
class _Hits:
    """What n rays met.

    faces: `n` the face, -1 for none. u, v: `n` barycentric coordinates, the weights of its second and third corner.
    distance: `n` in lengths of the ray's direction vector.
    """

    faces: Faces
    u: Array
    v: Array
    distance: Array


class Scene:
    """An asset that rays can meet and that knows its colours; built once per shape, rendered from many sides.

    Raises:
        ValueError: the asset has no faces.
    """

    def __init__(self, asset: Asset) -> None:
        mesh = asset.mesh
        if mesh.is_empty:
            raise ValueError("a scene needs at least one face")
        self.asset = asset
        self.appearance = Appearance(asset)
        self.vertices: Array = mesh.vertices
        self.face_normals: Array = mesh.face_normals
        self.corner_normals = smooth_corner_normals(mesh.corners, mesh.faces)
        self._embree = EmbreeScene(robust=True)
        TriangleMesh(self._embree, np.array(mesh.vertices, np.float32), np.array(mesh.faces, np.int32))

    def intersect(self, origins: Array, directions: Array) -> _Hits:
        """The first face along rays `n 3`, float32."""
        found = self._embree.run(origins, directions, query="INTERSECT", output=True)
        return _Hits(found["primID"], found["u"], found["v"], found["tfar"])

    def occluded(self, origins: Array, directions: Array) -> npt.NDArray[np.bool_]:
        """Whether anything lies along rays `n 3`, float32: `n`."""
        blocked: npt.NDArray[np.bool_] = self._embree.run(origins, directions, query="OCCLUDED") != -1
        return blocked


def smooth_corner_normals(corners: Array, faces: Faces) -> Array | None:
    """Unit normals `f 3 3` of the corners of faces `f 3` with positions `f 3 3`.

    A corner's normal is the area-weighted mean over the faces around its vertex that lean less than _SMOOTH_ANGLE_DEG
    from the corner's own face, whichever way round they are wound.

    None where no corner differs from its face, and for very fine meshes.
    """
    if len(faces) > _MOST_SMOOTH_FACES:
        return None
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(crosses, axis=1, keepdims=True)
    normals = crosses / np.maximum(lengths, 1e-30)
    around = faces.ravel()
    order = np.argsort(around, kind="stable")
    degree = np.bincount(around)
    first = np.cumsum(degree) - degree
    corner = np.flatnonzero(degree[around] <= _MOST_SMOOTH_DEGREE)
    count = degree[around[corner]]
    mine = np.repeat(corner, count)
    rank = np.arange(len(mine)) - np.repeat(np.cumsum(count) - count, count)
    other = order[first[around[mine]] + rank] // 3
    cosine = np.einsum("ij,ij->i", normals[mine // 3], normals[other])
    weight = np.where(np.abs(cosine) > np.cos(np.deg2rad(_SMOOTH_ANGLE_DEG)), np.sign(cosine), 0.0)
    leaned = crosses[other] * weight[:, None]
    total = np.stack([np.bincount(mine, leaned[:, axis], minlength=3 * len(faces)) for axis in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    flat = np.repeat(normals, 3, axis=0)
    smooth = np.where(length > 0.0, total / np.maximum(length, 1e-30), flat)
    if np.einsum("ij,ij->i", smooth, flat).min() > 0.9999:
        return None
    return smooth.reshape(-1, 3, 3).astype(np.float32)


def render_view(scene: Scene, camera: Camera, lighting: Light, supersampling: int = 2) -> View:
    """The picture that a camera takes of a scene.

    A regular grid of rays per pixel is shaded and averaged in linear light, premultiplied; one more ray at the pixel
    centre gives depth and normals. Rays are cast only inside the bounding box of the projected vertices. What lies
    behind the camera is not seen.

    Args:
        scene: The object.
        camera: In the frame of the object.
        lighting: Lamps or an environment.
        supersampling: Rays along each side of a pixel.

    Raises:
        ValueError: supersampling below 1.
    """
    if supersampling < 1:
        raise ValueError(f"supersampling must be at least 1, not {supersampling}")
    width, height = camera.image_size_px
    view = View(
        rgba=np.zeros((height, width, 4), np.uint8),
        depth=np.zeros((height, width), np.float32),
        normals=np.zeros((height, width, 3), np.float32),
    )
    left, top, right, bottom = _window(scene.vertices, camera)
    if left >= right or top >= bottom:
        return view
    offsets, center = _offsets(supersampling)
    origins, directions = _rays(camera, np.arange(left, right), np.arange(top, bottom), offsets)
    hits = scene.intersect(origins, directions)
    shape = (bottom - top, right - left)
    pixels = shape[0] * shape[1]

    rays = slice(center * pixels, (center + 1) * pixels)
    seen = np.flatnonzero(hits.faces[rays] >= 0)
    depth, normals = np.zeros(pixels, np.float32), np.zeros((pixels, 3), np.float32)
    depth[seen] = hits.distance[rays][seen]
    normals[seen] = _turned(scene.face_normals[hits.faces[rays][seen]], directions[rays][seen])
    view.depth[top:bottom, left:right] = depth.reshape(shape)
    view.normals[top:bottom, left:right] = normals.reshape(*shape, 3)

    samples = supersampling * supersampling
    hit = np.flatnonzero(hits.faces[: samples * pixels] >= 0)
    light = np.zeros((samples, pixels, 3), np.float32)
    density = _samples_per_unit(camera, hits.distance[hit]) * supersampling
    light.reshape(-1, 3)[hit] = _shade_hits(scene, lighting, origins, directions, hits, hit, density, shape)
    covered = (hits.faces[: samples * pixels].reshape(samples, pixels) >= 0).sum(axis=0, dtype=np.float32)
    rgba = np.empty((pixels, 4), np.float32)
    rgba[:, :3] = srgb_of_linear(light.sum(axis=0) / np.maximum(covered, 1.0)[:, None])
    rgba[:, 3] = covered / samples
    view.rgba[top:bottom, left:right] = (rgba * 255.0 + 0.5).astype(np.uint8).reshape(*shape, 4)
    return view


def render_depth(scene: Scene, camera: Camera) -> Array:
    """Depth `h w` float32 that `camera` sees of a scene in its object frame, 0 where there is nothing.

    One ray per pixel, through its centre: the depth of `render_view` without the picture.
    """
    width, height = camera.image_size_px
    depth = np.zeros((height, width), np.float32)
    left, top, right, bottom = _window(scene.vertices, camera)
    if left < right and top < bottom:
        center = np.full((1, 2), 0.5, np.float32)
        hits = scene.intersect(*_rays(camera, np.arange(left, right), np.arange(top, bottom), center))
        seen = np.where(hits.faces >= 0, hits.distance, np.float32(0.0))
        depth[top:bottom, left:right] = seen.reshape(bottom - top, right - left)
    return depth


def _window(vertices: Array, camera: Camera) -> tuple[int, int, int, int]:
    """Columns and rows (left, top, right, bottom) that the object can touch."""
    width, height = camera.image_size_px
    projection = camera.camera_from_world[:3].astype(np.float32)
    local = vertices @ projection[:, :3].T + projection[:, 3]
    plane = local[:, :2]
    if camera.projection == "perspective":
        if local[:, 2].min() <= 1e-6:
            return 0, 0, width, height
        plane = plane / local[:, 2:]
    pixels = plane @ camera.intrinsics[:2, :2].T.astype(np.float32) + camera.intrinsics[:2, 2].astype(np.float32)
    low = np.floor(pixels.min(axis=0) - 0.01)
    high = np.ceil(pixels.max(axis=0) + 0.01)
    left, top = (int(edge) for edge in np.clip(low, 0, (width, height)))
    right, bottom = (int(edge) for edge in np.clip(high, 0, (width, height)))
    return left, top, right, bottom


def _offsets(supersampling: int) -> tuple[Array, int]:
    """Places of the rays in a pixel, `p 2` in [0, 1], and which of them is the centre."""
    steps = (np.arange(supersampling) + 0.5) / supersampling
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    if supersampling % 2:
        return grid.astype(np.float32), len(grid) // 2
    return np.concatenate([grid, [[0.5, 0.5]]]).astype(np.float32), len(grid)


def _rays(
    camera: Camera, columns: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], offsets: Array
) -> tuple[Array, Array]:
    """Origins and directions `phw 3` of the rays.

    The directions have length 1 along the optical axis, so that the distance along a ray in their lengths is the depth.
    """
    to_world = camera.camera_from_world[:3, :3].T
    inverse = np.linalg.inv(camera.intrinsics)
    x = (columns[None, :] + offsets[:, :1])[:, None, :, None]
    y = (rows[None, :] + offsets[:, 1:])[:, :, None, None]
    if camera.projection == "perspective":
        matrix = to_world @ inverse
        base = matrix[:, 2]
    else:
        matrix = to_world[:, :2] @ inverse[:2]
        base = matrix[:, 2] + camera.position
    across = (x * matrix[:, 0]).astype(np.float32)
    down = (y * matrix[:, 1] + base).astype(np.float32)
    varying = np.add(across, down).reshape(-1, 3)
    constant = np.empty_like(varying)
    if camera.projection == "perspective":
        constant[:] = camera.position
        return constant, varying
    constant[:] = to_world[:, 2]
    return varying, constant


def _samples_per_unit(camera: Camera, depth: Array) -> float:
    """Pixels per unit of length at the median depth of the visible surface."""
    focal = float(np.sqrt(camera.intrinsics[0, 0] * camera.intrinsics[1, 1]))
    if camera.projection == "orthographic" or not len(depth):
        return focal
    return focal / max(float(np.median(depth)), 1e-6)


def _turned(normals: Array, directions: Array) -> Array:
    """Normals `n 3` turned against the directions `n 3` they are seen along."""
    against = np.einsum("ij,ij->i", normals, directions) > 0.0
    normals[against] *= -1.0
    return normals


def _shade_hits(
    scene: Scene,
    lighting: Light,
    origins: Array,
    directions: Array,
    hits: _Hits,
    hit: npt.NDArray[np.intp],
    samples_per_unit: float,
    shape: tuple[int, int],
) -> Array:
    """Linear light `k 3` of the rays with indices `hit` `k`: sample by sample, rows by columns of `shape`."""
    if not len(hit):
        return np.zeros((0, 3), np.float32)
    faces, along, distance = hits.faces[hit], directions[hit], hits.distance[hit]
    points = origins[hit] + along * distance[:, None]
    weights = np.empty((len(hit), 3), np.float32)
    weights[:, 1], weights[:, 2] = hits.u[hit], hits.v[hit]
    weights[:, 0] = 1.0 - weights[:, 1] - weights[:, 2]

    flat = scene.face_normals[faces]
    side = np.where(np.einsum("ij,ij->i", flat, along) > 0.0, np.float32(-1.0), np.float32(1.0))
    flat *= side[:, None]
    normals = flat
    if scene.corner_normals is not None:
        normals = np.einsum("nc,ncd->nd", weights * side[:, None], scene.corner_normals[faces])
        normals /= np.sqrt(np.einsum("ij,ij->i", normals, normals) + 1e-20)[:, None]
    to_camera = along * (-1.0 / np.sqrt(np.einsum("ij,ij->i", along, along)))[:, None]

    appearance = scene.appearance
    albedo = linear_of_srgb(appearance.colors_at(faces, weights, points, samples_per_unit))
    sample, pixel = np.divmod(hit.astype(np.int32), np.int32(shape[0] * shape[1]))
    row, column = np.divmod(pixel, np.int32(shape[1]))
    visible = _visible(scene, lighting, points, flat, sample + 4 * ((row & 1) * 2 + (column & 1)))
    opened = openness(scene.occluded, points, flat, row, column) if lighting.occluded else None
    specular, roughness = appearance.specular[faces], appearance.roughness[faces]
    return shade(normals, to_camera, albedo, specular, roughness, lighting, visible, opened)


def _visible(
    scene: Scene, lighting: Light, points: Array, normals: Array, place: Faces
) -> npt.NDArray[np.bool_] | None:
    """Whether the lamps that cast shadows reach points `k 3` with face normals `k 3` towards the camera: `k s`.

    A wide lamp has as many places as _LAMP_PLACES; every point looks at the one that `place` `k` says, so that a
    pixel's samples and its neighbours see different ones, and the edge of a shadow is soft.
    """
    if not lighting.casting:
        return None
    visible = np.zeros((len(points), lighting.casting), bool)
    for lamp in range(lighting.casting):
        spread, key = float(lighting.spreads[lamp]), lighting.directions[lamp]
        towards = np.flatnonzero(normals @ key > 0.0)
        origins = points[towards] + normals[towards] * np.float32(_SHADOW_OFFSET)
        if spread > 0.0:
            directions = _lamp_places(key, spread)[place[towards] % _LAMP_PLACES]
        else:
            directions = np.empty_like(origins)
            directions[:] = key
        visible[towards, lamp] = ~scene.occluded(origins, directions)
    return visible


def _lamp_places(direction: Array, spread_rad: float) -> Array:
    """Unit vectors (_LAMP_PLACES, 3) towards places all over a round lamp of an angular radius."""
    first = np.eye(3)[np.abs(direction).argmin()]
    across = np.cross(direction, first)
    across /= np.linalg.norm(across)
    rank = np.arange(_LAMP_PLACES)
    # a stride of 7 takes neighbours in the order of places to different parts of the disc
    radius = np.tan(spread_rad) * np.sqrt((rank * 7 % _LAMP_PLACES + 0.5) / _LAMP_PLACES)
    angle = 2.399963 * (rank * 7 % _LAMP_PLACES)
    aside = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(direction, across)
    places = direction + radius[:, None] * aside
    return np.asarray(places / np.linalg.norm(places, axis=1, keepdims=True), np.float32)
