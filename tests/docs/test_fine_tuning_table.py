"""The table of what few meshes give, with training and scoring replaced by what is known beforehand."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shapelift.io.manifest import read_manifest, stored_shapes
from shapelift.recipes import implicit_tiny
from shapelift.testing import write_example_data


@pytest.mark.slow
def test_every_row_is_scored_on_shapes_that_no_row_has_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = importlib.import_module("make_fine_tuning_table")
    runs: list[tuple[str, str, float]] = []
    tested: list[list[str]] = []

    def synthesize(source: str, output: Path, options: Any) -> Any:
        assert (source, options.views, options.size_px) == (str(tmp_path), 2, implicit_tiny().model.image_size)
        write_example_data(output, shapes=24)
        entry = read_manifest(output).shapes[0]
        shutil.copyfile(output / entry.file, output / f"shapes/{entry.shape_id}+1.safetensors")
        return read_manifest(output)

    def trained(data: Path, output: Path, recipe: str, minutes: float, start: str, more: Sequence[str]) -> Path:
        runs.append((data.name, start, minutes))
        assert recipe == "implicit-tiny"
        return output / "model"

    def scored(model: str | Path, data: Path, views: int, file: Path) -> dict[str, float]:
        names = [shape.shape_id for shape in stored_shapes(data, "test")]
        tested.append(names)
        assert len(names) == len(read_manifest(data).shapes)
        better = 0.1 if file.stem.endswith("general") and file.stem != "general" else 0.0
        return {f"{name}/{view}": 0.4 + better for name in names for view in range(views)}

    monkeypatch.setattr(script, "synthesize", synthesize)
    monkeypatch.setattr(script, "trained", trained)
    monkeypatch.setattr(script, "scored", scored)
    monkeypatch.setattr(
        script.Reconstructor,
        "load",
        lambda name: SimpleNamespace(card=SimpleNamespace(training={"recipe": "implicit-tiny"})),
    )
    numbers = ["--shapes", "10", "20", "99", "--minutes", "1", "2", "--test", "4", "--views", "2"]
    script.main([str(tmp_path), str(tmp_path / "work"), *numbers])
    captured = capsys.readouterr()
    assert "20 meshes are left beside 4 to test on: no row of 99" in captured.err
    assert runs == [
        (f"shapes_{count}", start, minutes)
        for count in (10, 20)
        for minutes in (1.0, 2.0)
        for start in ("none", "general")
    ]
    assert captured.out.count("| fresh weights | 0.400 (0.400 to 0.400) |") == 4
    assert captured.out.count("| general | 0.500 (0.500 to 0.500) | +0.100 (+0.100 to +0.100) |") == 4
    assert len(tested) == 9  # every row, and the shipped model as it is
    assert all(names == tested[0] for names in tested)
    assert len(tested[0]) == 4
    small, large = ({shape.shape_id for shape in stored_shapes(tmp_path / "work" / f"shapes_{n}")} for n in (10, 20))
    assert small < large
    assert large.isdisjoint(tested[0])
    assert all(shape.path.is_file() for shape in stored_shapes(tmp_path / "work" / "shapes_20"))


def test_variants_stay_with_shapes_that_are_trained_on(tmp_path: Path) -> None:
    script = importlib.import_module("make_fine_tuning_table")
    write_example_data(tmp_path / "all", shapes=12)
    path = tmp_path / "all" / "manifest.json"
    document = json.loads(path.read_text())
    document["shapes"] += [{**shape, "shape_id": f"{shape['shape_id']}+1"} for shape in document["shapes"]]
    path.write_text(json.dumps(document))
    names, others = script.divided(read_manifest(tmp_path / "all"), 10)
    assert (len(names), len(others)) == (10, 2)
    made = read_manifest(script.part(tmp_path / "all", tmp_path / "some", names))
    variants = {entry.shape_id for entry in made.shapes} - set(names)
    assert variants == {f"{entry.shape_id}+1" for entry in made.split("train") if entry.shape_id in names}
    assert 0 < len(variants) < 10
