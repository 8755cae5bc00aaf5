"""The examples run, one after the other, as a reader would run them; the third makes the model that others use."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from shapelift.datasets import ShapeDataset
from shapelift.imaging.preprocess import Preprocess
from shapelift.inference import ModelCard, write_card
from shapelift.io.images import read_image
from shapelift.io.records import split_of
from shapelift.io.shapes import load_mesh
from shapelift.models.export import export_graphs
from shapelift.pictures.rendering import render_object
from shapelift.recipes.multiview import multiview_tiny
from shapelift.recipes.pointset import pointset_tiny
from shapelift.solids import check
from shapelift.synthesis import procedural
from shapelift.synthesis.sources import open_source
from shapelift.testing import write_example_data
from shapelift.training import TrainConfig

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
PICTURE = EXAMPLES / "chair.png"


def run(name: str, *arguments: object) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that example 03 leaves behind: seven cabinets are the fewest with a shape in every split."""
    folder = tmp_path_factory.mktemp("run")
    text = run("03_train_your_own.py", "--count", 7, "--steps", 150, "--output", folder)
    assert "7 shapes, 0 rejected" in text
    assert "validation IoU" in text
    return folder


@pytest.fixture(scope="module")
def views_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of_one_shape(tmp_path_factory.mktemp("views"), multiview_tiny())


@pytest.fixture(scope="module")
def points_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of_one_shape(tmp_path_factory.mktemp("points"), pointset_tiny())


def model_of_one_shape(folder: Path, config: TrainConfig) -> Path:
    """A model that has seen one ellipsoid and finds it in everything."""
    family = config.model
    write_example_data(folder / "data", shapes=2, options=family.record_options())
    preprocess = Preprocess.from_mapping(family.preprocess)
    batch = ShapeDataset(folder / "data", "train", targets=family.targets(), preprocess=preprocess).fixed_batch([0])
    torch.manual_seed(0)
    network = family.build()
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(60):
        optimizer.zero_grad()
        torch.stack(list(network.loss(network(batch), batch).values())).sum().backward()
        optimizer.step()
    files = export_graphs(network.eval(), folder)
    (folder / "config.json").write_text(config.to_json(), encoding="utf-8")
    card = ModelCard(
        name=folder.name,
        version="1",
        family=family.family,
        representation=family.representation,
        frame=family.frame,
        preprocess=preprocess,
    )
    write_card(folder, card, [path.name for path in files.values()] + ["config.json"])
    return folder


def test_every_example_is_short_and_is_run_here() -> None:
    names = {path.name for path in EXAMPLES.glob("*.py")}
    mentioned = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in names if f'"{name}"' not in mentioned} == set()
    long = [path.name for path in EXAMPLES.glob("*.py") if len(path.read_text(encoding="utf-8").splitlines()) >= 64]
    assert long == []


def test_00_the_picture_is_the_one_that_its_script_makes(tmp_path: Path) -> None:
    run("00_make_example_image.py", "--size", 64, "--output", tmp_path / "chair.png")
    made = read_image(tmp_path / "chair.png").rgba.astype(float)
    shrunk = Preprocess(image_size_px=64, margin=0.08).crop(read_image(PICTURE).rgba).astype(float)
    same = np.minimum(made[..., 3], shrunk[..., 3]).sum() / np.maximum(made[..., 3], shrunk[..., 3]).sum()
    assert same > 0.93
    both = (made[..., 3] == 255) & (shrunk[..., 3] == 255)
    assert np.abs(made[both] - shrunk[both])[:, :3].mean() < 8.0


def test_00_the_picture_shows_no_shape_of_a_training_set() -> None:
    source = (EXAMPLES / "00_make_example_image.py").read_text(encoding="utf-8")
    (seed,) = (int(line.split("=")[1]) for line in source.splitlines() if line.startswith("SEED = "))
    for of_the_data in range(5):
        assert seed not in {item.seed for item in open_source("procedural:chair", 10_000, of_the_data).items()}


def test_00_the_picture_is_cut_out() -> None:
    with Image.open(PICTURE) as picture:
        assert picture.mode == "RGBA"
        assert picture.size == (512, 512)
        alpha = np.asarray(picture)[..., 3]
    assert 0.1 < (alpha > 127).mean() < 0.5
    assert alpha[0].max() == alpha[-1].max() == 0


def test_01_reconstruct(trained: Path, tmp_path: Path) -> None:
    picture = tmp_path / "cabinet.png"  # a model of minutes knows what it was shown, and no chair
    Image.fromarray(render_object(procedural.build("cabinet", 5), size_px=96)).save(picture)
    options = ("--image", picture, "--model", trained / "model", "--resolution", 32, "--output", tmp_path)
    text = run("01_reconstruct.py", *options)
    assert "frame 'view'" in text
    solid = load_mesh(tmp_path / "model.stl")
    assert check(solid).problems == ()
    assert np.ptp(solid.vertices, axis=0).max() == pytest.approx(80.0, rel=1e-4)
    assert (tmp_path / "model.glb").is_file()
    assert np.load(tmp_path / "points.npy").shape == (2048, 3)


def test_02_synthesize_and_look(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    options = ("--category", "lamp", "--count", 3, "--columns", 2, "--size", 48, "--output", sheet)
    text = run("02_synthesize_and_look.py", *options)
    assert text.count(", closed\n") == 3
    with Image.open(sheet) as picture:
        assert picture.size == (96, 96)


def test_04_evaluate_and_compare(trained: Path, tmp_path: Path) -> None:
    options = ("--points", 500, "--resolution", 32, "--output", tmp_path)
    text = run("04_evaluate_and_compare.py", trained / "model", trained / "data", *options)
    assert "procedural: 2 shapes" in text
    assert "model against mean_shape" in text
    assert {path.name for path in tmp_path.iterdir()} == {"scores.json", "objects.csv"}


def test_05_custom_family() -> None:
    assert "keeps its contract" in run("05_custom_family.py")


def test_06_multiview_step_by_step(views_model: Path, tmp_path: Path) -> None:
    text = run("06_multiview_step_by_step.py", "--model", views_model, "--output", tmp_path)
    distances = [float(line.split(": ")[1]) for line in text.splitlines() if "_x100" in line]
    assert len(distances) == 2
    assert 0.0 < min(distances) < max(distances) < 50.0
    names = ["all", "cloud", "fusion", "input", "maps", "mesh", "novel_views"]
    assert sorted(path.stem for path in tmp_path.iterdir()) == names
    pictures = {name: np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")) for name in names}
    assert all((picture < 200).any() for picture in pictures.values())
    assert pictures["all"].shape[0] > sum(pictures[name].shape[0] for name in names[1:])


def test_06_shows_a_chair_that_no_model_has_trained_on() -> None:
    source = (EXAMPLES / "06_multiview_step_by_step.py").read_text(encoding="utf-8")
    (seed,) = re.findall(r'"--seed", type=int, default=(\d+)', source)
    assert split_of(open_source("procedural:chair", int(seed) + 1).items()[-1].shape_id) == "test"


def test_07_point_set_branches(points_model: Path, tmp_path: Path) -> None:
    picture = tmp_path / "branches.png"
    text = run("07_point_set_branches.py", "--model", points_model, "--count", 2, "--output", picture)
    lines = text.splitlines()
    assert len(lines) == 2
    assert all("32 points of the dense branch, 96 of the up-convolution branch" in line for line in lines)
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    assert pixels.shape[0] > 2 * 192
    assert (pixels < 200).any()


def test_08_mean_shape(tmp_path: Path) -> None:
    picture = tmp_path / "mean_shapes.png"
    text = run("08_mean_shape.py", "--points", 40, "--steps", 80, "--output", picture)
    found: dict[tuple[str, str], list[list[float]]] = {}
    for line in text.splitlines():
        name, loss, rest = line.split(" | ")
        numbers = [float(number) for number in re.findall(r"\d\.\d+", rest)]
        found.setdefault((name, f"{loss} of {rest.partition(':')[0][-1]}"), []).append(numbers)
    assert len(found) == 15
    ((_, splash),), ((radius, thin),) = found["radius", "chamfer of 1"], found["radius", "emd of 1"]
    assert radius == pytest.approx(0.4, abs=0.03)
    assert splash > 5.0 * thin
    assert sorted(median for median, _ in found["radius", "emd of 2"]) == pytest.approx([0.3, 0.5], abs=0.04)
    assert sorted(right for right, _ in found["there or not", "emd of 2"]) == pytest.approx([0.0, 0.26], abs=0.04)
    assert sorted(right - left for right, left in found["right or left", "emd of 2"]) == pytest.approx(
        [-0.26, 0.26], abs=0.04
    )
    with Image.open(picture) as image:
        assert image.width > 5 * 240
        assert image.height > 3 * 240
