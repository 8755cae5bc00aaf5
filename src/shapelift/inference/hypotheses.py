"""Several answers to one picture, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.geometry.placement import AS_THE_FORMAT, Placement
from shapelift.inference.reconstruction import Reconstruction

if TYPE_CHECKING:
    from shapelift.io.shapes import SavedMesh

FULL_SPREAD = 0.1
"""Spread that gets the last colour, as a share of the longest side: the same for all pictures, so that they compare."""

_SHADES = ((216, 219, 223), (247, 183, 76), (178, 24, 43))
"""Colours of no spread, of half of `FULL_SPREAD`, and of all of it and more: grey, orange, red."""


_Spreads = tuple[npt.NDArray[np.float32], ...]


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """What a model thinks the object in one picture may look like.

    Attributes:
        reconstructions: One value per hypothesis, all equally likely; a deterministic model has one.
    """

    reconstructions: tuple[Reconstruction, ...]
    _spreads: dict[tuple[int, int | None], tuple[npt.NDArray[np.float32], ...]] = field(
        default_factory=dict, repr=False
    )

    def __len__(self) -> int:
        return len(self.reconstructions)

    def __iter__(self) -> Iterator[Reconstruction]:
        return iter(self.reconstructions)

    def __getitem__(self, index: int) -> Reconstruction:
        return self.reconstructions[index]

    def blocks(self, resolution: int = 32) -> Hypotheses:
        """Every hypothesis built of cubes; see `Reconstruction.blocks`.

        Raises:
            InputError: as `Reconstruction.blocks`.
        """
        return Hypotheses(tuple(one.blocks(resolution) for one in self))

    def spread(self, resolution: int = 128, faces: int | None = None) -> tuple[npt.NDArray[np.float32], ...]:
        """How far the others are from every vertex of every hypothesis; computed once per resolution.

        Args:
            resolution: Of the meshes, see `Reconstruction.mesh`.
            faces: Likewise.

        Returns:
            Per hypothesis `v` float32: the mean over the other hypotheses of the distance from the vertex to their
            surface, in units of the longest side; 0 where there is no other.

        Raises:
            InputError: as `Reconstruction.mesh`.
        """
        if (resolution, faces) not in self._spreads:
            self._spreads[resolution, faces] = self._measured(resolution, faces)
        return self._spreads[resolution, faces]

    def mesh(self, index: int, resolution: int = 128, faces: int | None = None, *, color: bool = True) -> Mesh:
        """The surface of a hypothesis: of several coloured by their spread, see `spread_colors`, else by the picture.

        Args:
            index: Which one, from 0.
            resolution: See `Reconstruction.mesh`.
            faces: Likewise.
            color: Whether it is coloured. What is built of cubes is not coloured by the picture.

        Raises:
            InputError: as `Reconstruction.mesh`.
        """
        one = self.reconstructions[index]
        if not color or (len(self) == 1 and one.blocky):
            return one.mesh(resolution, faces)
        if len(self) == 1:
            return one.colored_mesh(resolution, faces)
        return one.mesh(resolution, faces).colored(spread_colors(self.spread(resolution, faces)[index]))

    def save(
        self,
        path: str | Path,
        resolution: int = 128,
        size_mm: float | None = None,
        *,
        color: bool = True,
        faces: int | None = None,
        placement: Placement = AS_THE_FORMAT,
    ) -> tuple[tuple[Path, ...], ...]:
        """Write every hypothesis: `chair-1.glb`, `chair-2.glb`, ... for `chair.glb`, coloured as `mesh` says.

        A single hypothesis is written as `Reconstruction.save` does it. STL carries no colours.

        Args:
            path: The name without the numbers.
            resolution: As for `mesh`.
            size_mm: Longest side of each in millimetres; by default what the format's writer chooses.
            color: As for `mesh`.
            faces: As for `mesh`.
            placement: As for `Reconstruction.save`.

        Returns:
            Per hypothesis what was written.

        Raises:
            InputError: as `Reconstruction.save`.
        """
        return tuple(
            one.files for one in self.write(path, resolution, size_mm, color=color, faces=faces, placement=placement)
        )

    def write(
        self,
        path: str | Path,
        resolution: int = 128,
        size_mm: float | None = None,
        *,
        color: bool = True,
        faces: int | None = None,
        placement: Placement = AS_THE_FORMAT,
    ) -> tuple[SavedMesh, ...]:
        """`save`, with the size that each has in its file.

        Args:
            path: As for `save`.
            resolution: As for `save`.
            size_mm: As for `save`.
            color: As for `save`.
            faces: As for `save`.
            placement: As for `save`.
        """
        from shapelift.inference.limits import check_size_mm
        from shapelift.io.shapes import carries_colors, write_mesh

        check_size_mm(size_mm)
        color = color and carries_colors(path)
        meshes = [self.mesh(index, resolution, faces, color=color) for index in range(len(self))]
        return tuple(
            write_mesh(target, mesh, size_mm=size_mm, metadata=one.metadata(), placement=placement)
            for target, mesh, one in zip(numbered(Path(path), len(self)), meshes, self, strict=True)
        )

    def _measured(self, resolution: int, faces: int | None) -> tuple[npt.NDArray[np.float32], ...]:
        meshes = [one.mesh(resolution, faces) for one in self]
        if len(meshes) == 1:
            return (np.zeros(len(meshes[0].vertices), np.float32),)
        from shapelift.metrics import SurfaceDistance

        surfaces = [SurfaceDistance(mesh) for mesh in meshes]
        spreads = []
        for own, mesh in zip(surfaces, meshes, strict=True):
            total = np.zeros(len(mesh.vertices))
            for surface in surfaces:
                if surface is not own:
                    total += surface(mesh.vertices)
            spreads.append((total / (len(meshes) - 1)).astype(np.float32))
        return tuple(spreads)


def numbered(path: Path, count: int) -> tuple[Path, ...]:
    """The files of `count` hypotheses: `path` itself for one, else with `-1`, `-2`, ... behind its stem."""
    if count == 1:
        return (path,)
    return tuple(path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(1, count + 1))


def spread_colors(spread: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Spreads `n`, in longest sides, as sRGB colours `n 3`: grey where all agree, red at `FULL_SPREAD` and beyond."""
    place = np.clip(np.asarray(spread, np.float64) / FULL_SPREAD, 0.0, 1.0)
    ends = np.linspace(0.0, 1.0, len(_SHADES))
    channels = [np.interp(place, ends, [shade[channel] for shade in _SHADES]) for channel in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)
