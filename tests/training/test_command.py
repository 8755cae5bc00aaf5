from __future__ import annotations

import json
from pathlib import Path

import pytest

from shapelift.cli.main import run
from shapelift.evaluation import for_card
from shapelift.inference import read_card

pytestmark = pytest.mark.slow


def test_data_to_a_scored_model_in_one_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", str(data), "--recipe", "implicit-tiny", "--steps", "3", "--device", "cpu", "--json"]
    assert run([*arguments, "--output", str(tmp_path / "run")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["step"]) == ("done", 3)
    card = read_card(document["model"])
    assert set(card.scores) == {"validation", "test"}
    group = next(iter(card.scores["test"]["groups"].values()))
    assert "mean_shape" in group["methods"]
    report = json.loads((tmp_path / "run" / "evaluation" / "scores.json").read_text())
    overall = next(iter(report["groups"].values()))["methods"]["model"]["overall"]["iou"]
    assert group["methods"]["model"]["iou"] == {end: round(overall[end], 4) for end in ("mean", "low", "high")}
    assert run([*arguments, "--output", str(tmp_path / "run")]) == 0  # finished: nothing is done twice
    assert json.loads(capsys.readouterr().out)["scores"] == document["scores"]


def test_a_card_states_little_by_category() -> None:
    means = {
        metric: {"mean": 1 / 3, "low": 0.25, "high": 2 / 3, "count": 7} for metric in ("iou", "chamfer_l1", "fscore_2")
    }
    method = {"overall": means, "mean_of_categories": {}, "categories": {"mug": means}, "thin": {}}
    group = {"shapes": 7, "images": 7, "methods": {"model": method, "retrieval": method}, "differences": {}}
    stated = for_card({"model": "a", "settings": {"points": 5}, "groups": {"real": group}})
    interval = {"mean": 0.3333, "low": 0.25, "high": 0.6667}
    assert stated == {
        "settings": {"points": 5},
        "groups": {
            "real": {
                "shapes": 7,
                "methods": dict.fromkeys(("model", "retrieval"), dict.fromkeys(means, interval)),
                "categories": {"mug": {"shapes": 7, "iou": interval, "fscore_2": interval}},
            }
        },
    }


def test_a_source_is_made_into_data_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made: list[str] = []

    def synthesize(source: str, output: Path, options: object, progress: object) -> object:
        from shapelift.io.manifest import read_manifest
        from shapelift.testing import write_example_data

        made.append(source)
        write_example_data(output, shapes=6)
        return read_manifest(output)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shapelift.pipelines.training.synthesize", synthesize)
        patch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)
        options = ["--recipe", "implicit-tiny", "--steps", "2", "--no-evaluate", "--device", "cpu"]
        assert run(["train", "procedural:chair", *options, "-o", str(tmp_path / "run")]) == 0
    assert made == ["procedural:chair"]
    assert (tmp_path / "run" / "data" / "manifest.json").is_file()
    assert "validation IoU" in capsys.readouterr().out


def test_shapes_are_varied_and_others_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from shapelift.io.manifest import read_manifest
    from shapelift.synthesis.options import SynthesisOptions
    from shapelift.testing import write_example_data
    from shapelift.training import loop

    made: list[tuple[str, str, int | None, int]] = []
    seen: list[tuple[int, int]] = []

    def synthesize(source: str, output: Path, options: SynthesisOptions, progress: object) -> object:
        made.append((source, output.name, options.count, options.variants))
        write_example_data(output, shapes=6 if output.name == "data" else 3, seed=len(made))
        return read_manifest(output)

    def export(config: object, model: object, data: loop.TrainingData, *rest: object) -> None:
        seen.append((data.shapes, len(data.paths)))

    monkeypatch.setattr("shapelift.pipelines.training.synthesize", synthesize)
    monkeypatch.setattr(loop, "export_run", export)
    common = ["train", "procedural:chair", "--recipe", "implicit-tiny", "--steps", "1", "--no-evaluate"]
    mixing = ["--device", "cpu", "--variants", "3", "--mix", "procedural:table"]
    assert run([*common, *mixing, "-o", str(tmp_path / "a")]) == 0
    assert made == [("procedural:chair", "data", None, 3), ("procedural:table", "mixed", 12, 0)]
    assert run([*common, *mixing, "--mix-count", "9", "-o", str(tmp_path / "b")]) == 0
    assert made[-1] == ("procedural:table", "mixed", 9, 0)
    # A data set is mixed in as it is.
    assert run([*common, "--mix", str(tmp_path / "a" / "mixed"), "--device", "cpu", "-o", str(tmp_path / "c")]) == 0
    assert made[-1][:2] == ("procedural:chair", "data")
    assert seen == [(6, 6)] * 3


def test_of_few_meshes_and_beside_them_more_are_made(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a model goes on with them; a data set is left as it is, and so are shapes that there is no end of."""
    import dataclasses

    from shapelift.io.manifest import read_manifest
    from shapelift.synthesis.options import SynthesisOptions
    from shapelift.testing import write_example_data

    common = ["--recipe", "implicit-tiny", "--steps", "1", "--no-evaluate", "--device", "cpu"]
    assert run(["train", str(data), *common, "-o", str(tmp_path / "first")]) == 0
    goes_on = [*common, "--start-from", str(tmp_path / "first" / "model")]
    meshes = tmp_path / "Chairs"
    meshes.mkdir()
    for number in range(10):
        (meshes / f"{number}.glb").touch()
    made: list[tuple[str, str, int | None, int]] = []

    def synthesize(source: str, output: Path, options: SynthesisOptions, progress: object) -> object:
        made.append((source, output.name, options.count, options.variants))
        write_example_data(output, shapes=6, seed=len(made))
        manifest = read_manifest(output)
        shapes = tuple(dataclasses.replace(entry, category="Chairs") for entry in manifest.shapes)
        dataclasses.replace(manifest, shapes=shapes).write(output)
        return read_manifest(output)

    monkeypatch.setattr("shapelift.pipelines.training.synthesize", synthesize)
    monkeypatch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)

    def sources(source: Path | str, *options: str) -> list[tuple[str, str, int | None, int]]:
        made.clear()
        assert run(["train", str(source), *options, "-o", str(tmp_path / f"run{len(list(tmp_path.iterdir()))}")]) == 0
        return [(Path(spec).name, *rest) for spec, *rest in made]

    # Four of the six example shapes are trained on.
    assert sources(meshes, *goes_on) == [("Chairs", "data", None, 3), ("procedural:chair", "mixed", 12, 0)]
    said = " ".join(capsys.readouterr().err.split())
    assert "--variants 0 for none" in said
    assert "--mix none" in said
    assert sources(meshes, *goes_on, "--variants", "0", "--mix", "none") == [("Chairs", "data", None, 0)]
    assert sources(meshes, *common, "--start-from", "none") == [("Chairs", "data", None, 0)]
    assert sources("procedural:chair", *goes_on) == [("procedural:chair", "data", None, 0)]
    assert sources(data, *goes_on) == []


def test_few_test_shapes_are_scored_from_all_sides() -> None:
    from shapelift.io.manifest import Manifest, ShapeEntry
    from shapelift.pipelines.training import views_to_score

    def manifest(shapes: int, variants: int) -> Manifest:
        names = [*(f"mug_{number}" for number in range(shapes)), *(f"mug_0+{number}" for number in range(variants))]
        entries = tuple(ShapeEntry(name, "mug", f"{name}.x", "0" * 64, "train", name) for name in names)
        return Manifest("test", {"views": 12}, 0, (), entries)

    assert views_to_score(manifest(199, 100)) == 12
    assert views_to_score(manifest(200, 0)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--recipe", "implicit-smal"], "did you mean 'implicit-small'?"),
        (["--recipe", "zebra"], "known are"),
        (["--budget", "soon"], "not a duration"),
        (["--budget", "5m", "--steps", "3"], "give one of them"),
        (["--device", "abacus"], "use auto, cpu or cuda"),
    ],
)
def test_bad_options_are_one_line_and_code_2(
    options: list[str], message: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train", str(data), "--output", str(tmp_path / "run"), *options]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("count", [1, 3, 5])
def test_too_few_shapes_are_refused_before_any_data_are_made(
    count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    for number in range(count):
        (meshes / f"{number}.glb").touch()
    for source, more in ((meshes, []), ("procedural:chair", ["--count", str(count)])):
        assert run(["train", str(source), *more, "--recipe", "implicit-tiny", "--output", str(output)]) == 2
        captured = capsys.readouterr()
        given = f" (--count {count})" if more else ""
        assert captured.err == (
            f"shapelift: {source}: {count} shapes{given} are too few to train on and to judge by; give at least 6\n"
        )
        assert captured.out == ""
        assert not output.exists()


def test_copies_are_told_and_no_further_shapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import dataclasses

    from shapelift.io.manifest import read_manifest
    from shapelift.testing import write_example_data

    alike = {}

    def synthesize(source: str, output: Path, options: object, progress: object) -> object:
        write_example_data(output, shapes=7)
        manifest = read_manifest(output)
        shapes = tuple(
            dataclasses.replace(entry, geometry=alike.get(number, str(number)))
            for number, entry in enumerate(manifest.shapes)
        )
        dataclasses.replace(manifest, shapes=shapes).write(output)
        return read_manifest(output)

    monkeypatch.setattr("shapelift.pipelines.training.synthesize", synthesize)
    monkeypatch.setattr("shapelift.training.loop.export_run", lambda *arguments: None)
    options = ["--recipe", "implicit-tiny", "--steps", "1", "--no-evaluate", "--device", "cpu", "--start-from", "none"]
    alike |= {6: "0"}
    assert run(["train", "procedural:chair", *options, "-o", str(tmp_path / "a")]) == 0
    assert "duplicates of other shapes: 1, each in the split of the one it equals" in " ".join(
        capsys.readouterr().err.split()
    )
    alike |= {5: "0"}
    assert run(["train", "procedural:chair", *options, "-o", str(tmp_path / "b")]) == 2
    assert "5 different usable shapes are too few" in capsys.readouterr().err


def test_a_source_that_is_nothing_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["train", str(tmp_path / "nowhere"), "--recipe", "implicit-tiny", "-o", str(tmp_path / "run")]
    assert run([*arguments, "--json"]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["status"] == "failed"
    assert "nowhere" in captured.err


def test_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"implicit-small", "implicit-imnet"} <= {row["name"] for row in rows}
    assert all(row["parameters"] > 0 and row["summary"] for row in rows)
