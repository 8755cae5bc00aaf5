"""A mesh file and the files that it names: materials, textures, buffers. All of them lie in its own folder."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

MAX_FILE_BYTES = 2 << 30
"""Largest file that is read."""


class UnreadableMeshError(ValueError):
    """A file that cannot be read as a mesh; the message says why in the words of a user, on one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split()))


@dataclass(frozen=True)
class MeshFile:
    """The bytes of a file, and a way to the files beside it.

    Attributes:
        name: Of the file, without its folder.
        data: Its bytes.
        beside: The bytes of a file by the name that the mesh gives it, None where there is none. Names stay in the
            folder: of a path that leads out of it, and of an absolute one, the last part is looked for there. Case
            and the kind of slash do not matter, as they did not where the file was made.
    """

    name: str
    data: bytes
    beside: Callable[[str], bytes | None]

    @classmethod
    def on_disk(cls, path: Path) -> MeshFile:
        """A file of the file system. Raises OSError or UnreadableMeshError where it cannot be read."""
        return cls(path.name, _bytes(path), lambda name: _beside(path.parent, name))

    @classmethod
    def in_zip(cls, archive: Path, member: str) -> MeshFile:
        """A file of a zip archive. Raises OSError or UnreadableMeshError where it cannot be read."""
        place = PurePosixPath(member)
        return cls(place.name, _zip_bytes(archive, member), lambda name: _beside_in_zip(archive, place.parent, name))


def _places(name: str) -> list[tuple[str, ...]]:
    """Where a name may lie below the folder, the likeliest first."""
    path = PurePosixPath(name.strip().strip('"').replace("\\", "/"))
    parts: list[str] = []
    inside = not path.is_absolute() and ":" not in name
    for part in path.parts:
        if part == "..":
            inside = inside and bool(parts)
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    whole = tuple(parts)
    last = whole[-1:]
    return [place for place in ([whole, last] if inside else [last]) if place]


def _beside(folder: Path, name: str) -> bytes | None:
    for place in _places(name):
        found: Path | None = folder
        for part in place:
            found = None if found is None else _entry(found, part)
        if found is not None and found.is_file() and found.resolve().is_relative_to(folder.resolve()):
            return _bytes(found)
    return None


def _entry(folder: Path, name: str) -> Path | None:
    """The entry of a folder with this name, in any case where none is spelt so."""
    try:
        if (folder / name).exists():
            return folder / name
        return next((entry for entry in sorted(folder.iterdir()) if entry.name.lower() == name.lower()), None)
    except (OSError, ValueError):  # no folder, a name that cannot be one
        return None


def _beside_in_zip(archive: Path, folder: PurePosixPath, name: str) -> bytes | None:
    names = _lower_names(archive, archive.stat().st_mtime_ns)
    for place in _places(name):
        found = names.get(str(folder.joinpath(*place)).lower())
        if found is not None:
            return _zip_bytes(archive, found)
    return None


@cache
def _lower_names(archive: Path, changed_ns: int) -> dict[str, str]:
    with zipfile.ZipFile(archive) as opened:
        return {name.lower(): name for name in reversed(opened.namelist())}


def _zip_bytes(archive: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(archive) as opened:
            _check_size(opened.getinfo(member).file_size)
            return opened.read(member)
    except (KeyError, zipfile.BadZipFile, RuntimeError) as error:  # encrypted, unknown compression
        raise UnreadableMeshError("the archive that it is in is damaged or encrypted") from error


def _bytes(path: Path) -> bytes:
    _check_size(path.stat().st_size)
    return path.read_bytes()


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise UnreadableMeshError(f"it is larger than {MAX_FILE_BYTES >> 30} GiB")
