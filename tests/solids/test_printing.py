from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift.geometry import ImplicitField, Mesh, VoxelGrid
from shapelift.io.shapes import save_mesh
from shapelift.meshing import to_mesh
from shapelift.meshing.isosurface import isosurface
from shapelift.solids import check, printable

needs_admesh = pytest.mark.skipif(shutil.which("admesh") is None, reason="admesh is not installed (apt install admesh)")

REPAIRS = ("Degenerate facets", "Edges fixed", "Facets removed", "Facets added", "Facets reversed", "Normals fixed")


def random_mesh(seed: int) -> Mesh:
    """Surfaces of every kind that can come out of a model, from smooth blobs to speckle."""
    rng = np.random.default_rng(seed)
    resolution = int(rng.integers(16, 40))
    kind = seed % 4
    if kind == 0:
        centers, radii = rng.uniform(-0.5, 0.5, (8, 3)), rng.uniform(0.05, 0.2, 8)

        def blobs(p: np.ndarray) -> np.ndarray:
            squared = ((p[:, None] - centers) ** 2).sum(axis=2)
            return (radii**2 / (squared + 1e-6)).sum(axis=1) - 1.0

        return to_mesh(ImplicitField(blobs), resolution=resolution)
    if kind == 1:
        waves, shifts = rng.normal(size=(6, 3)) * 12, rng.uniform(0, 6, 6)
        return to_mesh(ImplicitField(lambda p: np.cos(p @ waves.T + shifts).sum(axis=1)), resolution=resolution)
    if kind == 2:
        return isosurface(rng.normal(size=(12, 12, 12)), (-0.5,) * 3, (1 / 11,) * 3)
    return to_mesh(VoxelGrid((rng.random((10, 10, 10)) < rng.uniform(0.2, 0.8)).astype(np.float32)))


def repairs(path: Path) -> dict[str, int]:
    """What admesh finds to repair in an STL file."""
    # It prints the header of a file with whatever lies behind it in memory.
    text = subprocess.run(["admesh", path], capture_output=True, encoding="utf-8", errors="replace", check=True).stdout
    found = {name: int(re.search(name + r"\s*:\s*(\d+)", text).group(1)) for name in REPAIRS}  # type: ignore[union-attr]
    lines = re.findall(r"disconnected (?:edges?|facets)\s*:\s*(\d+)\s+(\d+)", text)
    found["disconnected"] = sum(int(before) + int(after) for before, after in lines)
    return found


@pytest.mark.slow
@needs_admesh
@pytest.mark.parametrize("minimum_share", [0.01, 0.0])
def test_two_judges_find_nothing_in_the_stl(tmp_path: Path, minimum_share: float) -> None:
    for seed in range(24):
        mesh = printable(random_mesh(seed), minimum_share=minimum_share)
        assert check(mesh).is_printable, check(mesh).problems
        save_mesh(tmp_path / "x.stl", mesh)
        assert not any(repairs(tmp_path / "x.stl").values()), (seed, repairs(tmp_path / "x.stl"))
        again = trimesh.load(tmp_path / "x.stl")
        assert again.is_volume


def test_the_surface_stays_and_slivers_go() -> None:
    field = ImplicitField(lambda p: 0.4 - np.linalg.norm(p - np.float32(0.01), axis=1))
    raw = to_mesh(field, resolution=48)
    clean = printable(raw)
    assert len(clean.faces) < len(raw.faces)
    assert clean.volume == pytest.approx(raw.volume, rel=1e-3)
    np.testing.assert_allclose(np.linalg.norm(clean.vertices - 0.01, axis=1), 0.4, atol=5e-4)
    edges = np.linalg.norm(clean.corners - np.roll(clean.corners, 1, axis=1), axis=2)
    assert edges.min() > 5e-5


def test_soup_is_welded_and_inside_out_is_turned() -> None:
    cube = trimesh.creation.box((1, 1, 1))
    soup = Mesh(cube.vertices[cube.faces].reshape(-1, 3), np.arange(36).reshape(-1, 3))
    assert check(printable(soup)).vertices == 8
    turned = printable(Mesh(cube.vertices, cube.faces[:, ::-1]))
    assert turned.volume == pytest.approx(1.0)


def test_colors_travel() -> None:
    ball = trimesh.creation.icosphere(2)
    colors = np.clip(ball.vertices * 100 + 128, 0, 255).astype(np.uint8)
    clean = printable(Mesh(ball.vertices, ball.faces, colors))
    assert clean.colors is not None
    np.testing.assert_allclose(clean.colors, clean.vertices * 100 + 128, atol=2)


def test_boxes_that_touch_in_an_edge_or_a_corner_are_drawn_apart() -> None:
    cube = trimesh.creation.box((1, 1, 1))
    for shift in ((1, 1, 0), (1, 1, 1)):
        vertices = np.concatenate([cube.vertices, cube.vertices + shift])
        mesh = Mesh(vertices, np.concatenate([cube.faces, cube.faces + 8]))
        clean = printable(mesh)
        report = check(clean)
        assert report.is_printable, report.problems
        assert report.parts == 2
        assert report.volume == pytest.approx(2.0, rel=0.2)


def test_what_is_no_solid_is_refused_with_the_reason() -> None:
    cube = trimesh.creation.box((1, 1, 1))
    with pytest.raises(ValueError, match="3 open edges"):
        printable(Mesh(cube.vertices, cube.faces[1:]))
    faces = np.array(cube.faces)
    faces[0] = faces[0][::-1]
    with pytest.raises(ValueError, match="faces disagree"):
        printable(Mesh(cube.vertices, faces))
    with pytest.raises(ValueError, match="empty"):
        printable(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)))
