"""From a trained run to a shipped model with card, pages and pictures; those of the shipped models are current."""

from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shapelift.cli.main import run as command
from shapelift.errors import InputError
from shapelift.inference import Reconstructor, model_folder, read_card, shipped_models
from shapelift.io.manifest import read_manifest
from shapelift.io.records import read_record
from shapelift.recipes import multiview_tiny
from shapelift.testing import write_example_data
from shapelift.training import train

pytestmark = pytest.mark.slow

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
NAME = "multiview-eggs"
NOTES = """
limits = ["It has seen {shapes} eggs."]
machine = "on a toaster"
[attribution]
analytic = "by Euclid"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Data, the model folder of a run of a few steps, and its scores; it predicts points in the frame of the object."""
    folder = tmp_path_factory.mktemp("made")
    torch.set_num_threads(1)
    config = dataclasses.replace(multiview_tiny(), steps=240, tensorboard=False)
    data = folder / "data"
    write_example_data(data, shapes=12, options=config.model.record_options())
    model = train(config, data, folder / "run").model_folder
    assert model is not None
    options = ["--points", "2000", "--resolution", "32", "--protocol", "lin-2018", "--output", str(folder / "scores")]
    assert command(["evaluate", str(model), str(data), *options]) == 0
    return data, model, folder / "scores" / "scores.json"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for shipped models, and the notes of one to come."""
    monkeypatch.setattr(model_folder, "SHIPPED", tmp_path / "package" / "shipped")
    (tmp_path / "notes.toml").write_text(NOTES, encoding="utf-8")
    return tmp_path / "package" / "shipped"


def script(name: str) -> Any:
    return importlib.import_module(name)


def ship(model: Path, scores: Path, notes: Path, name: str = NAME) -> int:
    return int(script("ship_model").main([str(model), name, "--scores", str(scores), "--notes", str(notes)]))


def test_a_run_becomes_a_model_that_is_known_by_name(
    made: tuple[Path, Path, Path], shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, model, scores = made
    assert ship(model, scores, tmp_path / "notes.toml") == 0
    assert shipped_models() == (NAME,)
    assert sorted(path.name for path in (shelf / NAME).iterdir()) == ["card.json", "config.json", "predict.onnx"]
    assert (shelf / NAME / "predict.onnx").read_bytes() == (model / "predict.onnx").read_bytes()
    assert [path.name for path in shelf.parent.iterdir()] == ["shipped"]

    card, run_card = read_card(shelf / NAME), read_card(model)
    assert card.limits == (f"It has seen {run_card.training['shapes']} eggs.",)
    assert [source.note for source in card.data] == ["by Euclid"]
    assert (card.name, card.frame, card.representation) == (NAME, "object", "points")
    found = card.scores["test"]["groups"]["real"]["methods"]
    assert set(found) == {"model", "mean_shape", "retrieval", "sampling_floor"}
    assert "lin-2018:prediction_to_reference_x100" in found["model"]

    reconstructor = Reconstructor.load(NAME, threads=1)
    rgba = read_record(data / read_manifest(data).split("test")[0].file).rgba[0]
    assert len(reconstructor.reconstruct(rgba).representation.points) > 10  # type: ignore[union-attr]
    pages = _pages(tmp_path, monkeypatch)
    assert set(pages) == {"models.md", f"model_{NAME}.md"}
    assert f"](model_{NAME}.md) | ellipsoid | multiview | points | object |" in pages["models.md"]
    page = pages[f"model_{NAME}.md"]
    for part in (
        "on a toaster.",
        "by Euclid",
        "`lin-2018`",
        "all points that the model predicts",
        f"results_{NAME}.png",
    ):
        assert part in page
    assert "The surface lies at probability" not in page

    # Again, over what is there, with nothing left behind.
    assert ship(model, scores, tmp_path / "notes.toml") == 0
    assert [path.name for path in shelf.parent.iterdir()] == ["shipped"]
    assert read_card(shelf / NAME) == card


def _pages(notes: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    maker = script("make_model_page")
    (notes / f"{NAME}.toml").write_text(NOTES, encoding="utf-8")
    monkeypatch.setattr(maker, "NOTES", notes)
    return dict(maker.pages())


def test_results_of_an_object_frame_are_seen_from_the_side_of_the_camera(
    made: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, model, _ = made
    results = script("make_results")
    path = data / read_manifest(data).split("test")[0].file
    in_object = results.block(Reconstructor.load(model, threads=1), path, np.random.default_rng(0))
    assert in_object.shape == (results.SIZE_PX, 5 * results.SIZE_PX, 3)

    class Truth:
        """Refuses, so that the truth alone is drawn."""

        def __init__(self, frame: str) -> None:
            self.card = type("Card", (), {"frame": frame, "result_frame": frame})

        def reconstruct(self, image: object) -> None:
            raise InputError("image: nothing")

    # The truth looks the same in either frame, but for its scale: a turned box may be longer.
    turned, still = (results.block(Truth(frame), path, np.random.default_rng(0)) for frame in ("view", "object"))
    inked = [[tile.min(axis=2) < 250 for tile in np.split(block, 5, axis=1)[3:]] for block in (turned, still)]
    for one, other in zip(*inked, strict=True):
        assert (one & other).sum() > 0.7 * (one | other).sum()


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        (None, "cannot be read"),
        ("limits = [", "cannot be read"),
        ("limit = []", "limit is no note"),
        ("limits = 'one'", "limits is no note"),
        ("limits = [1]", "are texts"),
        ("limits = ['It has seen {cups} cups.']", "'cups' is no field of training"),
        ("[attribution]\nanalytical = 'x'", "not trained on analytical"),
    ],
)
def test_notes_that_do_not_fit_are_refused(
    made: tuple[Path, Path, Path],
    shelf: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    notes: str | None,
    words: str,
) -> None:
    path = tmp_path / "other.toml"
    if notes is not None:
        path.write_text(notes, encoding="utf-8")
    assert ship(made[1], made[2], path) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not shelf.exists()


def test_scores_that_do_not_belong_are_refused(
    made: tuple[Path, Path, Path], shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, model, scores = made
    notes = tmp_path / "notes.toml"
    summary = json.loads(scores.read_text())
    other = tmp_path / "scores.json"
    for text, words in (
        ("{}", "is not what `shapelift evaluate` writes"),
        (json.dumps(summary | {"model": {"family": "implicit", "frame": "view"}}), "of family implicit in frame view"),
        (json.dumps(summary | {"data": {"split": "validation"}}), "on the split validation"),
    ):
        other.write_text(text)
        assert ship(model, other, notes) == 2
        assert words in capsys.readouterr().err
    assert script("ship_model").main([str(model), NAME, "--notes", str(notes)]) == 2
    assert "give --scores" in capsys.readouterr().err
    assert ship(model, scores, notes, name="no/name") == 2
    assert not shelf.exists()
    assert ship(tmp_path, scores, notes) == 2


@pytest.mark.parametrize("name", shipped_models())
def test_the_card_of_a_shipped_model_says_what_its_notes_say(name: str) -> None:
    tool = script("ship_model")
    card = read_card(model_folder.SHIPPED / name)
    assert tool.read_notes(tool.NOTES / f"{name}.toml").enter(card) == card
    assert card.limits
    assert all(source.note for source in card.data if source.licence.startswith("CC-BY"))


def test_the_pages_of_the_shipped_models_are_current() -> None:
    pages = script("make_model_page").pages()
    assert set(pages) == {"models.md", *(f"model_{name}.md" for name in shipped_models())}
    for name, text in pages.items():
        assert (REFERENCE / name).read_text(encoding="utf-8") == text, f"run docs/scripts/make_model_page.py for {name}"
