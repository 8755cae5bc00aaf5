"""What the surface of a synthetic object is made of: solid-texture materials, and the asset that carries them.

A pattern is a *solid* texture: a colour for every point of space, in the object frame. It needs no unwrapping, so every
procedural solid and every untextured mesh can wear it, and it runs on seamlessly around corners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh, normalizing_transform

__all__ = ["Asset", "Material"]

_Pattern = Literal["plain", "checker", "stripes", "noise", "wood", "speckle"]
Kind = Literal["wood", "metal", "plastic", "fabric", "glass", "stone", "rubber", "paint"]
Color = tuple[float, float, float]
Array = npt.NDArray[np.float32]

PATTERNS: tuple[_Pattern, ...] = get_args(_Pattern)
KINDS: tuple[Kind, ...] = get_args(Kind)

# Smooth noise is a sum of plane waves: directions spread over the sphere, wavelengths from 1.6 down to 0.4 periods,
# amplitudes falling with the frequency. One matrix product and one sine per wave: cheaper than any lattice noise.
_WAVES = 10
_golden = np.arange(_WAVES) + 0.5
_polar = np.arccos(1.0 - 2.0 * _golden / _WAVES)
_turn = np.pi * (1.0 + 5.0**0.5) * _golden
_DIRECTIONS = np.stack([np.cos(_turn) * np.sin(_polar), np.cos(_polar), np.sin(_turn) * np.sin(_polar)])
_FREQUENCIES = np.geomspace(1 / 1.6, 1 / 0.4, _WAVES)
_WAVE_VECTORS = (2.0 * np.pi * _DIRECTIONS * _FREQUENCIES).astype(np.float32)
_WAVE_PHASES = (2.399963 * np.arange(_WAVES) ** 2 % (2.0 * np.pi)).astype(np.float32)
_AMPLITUDES = (_FREQUENCIES**-0.7 / np.sqrt(np.sum(_FREQUENCIES**-1.4) / 2.0)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Material:
    """A reflecting, opaque surface with a solid-texture colour.

    base_color, second_color: sRGB in [0, 1]; the pattern mixes the two.
    pattern_scale: length of one period of the pattern, in object units (the object's longest side is 1).
    roughness: 0 is a mirror-sharp highlight, 1 is none that one could see.
    specular: strength of the highlight in [0, 1].
    """

    base_color: Color
    second_color: Color = (0.0, 0.0, 0.0)
    pattern: _Pattern = "plain"
    pattern_scale: float = 0.1
    roughness: float = 0.6
    specular: float = 0.2

    def __post_init__(self) -> None:
        """Raises ValueError for a value out of its range."""
        for name in ("base_color", "second_color"):
            value = getattr(self, name)
            if len(value) != 3 or not all(0.0 <= channel <= 1.0 for channel in value):
                raise ValueError(f"Material.{name} must be three sRGB values in [0, 1], not {value!r}")
        if self.pattern not in PATTERNS:
            raise ValueError(f"Material.pattern must be one of {', '.join(PATTERNS)}, not {self.pattern!r}")
        if not (np.isfinite(self.pattern_scale) and self.pattern_scale > 0.0):
            raise ValueError(f"Material.pattern_scale must be positive, not {self.pattern_scale!r}")
        if not (0.0 <= self.roughness <= 1.0 and 0.0 <= self.specular <= 1.0):
            raise ValueError("Material.roughness and Material.specular must lie in [0, 1]")

    def color_at(self, points: Array) -> Array:
        """Colours `n 3`, sRGB in [0, 1], at points `n 3` of the object frame."""
        base = np.asarray(self.base_color, dtype=np.float32)
        if self.pattern == "plain":
            return np.broadcast_to(base, (len(points), 3)).copy()
        second = np.asarray(self.second_color, dtype=np.float32)
        mix: Array = _MIXES[self.pattern](np.asarray(points, dtype=np.float32) * np.float32(1.0 / self.pattern_scale))
        colors: Array = base + mix[:, None] * (second - base)
        return colors


def _waves(points: Array) -> Array:
    """Smooth noise `n` of unit variance at points `n 3` measured in periods."""
    noise: Array = np.sin(points @ _WAVE_VECTORS + _WAVE_PHASES) @ _AMPLITUDES
    return noise


def _checker(points: Array) -> Array:
    cells = np.floor(points * 2.0 + 0.013).astype(np.int32)
    odd: Array = (cells.sum(axis=1) & 1).astype(np.float32)
    return odd


def _stripes(points: Array) -> Array:
    # A slanted direction, so that stripes show on the faces of an axis-aligned box whichever way they look.
    along = points @ np.asarray([0.93, 0.31, 0.19], dtype=np.float32)
    return (along - np.floor(along) < 0.5).astype(np.float32)


def _noise(points: Array) -> Array:
    mix: Array = np.clip(0.5 + 0.4 * _waves(points), 0.0, 1.0)
    return mix


def _wood(points: Array) -> Array:
    # Year rings around an axis that leans a little away from +X, bent by slow noise.
    grain = points @ np.asarray([[0.10, 0.05], [0.99, 0.0], [0.0, 0.99]], dtype=np.float32)
    radius = np.hypot(grain[:, 0] + 1.7, grain[:, 1] - 2.3)
    rings = radius + 0.12 * _waves(points * np.asarray([0.15, 0.6, 0.6], dtype=np.float32))
    sawtooth = rings - np.floor(rings)
    mix: Array = sawtooth * sawtooth
    return mix


def _speckle(points: Array) -> Array:
    cells = np.floor(points * 4.0).astype(np.int32).view(np.uint32)
    mixed = cells[:, 0] * np.uint32(73856093) ^ cells[:, 1] * np.uint32(19349663) ^ cells[:, 2] * np.uint32(83492791)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    value = (mixed >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    spots: Array = value * value * value
    return spots


_MIXES: dict[str, Callable[[Array], Array]] = {
    "checker": _checker,
    "stripes": _stripes,
    "noise": _noise,
    "wood": _wood,
    "speckle": _speckle,
}


@dataclass(frozen=True, slots=True)
class _Palette:
    """The ranges a kind of material is drawn from; hues in turns, the rest in [0, 1]."""

    hue: tuple[float, float]
    saturation: tuple[float, float]
    value: tuple[float, float]
    patterns: dict[_Pattern, float]
    roughness: tuple[float, float]
    specular: tuple[float, float]
    contrast: tuple[float, float] = (0.6, 0.9)
    scale: tuple[float, float] = (0.04, 0.2)


_PALETTES: dict[Kind, _Palette] = {
    "wood": _Palette(
        (0.04, 0.11), (0.25, 0.7), (0.25, 0.9), {"wood": 0.75, "noise": 0.1, "plain": 0.15}, (0.4, 0.8), (0.05, 0.3)
    ),
    "metal": _Palette(
        (0.0, 1.0), (0.0, 0.15), (0.3, 0.9), {"plain": 0.85, "noise": 0.15}, (0.1, 0.45), (0.5, 1.0), (0.85, 1.0)
    ),
    "plastic": _Palette(
        (0.0, 1.0), (0.0, 0.9), (0.1, 1.0), {"plain": 0.9, "stripes": 0.05, "speckle": 0.05}, (0.2, 0.6), (0.15, 0.5)
    ),
    "fabric": _Palette(
        (0.0, 1.0),
        (0.0, 0.75),
        (0.15, 0.95),
        {"plain": 0.4, "checker": 0.12, "stripes": 0.18, "noise": 0.15, "speckle": 0.15},
        (0.8, 1.0),
        (0.0, 0.08),
        (0.45, 0.95),
        (0.02, 0.15),
    ),
    "glass": _Palette((0.45, 0.65), (0.05, 0.4), (0.12, 0.75), {"plain": 1.0}, (0.02, 0.15), (0.7, 1.0)),
    "stone": _Palette(
        (0.0, 0.15), (0.0, 0.25), (0.3, 0.95), {"noise": 0.5, "speckle": 0.35, "plain": 0.15}, (0.5, 0.9), (0.05, 0.3)
    ),
    "rubber": _Palette((0.0, 1.0), (0.0, 0.3), (0.1, 0.35), {"plain": 0.9, "speckle": 0.1}, (0.7, 1.0), (0.02, 0.15)),
    "paint": _Palette((0.0, 1.0), (0.1, 0.95), (0.2, 1.0), {"plain": 0.95, "noise": 0.05}, (0.15, 0.5), (0.2, 0.7)),
}


def _rgb(hue: float, saturation: float, value: float) -> Color:
    """A hue (in turns, wraps), saturation and value as sRGB (Smith 1978)."""
    red, green, blue = (
        value * (1.0 - saturation * float(np.clip(2.0 - abs((hue * 6.0 + turn) % 6.0 - 3.0), 0.0, 1.0)))
        for turn in (0.0, 4.0, 2.0)
    )
    return (red, green, blue)


def random_material(rng: np.random.Generator, kind: Kind | None = None) -> Material:
    """A random material of a kind ("wood", "metal", ...), of any kind when `kind` is None.

    Raises:
        ValueError: the kind is unknown.
    """
    if kind is None:
        kind = KINDS[int(rng.integers(len(KINDS)))]
    if kind not in _PALETTES:
        raise ValueError(f"the kinds of material are {', '.join(KINDS)}, not {kind!r}")
    palette = _PALETTES[kind]
    hue, saturation = float(rng.uniform(*palette.hue)), float(rng.uniform(*palette.saturation))
    value, contrast = float(rng.uniform(*palette.value)), float(rng.uniform(*palette.contrast))
    if kind == "fabric" and rng.random() < 0.3:  # a second dye instead of a second shade
        second = _rgb(float(rng.random()), float(rng.uniform(0.0, 0.8)), float(rng.uniform(0.1, 1.0)))
    else:
        second = _rgb(hue + float(rng.uniform(-0.02, 0.02)), saturation, value * contrast)
    names = list(palette.patterns)
    pattern = names[int(rng.choice(len(names), p=list(palette.patterns.values())))]
    return Material(
        base_color=_rgb(hue, saturation, value),
        second_color=second,
        pattern=pattern,
        pattern_scale=float(np.exp(rng.uniform(*np.log(palette.scale)))),
        roughness=float(rng.uniform(*palette.roughness)),
        specular=float(rng.uniform(*palette.specular)),
    )


@dataclass(frozen=True, slots=True)
class Asset:
    """A mesh and everything that decides the colour of its faces.

    mesh: v vertices, f faces; `mesh.colors` (sRGB u8) where there are vertex colours.
    face_material: `f` int32, index into `materials`.
    face_texture: `f` int32, index into `textures`, -1 where the face has none.
    uv: `f 3 2` float32 of the corners of the faces, or None. (0, 0) is the *top left* corner of the image
        (the glTF convention); a texture repeats outside [0, 1].
    textures: sRGB images `h w 4` uint8; their alpha is ignored, the object is opaque.
    lacks: what the file that it comes from names and does not have, a few words each.

    The colour of a face is its texture; without one the vertex colours; without those its material's pattern.
    The highlight always comes from the material.
    """

    mesh: Mesh
    face_material: npt.NDArray[np.int32]
    materials: tuple[Material, ...]
    face_texture: npt.NDArray[np.int32]
    uv: Array | None = None
    textures: tuple[npt.NDArray[np.uint8], ...] = ()
    lacks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError where the parts do not belong together."""
        count = len(self.mesh.faces)
        for name, choices, least in (
            ("face_material", len(self.materials), 0),
            ("face_texture", len(self.textures), -1),
        ):
            index = getattr(self, name)
            if index.shape != (count,) or index.dtype != np.int32:
                raise ValueError(
                    f"Asset.{name} must be int32 of shape ({count},), not {index.dtype} of shape {index.shape}"
                )
            if count and not (least <= int(index.min()) and int(index.max()) < choices):
                raise ValueError(
                    f"Asset.{name} must lie in [{least}, {choices - 1}], not [{index.min()}, {index.max()}]"
                )
        if self.uv is not None and (self.uv.shape != (count, 3, 2) or self.uv.dtype != np.float32):
            raise ValueError(
                f"Asset.uv must be float32 of shape ({count}, 3, 2), not {self.uv.dtype} of shape {self.uv.shape}"
            )
        if self.uv is not None and not np.isfinite(self.uv).all():
            raise ValueError("Asset.uv must be finite")
        if self.uv is None and count and int(self.face_texture.max()) >= 0:
            raise ValueError("Asset.uv must be given where faces have textures")
        for texture in self.textures:
            if texture.ndim != 3 or texture.shape[2] != 4 or 0 in texture.shape or texture.dtype != np.uint8:
                raise ValueError(
                    f"Asset.textures must be (h, w, 4) uint8, not {texture.dtype} of shape {texture.shape}"
                )

    @classmethod
    def of_mesh(cls, mesh: Mesh, material: Material) -> Asset:
        """The mesh in one material."""
        count = len(mesh.faces)
        return cls(
            mesh=mesh,
            face_material=np.zeros(count, dtype=np.int32),
            materials=(material,),
            face_texture=np.full(count, -1, dtype=np.int32),
        )

    def normalized(self) -> Asset:
        """The asset centred on its bounding box, with the longest side scaled to 1."""
        return replace(self, mesh=self.mesh.transformed(normalizing_transform(self.mesh.vertices)))
