"""The file of packed meshes: a zip archive with a table of contents and the bytes of every shape.

It holds what a folder of meshes says about each of them (category, licence, author, source, ...), so that a data set
made from it carries the same attributions. The bytes are those of `mesh_codec`; nothing in it is code.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shapelift.errors import InputError
from shapelift.geometry import Mesh
from shapelift.io.atomic import atomic_path
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.mesh_codec import decode_asset

_SCHEMA = "shapelift-meshes-1"
_CONTENTS = "contents.json"


@dataclass(frozen=True)
class ArchivedShape:
    """One line of the table of contents.

    Attributes:
        shape_id: Its name, unique in the archive.
        category: Its category.
        metadata: What the source said about it.
    """

    shape_id: str
    category: str
    metadata: Mapping[str, str]


def write_archive(path: Path, shapes: Iterable[tuple[ArchivedShape, bytes]]) -> None:
    """Write an archive, whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    contents = []
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for shape, data in shapes:
            archive.writestr(_entry(shape.shape_id), data)
            contents.append(asdict(shape))
        contents.sort(key=lambda shape: str(shape["shape_id"]))
        text = json.dumps({"schema": _SCHEMA, "shapes": contents})
        archive.writestr(zipfile.ZipInfo(_CONTENTS), text, zipfile.ZIP_DEFLATED)


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive with a table of contents, of whatever version."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _CONTENTS in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def read_contents(path: Path) -> tuple[ArchivedShape, ...]:
    """The shapes of an archive, by name.

    Raises:
        InputError: it is not such an archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found: dict[str, Any] = json.loads(archive.read(_CONTENTS))
        if found["schema"] != _SCHEMA:
            raise InputError(f"{path}: made by another version of shapelift; pack the meshes again")
        return tuple(
            ArchivedShape(
                str(shape["shape_id"]),
                str(shape["category"]),
                {str(name): str(value) for name, value in shape["metadata"].items()},
            )
            for shape in found["shapes"]
        )
    except InputError:
        raise
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError) as error:
        what = "it is not a zip archive with a table of contents" if not str(error) else str(error)
        raise InputError(
            f"{path}: not a file of packed meshes ({what}); make one with `shapelift pack-meshes`"
        ) from error


def read_packed_shape(path: Path, shape_id: str) -> Asset | Mesh:
    """One shape of an archive; the mesh alone where its looks are to be invented.

    Raises:
        ValueError: it is damaged or missing.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return decode_asset(archive.read(_entry(shape_id)))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"damaged: {error}") from error


def _entry(shape_id: str) -> str:
    return f"shapes/{shape_id}"
