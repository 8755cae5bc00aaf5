"""Numbers of papers beside those of the house: whose points are measured, and how they are reported."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from rich.console import Console

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.evaluation import evaluate, for_card, sampling_floor, summarize, tables, write_report
from shapelift.evaluation.dataset import read_entries, read_samples
from shapelift.evaluation.report import protocols_of
from shapelift.geometry import PointCloud
from shapelift.metrics import PROTOCOLS, emd

FAST = {"resolution": 32, "points": 2_000}
HOUSE_COLUMNS = (
    *("iou", "chamfer_l1", "chamfer_l2", "fscore_0.5", "fscore_1", "fscore_2", "fscore_5"),
    *("normal_consistency", "recall_2", "silhouette_iou"),
)
FORWARD, BACKWARD = (f"lin-2018:{name}_x100" for name in ("prediction_to_reference", "reference_to_prediction"))
OTHERS = tuple(name for name in PROTOCOLS if name != "shapelift")


def _known(shapes):
    return [
        shapes.Shape("egg", "ellipsoid", (0.3, 0.5, 0.2), category="round"),
        shapes.Shape("slab", "box", (0.5, 0.15, 0.25), category="flat"),
        shapes.Shape("brick", "box", (0.5, 0.2, 0.3), category="flat", split="train"),
    ]


def _values(evaluation, method):
    return [score.values for score in evaluation.scores if score.method == method]


def _naive(sources, targets):
    return 100.0 * np.mean([np.linalg.norm(targets - point, axis=1).min() for point in sources])


def test_predicted_points_are_measured_all_of_them_as_they_are(make_data, shapes):
    known = _known(shapes)[:2]
    data = make_data(known, surface=300)
    rng = np.random.default_rng(0)
    # Uneven, off the surface, doubled, and no samples of any mesh.
    clouds = {shape.shape_id: rng.uniform(-0.5, 0.5, (250, 3)).repeat(2, axis=0).astype(np.float32) for shape in known}
    fake = shapes.PointReconstructor(known, "object", lambda shape, _: PointCloud(clouds[shape.shape_id]))
    found = evaluate(fake, data, baselines=False, protocols=["lin-2018"], **FAST)
    samples = {sample.shape_id: sample for sample in read_samples(read_entries(data), "object")}
    for score in found.scores:
        if score.method == "model":
            truth, cloud = samples[score.shape_id].surface.points, clouds[score.shape_id]
            assert score.values[FORWARD] == pytest.approx(_naive(cloud, truth), rel=1e-5)
            assert score.values[BACKWARD] == pytest.approx(_naive(truth, cloud), rel=1e-5)
            assert score.values["chamfer_l1"] < 0.03  # the house measures the mesh, which is the true one


@pytest.mark.slow
def test_a_field_and_the_baselines_are_measured_by_samples_of_their_surface(make_data, shapes):
    known = _known(shapes)
    found = evaluate(shapes.Reconstructor(known, "object"), make_data(known), protocols=["lin-2018"], **FAST)
    floor = _values(found, "sampling_floor")
    for method in ("model", "mean_shape", "retrieval", "sampling_floor"):
        for values in _values(found, method):
            # With as many samples as the house draws, the two one-sided means are those of its chamfer distance.
            both = (values[FORWARD] + values[BACKWARD]) / 200.0
            assert both == pytest.approx(values["chamfer_l1"], rel=1e-9)
    for model, best in zip(_values(found, "model"), floor, strict=True):
        assert model[FORWARD] == pytest.approx(best[FORWARD], rel=0.1)


@pytest.mark.slow
def test_the_numbers_of_the_house_and_of_each_protocol_depend_on_nothing_else(make_data, shapes):
    known = _known(shapes)
    fake, data = shapes.Reconstructor(known), make_data(known)
    plain = evaluate(fake, data, **FAST)
    every = evaluate(fake, data, protocols=OTHERS, **FAST)
    one = evaluate(fake, data, protocols=["tatarchenko-2019", "tatarchenko-2019"], workers=2, **FAST)
    for without, everything, single in zip(plain.scores, every.scores, one.scores, strict=True):
        assert without.values.items() <= everything.values.items()
        if without.method != "sampling_floor":
            assert single.values.items() <= everything.values.items()
        assert {name.partition(":")[0] for name in everything.values if ":" in name} == set(OTHERS)
        assert np.isfinite(list(everything.values.values())).all()
    assert every.settings["protocols"] == list(OTHERS)
    assert one.settings["protocols"] == ["tatarchenko-2019"]
    assert "protocols" not in plain.settings


@pytest.mark.parametrize("count", [40, 300, 2000])
def test_points_are_matched_with_as_many_of_the_truth(make_data, shapes, count):
    known = _known(shapes)[:1]
    data = make_data(known, surface=300)
    cloud = np.random.default_rng(0).uniform(-0.5, 0.5, (count, 3)).astype(np.float32)
    fake = shapes.PointReconstructor(known, "object", lambda shape, _: PointCloud(cloud))
    found = evaluate(fake, data, baselines=False, protocols=["fan-2017"], **FAST)
    (sample,) = read_samples(read_entries(data), "object")
    truth = sample.surface.points
    (values,), (floor,) = _values(found, "model"), _values(found, "sampling_floor")
    if count == 300:
        assert values["fan-2017:emd_x100"] == pytest.approx(100.0 * emd(cloud, truth), rel=1e-6)
    else:
        near = emd(np.resize(cloud, (300, 3)), truth)
        assert values["fan-2017:emd_x100"] == pytest.approx(100.0 * near, rel=0.15)
    assert floor["fan-2017:emd_x100"] < 0.5 * values["fan-2017:emd_x100"]


def test_the_floor_of_pairs_is_how_far_two_samplings_are_apart(make_data, shapes):
    known = _known(shapes)[:1]
    found = evaluate(
        shapes.Reconstructor(known, "object"), make_data(known), baselines=False, protocols=["fan-2017"], **FAST
    )
    (values,), (floor,) = _values(found, "model"), _values(found, "sampling_floor")
    # A perfect surface, sampled anew.
    assert values["fan-2017:emd_x100"] == pytest.approx(floor["fan-2017:emd_x100"], rel=0.2)


def test_nothing_gets_the_worst_value(make_data, shapes):
    known = _known(shapes)[:1]

    def refuse(shape, matrix):
        raise InputError("image: nothing to see")

    found = evaluate(
        shapes.PointReconstructor(known, answer=refuse), make_data(known), baselines=False, protocols=OTHERS, **FAST
    )
    (values,) = _values(found, "model")
    assert values[FORWARD] == values[BACKWARD] == pytest.approx(100.0 * np.sqrt(3.0))
    assert values["occupancy-networks:normal_consistency"] == -1.0
    assert values["tatarchenko-2019:fscore_20"] == 0.0


def test_a_protocol_that_compares_normals_wants_some(make_data, shapes):
    known = _known(shapes)[:2]
    data = make_data(known)

    def cloud(shape, matrix, *, normals):
        points, directions = shape.surface(3000, np.random.default_rng(0))
        found = PointCloud(points.astype(np.float32), directions.astype(np.float32) if normals else None)
        return found.transformed(matrix)

    oriented = shapes.PointReconstructor(known, answer=lambda *found: cloud(*found, normals=True))
    found = evaluate(oriented, data, baselines=False, protocols=["occupancy-networks"], **FAST)
    for values in _values(found, "model"):
        assert values["occupancy-networks:normal_consistency"] > 0.9
        assert values["occupancy-networks:chamfer_l1_x10"] < 0.3
    bare = shapes.PointReconstructor(known, answer=lambda *found: cloud(*found, normals=False))
    stages = []
    with pytest.raises(InputError, match="`protocol` occupancy-networks: compares normals, and this model predicts"):
        # The training split is empty: the model is refused before anybody looks there.
        evaluate(bare, data, protocols=["occupancy-networks"], progress=lambda *step: stages.append(step), **FAST)
    assert not stages


def test_the_floor_of_fewer_samples_is_the_score_of_such_a_sampling(shapes):
    shape = shapes.Shape("thing", "box", (0.5, 0.3, 0.2))
    protocol = PROTOCOLS["lin-2018"]
    surface = PointCloud(*shape.surface(6000, np.random.default_rng(0)))
    fresh = PointCloud(*shape.surface(500, np.random.default_rng(1)))
    drawn = np.random.default_rng(2).choice(6000, 500, replace=False)
    floor, score = sampling_floor(surface, protocol, drawn), protocol.score(fresh, surface)
    assert floor == pytest.approx(score, rel=0.08)
    with pytest.raises(ValueError, match="two points"):
        sampling_floor(surface, protocol, drawn[:1])


@pytest.mark.slow
def test_the_report_has_columns_differences_and_a_table_of_the_protocol(make_data, shapes, tmp_path):
    known = _known(shapes)
    found = evaluate(shapes.Reconstructor(known), make_data(known), protocols=("lin-2018", "pixel2mesh"), **FAST)
    json_path, csv_path = write_report(found, tmp_path / "report")
    (group,) = json.loads(json_path.read_text())["groups"].values()
    assert protocols_of(group) == ["lin-2018", "pixel2mesh"]
    means = {method: group["methods"][method]["overall"][FORWARD] for method in ("model", "retrieval")}
    difference = group["differences"]["retrieval"][FORWARD]
    assert difference["mean"] == pytest.approx(means["model"]["mean"] - means["retrieval"]["mean"])
    assert difference["low"] <= difference["mean"] <= difference["high"]
    assert FORWARD in group["methods"]["model"]["categories"]["flat"]
    assert FORWARD in group["methods"]["model"]["mean_of_categories"]
    header, *rows = csv.reader(io.StringIO(csv_path.read_text()))
    names = [FORWARD, BACKWARD, *(f"pixel2mesh:{name}" for name in ("chamfer_l2_x1000", "fscore_tau", "fscore_2tau"))]
    assert header == ["shape_id", "category", "group", "view", "method", *HOUSE_COLUMNS, *names, "note"]
    assert all(float(row[header.index(FORWARD)]) > 0.0 for row in rows)
    console = Console(width=80, record=True, file=io.StringIO())
    for table in tables(summarize(found)):
        console.print(table)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    for word in ("procedural: lin-2018", "procedural: pixel2mesh", "reference", "model - retrieval", "fscore 2tau"):
        assert word in text
    card = for_card(summarize(found))["groups"]["procedural"]
    assert protocols_of(card) == ["lin-2018", "pixel2mesh"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lin2018", "--protocol lin2018: no such protocol; did you mean lin-2018?"),
        ("mine", "--protocol mine: no such protocol; choose from occupancy-networks, lin-2018, fan-2017"),
        ("shapelift", "--protocol shapelift: is always reported"),
    ],
)
def test_an_unknown_protocol_is_one_line_and_code_2(make_data, shapes, tmp_path, capsys, name, words):
    known = _known(shapes)
    data = make_data(known)
    options = ["--protocol", "lin-2018", "--protocol", name, "--output", str(tmp_path / "report")]
    assert run(["evaluate", "no-such-model", str(data), *options]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"shapelift: {words}")
    assert not (tmp_path / "report").exists()
    with pytest.raises(InputError, match="`protocol`"):
        evaluate(shapes.Reconstructor(known), data, protocols=[name])


def test_the_command_takes_several(monkeypatch, make_data, shapes, tmp_path, capsys):
    known = _known(shapes)
    monkeypatch.setattr(
        "shapelift.inference.Reconstructor.load", lambda name, threads=None: shapes.Reconstructor(known)
    )
    options = ["--output", str(tmp_path / "report"), "--resolution", "32", "--points", "1000", "--no-baselines"]
    options += ["--protocol", "lin-2018", "--protocol", "tatarchenko-2019"]
    assert run(["evaluate", "fake", str(make_data(known)), *options]) == 0
    printed = capsys.readouterr().out
    assert "lin-2018" in printed
    assert "tatarchenko-2019" in printed
    found = json.loads((tmp_path / "report" / "scores.json").read_text())
    assert found["settings"]["protocols"] == ["lin-2018", "tatarchenko-2019"]
