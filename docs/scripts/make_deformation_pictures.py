"""The pictures and a table of docs/explanation/deformation.md: the stages, and what each term of the loss does.

Templates are pulled onto procedural shapes by the loss alone, without image and network; about a minute on one core.
Run: python docs/scripts/make_deformation_pictures.py [--steps 80]
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from experiments.template_fit import Figures, Schedule, figures, fit, mean_figures
from page_tools import EXPLANATION, IMAGES, command, put, save_picture, table
from PIL import Image, ImageDraw

from shapelift.geometry import Mesh, PointCloud, rotation_x, rotation_y
from shapelift.losses.deformation import DeformationTerms
from shapelift.meshing import to_point_cloud
from shapelift.pictures.shading import Image as Picture
from shapelift.pictures.sheets import SheetRow, sheet
from shapelift.recipes.deform import deform_chamfer_only, deform_compact
from shapelift.synthesis import procedural

PAGE = EXPLANATION / "deformation.md"
BEGIN, END = "<!-- table: docs/scripts/make_deformation_pictures.py -->\n", "<!-- end of table -->\n"
SHAPES = (("sofa", 1), ("car", 2), ("airplane", 3), ("chair", 4))
SHOWN = (1, 2)  # of those, in the pictures
TRUE_POINTS, TILE_PX = 20_000, 240
AZIMUTH_DEG, ELEVATION_DEG, SPAN = 35.0, 25.0, 1.05
LIGHT = np.array([0.35, 0.55, 0.76])
BLUE, LINE = np.array([138.0, 178.0, 232.0]), (52, 74, 104)


def variants() -> dict[str, DeformationTerms]:
    """What counts: everything, everything but one term, and the distance alone."""
    everything = deform_compact().model.terms
    names = {
        "edge length": {"edge_weight": 0.0},
        "even edges": {"spread_weight": 0.0},
        "Laplacian": {"smoothness_weight": 0.0},
        "true normals": {"normal_weight": 0.0},
        "neighbouring normals": {"consistency_weight": 0.0},
        "move": {"move_weight": 0.0},
    }
    less = {f"without {name}": dataclasses.replace(everything, **change) for name, change in names.items()}
    alone = deform_chamfer_only().model.terms
    return {
        "all terms": everything,
        **less,
        "Chamfer alone": alone,
        "Chamfer alone, of vertices": dataclasses.replace(alone, points="vertices"),
    }


def true_shapes() -> list[PointCloud]:
    """Points on procedural shapes."""
    meshes = [procedural.build(category, seed).mesh for category, seed in SHAPES]
    return [to_point_cloud(mesh, TRUE_POINTS, np.random.default_rng(0)) for mesh in meshes]


def drawn(mesh: Mesh, size_px: int = TILE_PX) -> Picture:
    """A mesh with its edges, farther faces first."""
    finer = 3
    view = rotation_x(ELEVATION_DEG) @ rotation_y(-AZIMUTH_DEG)
    corners = mesh.corners @ view.T
    normals = mesh.face_normals @ view.T
    light = 0.35 + 0.65 * np.clip(normals @ (LIGHT / np.linalg.norm(LIGHT)), 0.0, 1.0)
    place = np.stack([corners[..., 0] / SPAN + 0.5, 0.5 - corners[..., 1] / SPAN], axis=-1) * size_px * finer
    canvas = Image.new("RGB", (size_px * finer,) * 2, (255,) * 3)
    draw = ImageDraw.Draw(canvas)
    for face in np.argsort(corners[..., 2].mean(axis=1), kind="stable"):
        # A face seen from behind belongs to a fold: it is dark.
        color = BLUE * light[face] if normals[face, 2] > 0.0 else BLUE * 0.25
        draw.polygon([tuple(point) for point in place[face].tolist()], tuple(int(c) for c in color), LINE)
    return np.asarray(canvas.resize((size_px, size_px), Image.Resampling.BOX))


def save(name: str, picture: Picture) -> None:
    """Write one picture of the page, with few colours so that it stays small."""
    save_picture(IMAGES / f"deformation_{name}.png", picture, colors=96)


def figures_table(found: dict[str, Figures]) -> str:
    """The lines of the table."""
    heads = ("terms", "chamfer_l1", "normal consistency", "edges, std / mean", "self-intersections", "flying vertices")
    rows = [
        (
            name,
            f"{row.chamfer_l1:.4f}",
            f"{row.normal_consistency:.3f}",
            f"{row.edge_spread:.2f}",
            f"{row.self_intersections:,.0f}",
            f"{row.flying_vertices:.1f}",
        )
        for name, row in found.items()
    ]
    return "\n".join(table(heads, rows))


def main(steps: int) -> None:
    """Fit, draw, and write the table into the page."""
    torch.set_num_threads(1)
    shapes, config = true_shapes(), deform_compact().model
    schedule = Schedule(steps=(steps,) * 3, truth_points=1500, points=1500)
    meshes: dict[str, list[list[Mesh]]] = {}
    found: dict[str, Figures] = {}
    for name, terms in variants().items():
        meshes[name] = fit(config.mesh, shapes, terms, schedule)
        found[name] = mean_figures(
            [figures(stages[-1], shape) for stages, shape in zip(meshes[name], shapes, strict=True)]
        )
        print(name, found[name], flush=True)
    stages = [
        SheetRow(SHAPES[item][0], [drawn(config.mesh), *(drawn(mesh) for mesh in meshes["all terms"][item])])
        for item in SHOWN
    ]
    titles = ("template", *(f"{len(mesh.vertices):,} vertices" for mesh in meshes["all terms"][0]))
    save("stages", sheet(stages, TILE_PX, columns=titles))
    for part, names in enumerate((list(meshes)[:4], list(meshes)[4:7], list(meshes)[7:])):
        rows = [SheetRow(SHAPES[item][0], [drawn(meshes[name][item][-1]) for name in names]) for item in SHOWN]
        save(f"terms_{part + 1}", sheet(rows, TILE_PX, columns=names))
    put(PAGE, BEGIN, f"{figures_table(found)}\n", END)


if __name__ == "__main__":
    parser = command(__doc__)
    parser.add_argument("--steps", type=int, default=80, help="gradient steps of every stage")
    main(parser.parse_args().steps)
