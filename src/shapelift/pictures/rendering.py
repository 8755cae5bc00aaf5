"""Pictures for people: one object in even studio light, and sheets of many. Training images come from `recording`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.pictures.sheets import SheetRow, sheet
from shapelift.synthesis.cameras import MARGIN, framed_camera
from shapelift.synthesis.lighting import Lighting, direction
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.renderer import Scene, render_view

__all__ = ["contact_sheet", "object_sheet", "on_paper", "render_object"]

CLAY = Material((0.56, 0.66, 0.80), roughness=0.7, specular=0.12)
"""What a mesh without an appearance of its own is made of."""

Image = npt.NDArray[np.uint8]


def studio_lighting(azimuth_deg: float) -> Lighting:
    """A key light above and to the left of a camera at `azimuth_deg`, a weak fill from the right, a bright sky."""
    lamps = [direction(azimuth_deg - 40.0, 50.0), direction(azimuth_deg + 65.0, 15.0)]
    return Lighting(
        directions=np.stack(lamps),
        colors=np.array([[0.80, 0.79, 0.77], [0.22, 0.23, 0.25]], np.float32),
        sky=np.array([0.52, 0.53, 0.55], np.float32),
        ground=np.array([0.27, 0.26, 0.25], np.float32),
        shadows=True,
    )


def render_object(
    subject: Asset | Mesh,
    azimuth_deg: float = 35.0,
    elevation_deg: float = 20.0,
    *,
    size_px: int = 256,
    fov_deg: float = 30.0,
    margin: float = MARGIN,
    supersampling: int = 3,
    around: npt.ArrayLike | None = None,
) -> Image:
    """An object in studio light, filling the picture; deterministic.

    Args:
        subject: In the world frame, centred, longest side about 1. A mesh is shown in `CLAY`.
        azimuth_deg: As for `Camera.orbit`: 0 looks at the front, positive values move the camera towards +X.
        elevation_deg: Of the camera above the horizon.
        size_px: Side of the square picture.
        fov_deg: Field of view before the picture is fitted to the object: small is flat, large exaggerates depth.
        margin: Free border on every side, as a share of the picture's side.
        supersampling: Rays per pixel and axis.
        around: Points `n 3` that fill the picture instead of the object: the same ones show objects at one scale.

    Returns:
        `s s 4` uint8, straight alpha, transparent around the object.

    Raises:
        ValueError: a mesh without faces.
    """
    asset = Asset.of_mesh(subject, CLAY) if isinstance(subject, Mesh) else subject
    scene = Scene(asset)
    distance = 1.1 * 0.75**0.5 / float(np.sin(np.deg2rad(fov_deg) / 2.0))
    shown = asset.mesh.vertices if around is None else around
    camera = framed_camera(shown, azimuth_deg, elevation_deg, fov_deg, distance, size_px, margin)
    return render_view(scene, camera, studio_lighting(azimuth_deg), supersampling).rgba


def on_paper(rgba: Image, paper: int = 255) -> Image:
    """A picture `h w 4` with straight alpha on plain paper of one grey: `h w 3`."""
    alpha = rgba[..., 3:].astype(np.float32) / 255.0
    return np.asarray(rgba[..., :3] * alpha + paper * (1.0 - alpha) + 0.5, np.uint8)


def object_sheet(
    subjects: Mapping[str, Asset | Mesh],
    sides_deg: Sequence[tuple[float, float]],
    *,
    tile_px: int = 224,
    title: str = "",
    columns: Sequence[str] = (),
) -> Image:
    """Named objects, one row each, from several sides: RGB `h w 3` uint8 on white.

    Args:
        subjects: Name -> object, as for `render_object`.
        sides_deg: Azimuth and elevation of every column.
        tile_px: Side of a picture.
        title: Above the sheet.
        columns: Above the columns.

    Raises:
        ValueError: no subjects, or a mesh without faces.
    """
    rows = [
        SheetRow(name, [on_paper(render_object(subject, *side, size_px=tile_px)) for side in sides_deg])
        for name, subject in subjects.items()
    ]
    return sheet(rows, tile_px, title=title, columns=columns)


def contact_sheet(tiles: Sequence[Image], columns: int) -> Image:
    """Pictures `s s 3` of one size in rows of `columns`, the last row filled up with white.

    Raises:
        ValueError: no pictures, or fewer than one column.
    """
    if not tiles or columns < 1:
        raise ValueError("a sheet needs at least one picture and one column")
    blank = np.full_like(tiles[0], 255)
    filled = [*tiles, *[blank] * (-len(tiles) % columns)]
    rows = [np.concatenate(filled[start : start + columns], axis=1) for start in range(0, len(filled), columns)]
    return np.concatenate(rows, axis=0)
