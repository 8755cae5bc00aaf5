"""The pictures of docs/explanation/depth.md: docs/images/depth_*.png.

Run: python docs/scripts/make_depth_pictures.py [--model FOLDER] [--only seen reliefs predicted]

The first two need no network: they show the depth that the renderer knows. The third needs a model folder of the family
`depthnormal`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from page_tools import EXAMPLES, IMAGES, command, save_picture
from PIL import Image

from shapelift.geometry import Camera, DepthMaps, Mesh, normalizing_transform, similarity
from shapelift.inference import Reconstructor
from shapelift.io.images import read_image
from shapelift.meshing import relief, seen_surface
from shapelift.meshing.plates import plate
from shapelift.pictures.rendering import CLAY, on_paper, render_object, studio_lighting
from shapelift.pictures.shading import Image as Picture
from shapelift.pictures.shading import Scale
from shapelift.pictures.sheets import SheetRow, sheet
from shapelift.synthesis import procedural
from shapelift.synthesis.cameras import framed_camera
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.renderer import Scene, render_depth, render_view

TILE_PX, MAP_PX = 184, 128
SIDES = ((30.0, 20.0), (85.0, 15.0))
SUBJECTS = (("chair", 3), ("airplane", 1))


def maps_of(camera: Camera, depth: np.ndarray, normals: np.ndarray | None = None) -> DepthMaps:
    """Depth `h w`, 0 where nothing is seen, as a value."""
    return DepthMaps(depth[None].astype(np.float32), depth[None] > 0.0, (camera,), None if normals is None else normals)


def tiles_of(rgba: np.ndarray, maps: DepthMaps) -> list[Picture]:
    """Input, depth, normals, mask, the open seen surface from its side and from another, the solid from there."""
    depth, mask = maps.depth[0], maps.mask[0]
    nearest, farthest = np.quantile(depth[mask], (0.005, 0.995))
    normals = np.zeros((*mask.shape, 3)) if maps.normals is None else maps.normals[0]
    color = np.where(mask[..., None], 127.5 + 127.5 * normals, 255.0)
    pictures = [
        on_paper(rgba),
        Scale.of_depth(float(nearest), float(farthest)).picture(depth, mask),
        np.asarray(np.clip(color, 0.0, 255.0), np.uint8),
        Scale.of_share().picture(mask),
    ]
    sheet_seen, solid = seen_surface(maps), relief(maps)
    shown = [(sheet_seen, SIDES[0]), (sheet_seen, SIDES[1]), (solid, SIDES[1])]
    return pictures + [on_paper(render_object(centred(mesh), *side, size_px=TILE_PX)) for mesh, side in shown]


def centred(mesh: Mesh) -> Mesh:
    """The mesh with its bounding box in the middle and a longest side of 1."""
    return mesh.transformed(normalizing_transform(mesh.vertices))


COLUMNS = ("image", "depth", "normals", "mask", "seen surface", "from the side", "relief solid")


def seen_figure() -> Picture:
    """What an image shows, exactly: the depth that the renderer knows."""
    rows = []
    for category, seed in SUBJECTS:
        asset = procedural.build(category, seed)
        camera = framed_camera(asset.mesh.vertices, 30.0, 20.0, 30.0, 4.0, MAP_PX)
        view = render_view(Scene(asset), camera, studio_lighting(30.0), 3)
        rows.append(SheetRow(category, tiles_of(view.rgba, maps_of(camera, view.depth, view.normals[None]))))
    return sheet(rows, TILE_PX, columns=COLUMNS)


def predicted_figure(folder: Path) -> Picture:
    """What a network makes of images it has not seen."""
    model = Reconstructor.load(folder)
    rows = []
    for category, seed in (("chair", 1_000_003), ("chair", 1_000_007)):
        asset = procedural.build(category, seed)
        rgba = render_object(asset, 30.0, 20.0, size_px=MAP_PX)
        maps = model.reconstruct(rgba).representation
        if not isinstance(maps, DepthMaps):
            raise SystemExit(f"{folder}: predicts no depth maps")
        rows.append(SheetRow(f"unseen\n{category}", tiles_of(rgba, maps)))
    return sheet(rows, TILE_PX, columns=COLUMNS)


def still_life() -> Mesh:
    """A room: a floor, a wall, and furniture."""
    placed = [
        ("sofa", 2, 1.15, (-0.15, 0.0, -0.55), 0.0),
        ("table", 4, 0.75, (0.1, 0.0, 0.25), 0.0),
        ("lamp", 5, 0.95, (0.75, 0.0, -0.6), 0.0),
        ("chair", 7, 0.75, (-0.8, 0.0, 0.1), 60.0),
    ]
    parts = [box((-2.0, -0.05, -1.05), (2.0, 0.0, 1.5)), box((-2.0, 0.0, -1.05), (2.0, 2.0, -1.0))]
    for category, seed, size, place, turn_deg in placed:
        mesh = procedural.build(category, seed).mesh
        angle = np.deg2rad(turn_deg)
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        low = float(mesh.vertices[:, 1].min())
        parts.append(mesh.transformed(similarity(turn, np.array(place) - (0.0, size * low, 0.0), size)))
    offsets = np.cumsum([0, *[len(part.vertices) for part in parts[:-1]]])
    return Mesh(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)]),
    )


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    """An axis-aligned box."""
    corners = np.array([[(low, high)[bit][axis] for axis, bit in enumerate(bits)] for bits in np.ndindex(2, 2, 2)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [corner for a, b, c, d in quads for corner in ((a, b, c), (a, c, d))]
    return Mesh(corners.astype(np.float32), np.array(faces, np.int32))


def reliefs_figure() -> Picture:
    """A scene as a bas-relief, from distances and from their inverses, and a picture as a lithophane."""
    camera = Camera.look_at((0.15, 0.95, 2.9), (0.0, 0.45, 0.0), 38.0, (240, 240))
    room = still_life()
    depth = render_depth(Scene(Asset.of_mesh(room, CLAY)), camera)
    view = render_view(Scene(Asset.of_mesh(room, CLAY)), camera, studio_lighting(10.0), 2)
    sizes = {"size_mm": 100.0, "thickness_mm": 10.0, "base_mm": 1.5, "clip_percent": 1.0}
    seen = depth > 0.0
    far = plate(depth, seen, **sizes)
    inverse = plate(1.0 / np.where(seen, depth, 1.0), seen, larger_is_nearer=True, **sizes)
    picture = read_image(EXAMPLES / "chair.png").rgba
    picture = np.asarray(Image.fromarray(on_paper(picture)).resize((240, 240)))
    brightness = picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    thin = plate(brightness, size_mm=100.0, thickness_mm=3.0, base_mm=0.8)
    nearest, farthest = np.quantile(depth[seen], (0.005, 0.995))
    shown = [on_paper(render_object(centred(mesh), 25.0, 25.0, size_px=300)) for mesh in (far, inverse, thin)]
    first = [on_paper(view.rgba), Scale.of_depth(float(nearest), float(farthest)).picture(depth, seen), *shown[:2]]
    scene = sheet([SheetRow("", first)], 240, columns=("a scene", "depth", "relief", "of inverse depth"))
    other = sheet([SheetRow("", [picture, shown[2]])], 240, columns=("a picture", "lithophane"))
    wide = np.full((len(other), scene.shape[1], 3), 255, np.uint8)
    wide[:, : other.shape[1]] = other
    return np.concatenate([scene, wide])


def main() -> None:
    """Draw what was asked for."""
    parser = command(__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", nargs="+", choices=["seen", "reliefs", "predicted"])
    options = parser.parse_args()
    figures = {"seen": seen_figure, "reliefs": reliefs_figure}
    if options.model is not None:
        figures["predicted"] = lambda: predicted_figure(options.model)
    for name, draw in figures.items():
        if options.only is None or name in options.only:
            save_picture(IMAGES / f"depth_{name}.png", draw())


if __name__ == "__main__":
    main()
