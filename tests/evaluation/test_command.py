"""The command `shapelift evaluate`."""

from __future__ import annotations

import json

import pytest

from shapelift.cli.main import run


@pytest.fixture
def loaded(monkeypatch, shapes):
    """Let the command load a fake that knows these shapes."""
    known = [shapes.Shape("a", "box", (0.3, 0.5, 0.2)), shapes.Shape("b", "box", (0.3, 0.5, 0.25), split="train")]
    monkeypatch.setattr(
        "shapelift.inference.Reconstructor.load", lambda name, threads=None: shapes.Reconstructor(known)
    )
    return known


@pytest.mark.slow
def test_it_prints_tables_and_writes_both_files(loaded, make_data, tmp_path, capsys):
    data, output = make_data(loaded), tmp_path / "report"
    options = ["--output", str(output), "--resolution", "32", "--points", "2000"]
    assert run(["evaluate", "fake", str(data), *options]) == 0
    printed = capsys.readouterr().out
    for word in ("IoU", "F@1%", "mean shape", "retrieval", "sampling floor", "scores.json"):
        assert word in printed
    assert sorted(path.name for path in output.iterdir()) == ["objects.csv", "scores.json"]
    assert run(["evaluate", "fake", str(data), *options, "--json", "--no-baselines"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((output / "scores.json").read_text())
    assert list(found["groups"]["procedural"]["methods"]) == ["model", "sampling_floor"]


def test_all_splits_grouped_by_a_column(loaded, make_data, tmp_path, capsys):
    options = ["--resolution", "32", "--points", "2000", "--no-baselines", "--json", "--output", str(tmp_path / "out")]
    data = str(make_data(loaded))
    assert run(["evaluate", "fake", data, *options, "--split", "all", "--group", "split"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["data"]["split"] == "all"
    assert found["data"]["shapes"] == 2
    assert found["settings"]["group"] == "split"
    assert {name: group["shapes"] for name, group in found["groups"].items()} == {"test": 1, "train": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": "nowhere"}, "no such data set"),
        ({"options": ["--split", "validation"]}, "no shape in the split 'validation'"),
        ({"options": ["--split", "everything"]}, "--split"),
        ({"options": ["--group", "colour"]}, "--group colour: the data set has no such column; choose from category"),
        ({"options": ["--resolution", "4"]}, "--resolution 4"),
        ({"options": ["--limit", "0"]}, "--limit"),
        ({"output": "data/manifest.json"}, "not a folder"),
    ],
)
def test_bad_input_is_one_line_and_code_2(loaded, make_data, tmp_path, capsys, change, words):
    data = make_data(loaded)
    data = tmp_path / change["data"] if "data" in change else data
    output = tmp_path / change.get("output", "report")
    before = sorted(tmp_path.rglob("*"))
    assert run(["evaluate", "fake", str(data), "--output", str(output), *change.get("options", [])]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("shapelift: ")
    assert words in message
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unknown_model_is_refused(make_data, shapes, tmp_path, capsys):
    data = make_data([shapes.Shape("a", "box", (0.3, 0.5, 0.2))])
    assert run(["evaluate", "no-such-model", str(data), "--output", str(tmp_path / "out")]) == 2
    assert "no-such-model" in capsys.readouterr().err
