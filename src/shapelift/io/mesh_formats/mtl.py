"""Material libraries of OBJ files, and the textures that they name."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from shapelift.io.mesh_formats.files import MeshFile
from shapelift.io.mesh_formats.format import Colors, MeshMaterial
from shapelift.io.mesh_formats.text import decoded_text
from shapelift.io.mesh_formats.trimesh_parts import texture_pixels

Pair = npt.NDArray[np.float64]

_OPTIONS = {
    "blendu": 1, "blendv": 1, "boost": 1, "cc": 1, "clamp": 1, "imfchan": 1, "bm": 1, "type": 1, "texres": 1,
    "colorspace": 1, "mm": 2, "o": 3, "s": 3, "t": 3,
}  # fmt: skip
"""Options of a texture and how many words follow each at most; of `o`, `s` and `t` only numbers."""


@dataclass(frozen=True, eq=False)
class Looks:
    """A material of a library.

    Attributes:
        material: None where it has no colour.
        texture: `h w 4` bytes, or None.
        texture_scale: What places in the texture are multiplied by.
        texture_offset: What is added then.
    """

    material: MeshMaterial | None = None
    texture: Colors | None = None
    texture_scale: Pair = field(default_factory=lambda: np.ones(2))
    texture_offset: Pair = field(default_factory=lambda: np.zeros(2))


@dataclass
class NamedFiles:
    """The pictures that a file names, each read once, and what of all that it names is not there."""

    file: MeshFile
    pictures: dict[str, Colors | None] = field(default_factory=dict)
    missing_libraries: set[str] = field(default_factory=set)

    def picture(self, name: str, library: str) -> Colors | None:
        """The pixels of a texture, which lies in the folder of the mesh or in that of its material library."""
        if name not in self.pictures:
            found = read_texture(name, self.file.beside)
            folder = library.replace("\\", "/").rpartition("/")[0]
            if found is None and folder:
                found = read_texture(f"{folder}/{name}", self.file.beside)
            self.pictures[name] = found
        return self.pictures[name]

    def warnings(self, unknown_materials: int) -> tuple[str, ...]:
        """What is missing; the number of materials that no library has is said where all libraries are there."""
        found = []
        if self.missing_libraries:
            count = len(self.missing_libraries)
            found.append(f"{_some(count, 'material file')} not found ({min(self.missing_libraries)})")
        elif unknown_materials:
            found.append(f"{_some(unknown_materials, 'material')} not in the material file")
        gone = [name for name, pixels in self.pictures.items() if pixels is None]
        if gone:
            found.append(f"{_some(len(gone), 'texture')} not found or not readable ({min(gone)})")
        return tuple(found)


def _some(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def read_materials(named: NamedFiles, libraries: list[str]) -> dict[str, Looks]:
    """The materials of the libraries that an OBJ file names."""
    file = named.file
    materials: dict[str, Looks] = {}
    for name in libraries:
        # A line may name several files, and a name may hold blanks.
        whole = file.beside(name)
        for one, data in [(name, whole)] if whole is not None else [(part, file.beside(part)) for part in name.split()]:
            if data is None:
                named.missing_libraries.add(one)
            else:
                materials |= _materials(decoded_text(data), one, named)
    return materials


def _materials(text: str, library: str, named: NamedFiles) -> dict[str, Looks]:
    found: dict[str, Looks] = {}
    name = None
    for line in text.split("\n"):
        key, _, rest = line.strip().replace("\t", " ").partition(" ")
        rest = rest.strip()
        if key.lower() == "newmtl":
            name = rest
            found[name] = Looks()
        elif name is not None and key.lower() == "kd":
            color = _color(rest.split())
            found[name] = replace(found[name], material=None if color is None else MeshMaterial(color))
        elif name is not None and key.lower() == "map_kd" and rest:
            found[name] = _textured(found[name], rest, library, named)
    return found


def _color(words: list[str]) -> tuple[float, float, float] | None:
    """Three numbers, or one for all three, rounded to bytes; None for spectral curves and other colour spaces."""
    try:
        values = [float(word) for word in words[:3]]
    except ValueError:
        return None
    if len(values) not in (1, 3) or not np.isfinite(values).all():
        return None
    red, green, blue = (
        float(np.rint(np.clip(value, 0.0, 1.0) * 255.0) / 255.0) for value in values * (3 // len(values))
    )
    return (red, green, blue)


def _textured(looks: Looks, rest: str, library: str, named: NamedFiles) -> Looks:
    name, options = _name_and_options(rest)
    pixels = named.picture(name, library)
    if pixels is None:
        return looks
    scale, offset = (
        np.array([*map(float, options.get(key, ())), *[fill] * 2][:2]) for key, fill in (("s", 1.0), ("o", 0.0))
    )
    return replace(looks, texture=pixels, texture_scale=scale, texture_offset=offset)


def _name_and_options(rest: str) -> tuple[str, Mapping[str, list[str]]]:
    """The file of a texture statement, which may hold blanks, and the options before it."""
    options: dict[str, list[str]] = {}
    while rest.startswith("-"):
        word, _, behind = rest[1:].partition(" ")
        most = _OPTIONS.get(word.lower())
        if most is None:
            break
        values: list[str] = []
        rest = behind.lstrip()
        while len(values) < most and " " in rest:
            value, _, behind = rest.partition(" ")
            if most == 3 and not _is_number(value):
                break
            values.append(value)
            rest = behind.lstrip()
        options[word.lower()] = values
    return rest.strip().strip('"'), options


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_texture(name: str, beside: Callable[[str], bytes | None]) -> Colors | None:
    """The pixels of a picture beside a mesh, None where it is not there or no picture."""
    from PIL import Image, UnidentifiedImageError

    data = beside(name)
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data)) as image:
            return texture_pixels(image)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
