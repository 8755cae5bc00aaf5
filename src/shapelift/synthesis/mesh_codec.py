"""An asset as few bytes: what a packed file of meshes holds for every shape.

Places are whole numbers on a grid over the unit cube, textures are small pictures. The rest is arranged so that an
ordinary compressor finds it easy: corners are numbered in the order in which faces first use them, so a face says
mostly "the next one" or "one of the last few" (after Isenburg and Snoeyink 2005, whose high-water mark this is), and a
vertex is told as the step from another one of its face.
"""

from __future__ import annotations

import io
import itertools
import json
import lzma
import struct
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.synthesis.materials import Asset, Material

_Ints = npt.NDArray[np.int64]

_GRID = 65535
_UV_STEPS = 256
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 1, "lp": 0, "pb": 0}]
_TEXTURE_QUALITY = 75
_MOST_BYTES = 1 << 30


def encode_asset(asset: Asset | Mesh, texture_px: int) -> bytes:
    """The bytes of an asset, or of the mesh alone where nothing is known about its looks.

    Args:
        asset: Normalised: vertices in [-0.5, 0.5]^3; what lies beyond is moved to the border.
        texture_px: Longest side of textures [px]; larger ones are shrunk.
    """
    mesh = asset.mesh if isinstance(asset, Asset) else asset
    faces = mesh.faces.astype(np.int64)
    header: dict[str, Any] = {"faces": len(faces), "vertices": len(mesh.vertices), "colors": mesh.colors is not None}
    streams: list[bytes] = []
    pictures: list[bytes] = []
    corner = faces.ravel()
    if isinstance(asset, Asset):
        header["materials"] = [asdict(material) for material in asset.materials]
        streams += [_whole(asset.face_material), _whole(asset.face_texture + 1)]
        pictures = [_picture(texture, texture_px) for texture in asset.textures]
        header["pictures"] = [len(picture) for picture in pictures]
        if asset.uv is not None:
            placed = np.rint(asset.uv.reshape(-1, 2).astype(np.float64) * _UV_STEPS)
            placed = np.clip(placed, 0, 65535).astype(np.int64) * (np.repeat(asset.face_texture, 3) >= 0)[:, None]
            header["uv"] = True
            # Corners that share vertex and place in the texture are one; vertices are then told once per such corner.
            key = (corner << 32) | (placed[:, 0] << 16) | placed[:, 1]
            order, first = _by_first_use(key)
            streams += [_marks(order), *_planes(np.diff(placed[first], axis=0, prepend=0))]
            corner = corner[first]
    order, first = _by_first_use(corner)
    streams.append(_marks(order))
    used = corner[first]
    vertices = np.clip(np.rint((mesh.vertices[used].astype(np.float64) + 0.5) * _GRID), 0, _GRID).astype(np.int64)
    header["vertices"] = len(used)
    number = np.empty(len(mesh.vertices), np.int64)
    number[used] = np.arange(len(used))
    parent = _parents(number[faces], len(used))
    streams += _planes(_steps(vertices, parent))
    if mesh.colors is not None:
        streams += [_bytes(column) for column in _steps(mesh.colors[used].astype(np.int64), parent).T]
    header["streams"] = [len(stream) for stream in streams]
    text = json.dumps(header, separators=(",", ":")).encode()
    packed = lzma.compress(text + b"".join(streams), lzma.FORMAT_RAW, filters=_FILTERS)
    return struct.pack("<III", len(text), len(packed), len(text) + sum(header["streams"])) + packed + b"".join(pictures)


def decode_asset(data: bytes) -> Asset | Mesh:
    """What `encode_asset` was given, but for the rounding.

    Raises:
        ValueError: the bytes are damaged.
    """
    try:
        return _decoded(data)
    except (lzma.LZMAError, struct.error, KeyError, IndexError, TypeError, ValueError, StopIteration, OSError) as error:
        raise ValueError(f"damaged: {error!r}") from error


def _decoded(data: bytes) -> Asset | Mesh:
    text_length, packed_length, whole = struct.unpack_from("<III", data)
    if whole > _MOST_BYTES:
        raise ValueError(f"damaged: says that it holds {whole} bytes")
    packed = data[12 : 12 + packed_length]
    content = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS).decompress(packed, whole)
    header = json.loads(content[:text_length])
    streams = iter(np.split(np.frombuffer(content, np.uint8, offset=text_length), np.cumsum(header["streams"])[:-1]))
    materials = header.get("materials")
    face_material = face_texture = uv = None
    if materials is not None:
        face_material, face_texture = (_unwhole(next(streams)).astype(np.int32) for _ in range(2))
        face_texture -= 1
    corner: _Ints | None = None
    if header.get("uv"):
        corner = _unmarked(next(streams))
        placed = np.cumsum(_unplaned(streams, 2), axis=0) & 0xFFFF
        uv = (placed / _UV_STEPS).astype(np.float32)[corner].reshape(-1, 3, 2)
    of_corner = _unmarked(next(streams))
    faces = (of_corner if corner is None else of_corner[corner]).reshape(-1, 3)
    parent = _parents(faces, header["vertices"])
    vertices = _summed(_unplaned(streams, 3), parent) & 0xFFFF
    colors = None
    if header["colors"]:
        colors = (_summed(np.stack([next(streams) for _ in range(3)], axis=1), parent) & 0xFF).astype(np.uint8)
    mesh = Mesh((vertices / _GRID - 0.5).astype(np.float32), faces.astype(np.int32), colors)
    if materials is None or face_material is None or face_texture is None:
        return mesh
    ends = 12 + packed_length + np.cumsum([0, *header["pictures"]])
    textures = [_unpictured(data[start:end]) for start, end in itertools.pairwise(ends.tolist())]
    return Asset(
        mesh=mesh,
        face_material=face_material,
        materials=tuple(_material(values) for values in materials),
        face_texture=face_texture,
        uv=uv,
        textures=tuple(textures),
    )


def _material(values: dict[str, Any]) -> Material:
    return Material(
        base_color=_color(values["base_color"]),
        second_color=_color(values["second_color"]),
        pattern=values["pattern"],
        pattern_scale=float(values["pattern_scale"]),
        roughness=float(values["roughness"]),
        specular=float(values["specular"]),
    )


def _color(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = values
    return float(red), float(green), float(blue)


# -- numbers ----------------------------------------------------------------------------------------------------------


def _by_first_use(keys: _Ints) -> tuple[_Ints, _Ints]:
    """Keys numbered in the order in which they first appear, and where each of them first does."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.argsort(first)
    number = np.empty(len(rank), np.int64)
    number[rank] = np.arange(len(rank))
    return number[inverse.ravel()], first[rank]


def _marks(order: _Ints) -> bytes:
    """Numbers in the order of first use as how far they lie below the next one that is new, which is told as 0."""
    highest = np.maximum.accumulate(np.concatenate([[-1], order[:-1]])) + 1
    return _whole(highest - order)


def _unmarked(stream: npt.NDArray[np.uint8]) -> _Ints:
    below = _unwhole(stream)
    highest = np.cumsum(below == 0) - (below == 0)
    order: _Ints = highest - below
    if len(order) and order.min() < 0:
        raise ValueError("damaged: a face points before the first vertex")
    return order


def _whole(values: npt.NDArray[Any]) -> bytes:
    """Whole numbers from 0 as four planes of bytes, lowest first."""
    return np.ascontiguousarray(np.asarray(values, "<u4").view(np.uint8).reshape(-1, 4).T).tobytes()


def _unwhole(stream: npt.NDArray[np.uint8]) -> _Ints:
    return np.ascontiguousarray(stream.reshape(4, -1).T).view("<u4").ravel().astype(np.int64)


def _planes(steps: _Ints) -> list[bytes]:
    """Steps `n k`, modulo 2^16, as two planes of bytes per column; small ones of either sign are small numbers."""
    signed = (steps & 0xFFFF).astype(np.uint16).view(np.int16).astype(np.int32)
    folded = ((signed << 1) ^ (signed >> 15)).astype("<u2")
    halves = folded.T.copy().view(np.uint8).reshape(steps.shape[1], -1, 2)
    return [halves[column, :, half].tobytes() for column in range(steps.shape[1]) for half in range(2)]


def _unplaned(streams: Any, columns: int) -> _Ints:
    found = []
    for _ in range(columns):
        low, high = next(streams).astype(np.int64), next(streams).astype(np.int64)
        folded = low | high << 8
        found.append((folded >> 1) ^ -(folded & 1))
    return np.stack(found, axis=1)


def _bytes(values: _Ints) -> bytes:
    return (values & 0xFF).astype(np.uint8).tobytes()


def _parents(faces: _Ints, count: int) -> _Ints:
    """For every vertex an earlier one: of the face that first uses it where there is one, else the one before it.

    Args:
        faces: Numbered in the order of first use.
        count: Number of vertices.
    """
    corner = faces.ravel()
    first = np.unique(corner, return_index=True)[1]
    others = faces[first // 3]
    others = np.where(others < np.arange(count)[:, None], others, -1).max(axis=1, initial=-1)
    parent: _Ints = np.where(others < 0, np.arange(count) - 1, others)
    return parent


def _steps(values: _Ints, parent: _Ints) -> _Ints:
    before = values[parent]
    before[parent < 0] = 0
    return values - before


def _summed(steps: npt.NDArray[Any], parent: _Ints) -> _Ints:
    """Values from steps: every vertex adds up those of its line of ancestors, in rounds of twice the length."""
    values, ancestor = steps.astype(np.int64), parent.copy()
    while (ancestor >= 0).any():
        known = ancestor >= 0
        values[known] += values[ancestor[known]]
        ancestor[known] = ancestor[ancestor[known]]
    return values


# -- pictures ---------------------------------------------------------------------------------------------------------


def _picture(texture: npt.NDArray[np.uint8], texture_px: int) -> bytes:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(texture[..., :3]))
    if max(image.size) > texture_px:
        image.thumbnail((texture_px, texture_px))
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=_TEXTURE_QUALITY, method=6)
    return stream.getvalue()


def _unpictured(data: bytes) -> npt.NDArray[np.uint8]:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
        return np.array(image.convert("RGBA"))
