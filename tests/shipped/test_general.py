"""The shipped model, held to what the README says of it. Inputs are fresh procedural shapes: nothing is downloaded."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift import Reconstructor
from shapelift.geometry import Mesh
from shapelift.io.shapes import save_mesh
from shapelift.metrics import iou
from shapelift.synthesis import procedural
from shapelift.synthesis.cameras import framed_camera, random_viewpoints, view_from_object
from shapelift.synthesis.lighting import random_lighting
from shapelift.synthesis.occupancy import occupancy
from shapelift.synthesis.renderer import Scene, render_view

SEED = 20261122  # no data set of ours was made with it
IMAGES = 200
PACKAGE = Path(procedural.__file__).parents[2]


@pytest.fixture(scope="module")
def reconstructor() -> Reconstructor:
    return Reconstructor.load("general")


def picture(category: str, seed: int) -> tuple[np.ndarray, Mesh, np.ndarray]:
    rng = np.random.default_rng(seed)
    asset = procedural.build(category, seed)
    view = random_viewpoints(rng, 1)[0]
    vertices = asset.mesh.vertices
    camera = framed_camera(vertices, view.azimuth_deg, view.elevation_deg, view.fov_deg, view.distance, 128)
    rgba = render_view(Scene(asset), camera, random_lighting(rng, view.azimuth_deg)).rgba
    return rgba, asset.mesh, view_from_object(vertices, view.azimuth_deg)


def test_two_hundred_results_are_closed_and_need_no_repair(reconstructor: Reconstructor, tmp_path: Path) -> None:
    admesh = shutil.which("admesh")
    if admesh is None:
        warnings.warn("admesh is not installed: repairs are judged by trimesh alone", stacklevel=1)
    for index in range(IMAGES):
        category = procedural.CATEGORIES[index % len(procedural.CATEGORIES)]
        rgba, _, _ = picture(category, SEED + index)
        path = tmp_path / f"{index}.stl"
        save_mesh(path, reconstructor.reconstruct(rgba).mesh(64), metadata={})
        mesh = trimesh.load_mesh(path)
        assert mesh.is_watertight, f"{category} {SEED + index}"
        assert mesh.is_winding_consistent, f"{category} {SEED + index}"
        assert mesh.volume > 0, f"{category} {SEED + index}"
        if admesh is not None:
            assert repairs(admesh, path) == 0, f"{category} {SEED + index}"


def repairs(admesh: str, path: Path) -> int:
    """The sum of all repairs in admesh's report."""
    text = subprocess.run([admesh, str(path)], capture_output=True, text=True, check=True).stdout
    names = "Degenerate facets|Edges fixed|Facets removed|Facets added|Facets reversed|Backwards edges|Normals fixed"
    counts = re.findall(rf"(?:{names})\s*:\s*(\d+)", text)
    assert len(counts) == 7, text
    return sum(map(int, counts))


def test_it_knows_its_categories_better_than_a_block_does(reconstructor: Reconstructor) -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.5, 0.5, (20_000, 3)).astype(np.float32)
    scores, blocks = [], []
    for index in range(39):
        category = procedural.CATEGORIES[index % 13]
        rgba, mesh, frame = picture(category, SEED + 1000 + index)
        truth = occupancy(mesh.transformed(frame), points)
        scores.append(iou(reconstructor.reconstruct(rgba).field(points) > 0, truth))
        box = mesh.transformed(frame).bounds
        blocks.append(iou(box.contains(points), truth))
    # The block is the true bounding box: it is told the extent and must still lose.
    assert np.mean(scores) > np.mean(blocks)


def test_its_card_is_complete(reconstructor: Reconstructor) -> None:
    card = reconstructor.card
    assert card.name == "general"
    assert card.frame == "view"
    assert set(procedural.CATEGORIES) <= set(card.categories)
    assert card.data
    assert all(source.licence for source in card.data)
    assert {"procedural", "real"} <= set(card.scores["test"]["groups"])
    assert card.limits


def test_the_package_stays_small() -> None:
    folder = PACKAGE / "inference" / "shipped"
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 30e6
