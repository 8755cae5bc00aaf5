"""Whole evaluations of reconstructors whose score is known."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.evaluation import evaluate, summarize, tables, write_report
from shapelift.geometry import ImplicitField
from shapelift.metrics import METRICS
from shapelift.metrics.metric import Solids, Surfaces

FAST = {"resolution": 64, "points": 8_000}


def _by_method(evaluation):
    found = {}
    for score in evaluation.scores:
        found.setdefault(score.method, []).append(score)
    return found


def _two(shapes):
    return [
        shapes.Shape("egg", "ellipsoid", (0.3, 0.5, 0.2), category="round"),
        shapes.Shape("slab", "box", (0.5, 0.15, 0.25), category="flat"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("frame", ["view", "object"])
def test_a_perfect_reconstructor_is_perfect_up_to_the_floor(make_data, shapes, frame):
    known = _two(shapes)
    evaluation = evaluate(
        shapes.Reconstructor(known, frame), make_data(known), views_per_shape=2, baselines=False, **FAST
    )
    found = _by_method(evaluation)
    assert len(found["model"]) == len(found["sampling_floor"]) == 4
    for model, floor in zip(found["model"], found["sampling_floor"], strict=True):
        assert model.values["iou"] > 0.999
        assert model.values["chamfer_l1"] == pytest.approx(floor.values["chamfer_l1"], rel=0.05)
        assert model.values["fscore_1"] == pytest.approx(floor.values["fscore_1"], abs=0.02)
        assert model.values["fscore_5"] == 1.0
        assert model.values["normal_consistency"] > 0.97
        assert "iou" not in floor.values


def test_iou_is_that_of_uniform_points_in_the_cube(make_data, shapes):
    known = _two(shapes)
    grown = 0.8
    fake = shapes.Reconstructor(known, answer=lambda shape, matrix: shape.field(matrix, grow=grown))
    for score in evaluate(fake, make_data(known), baselines=False, **FAST).scores:
        if score.method == "model":
            # A copy scaled by 0.8 about the common centre fills 0.8^3 of the truth.
            assert score.values["iou"] == pytest.approx(grown**3, abs=0.012)


def test_what_is_predicted_outside_the_tight_box_counts(make_data, shapes):
    egg = shapes.Shape("egg", "ellipsoid", (0.1, 0.5, 0.1))
    full = shapes.Reconstructor([egg], "object", lambda *_: ImplicitField(lambda p: np.ones(len(p), np.float32)))
    score = evaluate(full, make_data([egg]), baselines=False, **FAST).scores[0]
    assert score.values["iou"] == pytest.approx(egg.volume, rel=0.02)


def test_no_answer_gets_the_worst_values_and_keeps_its_row(make_data, shapes):
    known = _two(shapes)

    def answer(shape, matrix):
        if shape.shape_id == "egg":
            raise InputError("image: nothing to see")
        return ImplicitField(lambda points: np.full(len(points), -1.0, np.float32))

    evaluation = evaluate(shapes.Reconstructor(known, answer=answer), make_data(known), baselines=False, **FAST)
    rows = _by_method(evaluation)["model"]
    assert len(rows) == 2
    for row in rows:
        assert row.note
        assert row.values["iou"] == row.values["fscore_5"] == row.values["normal_consistency"] == 0.0
        assert row.values["chamfer_l1"] == pytest.approx(math.sqrt(3))
        assert row.values["chamfer_l2"] == pytest.approx(6.0)
    assert summarize(evaluation)["groups"]["procedural"]["failures"] == 2


@pytest.mark.slow
def test_the_mean_of_identical_shapes_is_the_shape(make_data, shapes):
    known = [
        shapes.Shape(f"egg{i}", "ellipsoid", (0.3, 0.5, 0.25), split="test" if i == 0 else "train") for i in range(4)
    ]
    evaluation = evaluate(shapes.Reconstructor(known, "object"), make_data(known, uniform=60_000), **FAST)
    found = _by_method(evaluation)
    assert found["mean_shape"][0].values["iou"] > 0.95
    assert found["mean_shape"][0].values["fscore_2"] > 0.98
    assert found["retrieval"][0].values["iou"] > 0.93
    assert found["retrieval"][0].values["fscore_2"] > 0.98


@pytest.mark.slow
def test_retrieval_picks_the_shape_with_the_nearest_features(make_data, shapes):
    train = [
        shapes.Shape("flat", "box", (0.5, 0.1, 0.3), split="train"),
        shapes.Shape("tall", "box", (0.1, 0.5, 0.2), split="train"),
        shapes.Shape("round", "ellipsoid", (0.5, 0.5, 0.5), split="train"),
    ]
    # Seen from where `tall` is seen in training, too: the names hash to different views, so give all of them.
    known = [*train, shapes.Shape("tallish", "box", (0.12, 0.5, 0.2))]
    evaluation = evaluate(shapes.Reconstructor(known, "object"), make_data(known), oracle=True, **FAST)
    found = _by_method(evaluation)
    assert found["retrieval"][0].note == "tall"
    assert found["oracle_retrieval"][0].note == "tall"
    assert found["retrieval"][0].values["iou"] == pytest.approx(10 / 12, abs=0.05)
    assert found["model"][0].values["iou"] > found["retrieval"][0].values["iou"] > found["mean_shape"][0].values["iou"]


@pytest.mark.slow
def test_the_oracle_in_the_view_frame_finds_the_best_turn(make_data, shapes):
    slab = shapes.Shape("slab", "box", (0.5, 0.3, 0.1), split="train")
    known = [slab, shapes.Shape("slab_test", "box", (0.5, 0.3, 0.1))]
    # Features that tell nothing: retrieval takes any view, the oracle the best one.
    fake = shapes.Reconstructor(known, feature=lambda shape, view: np.ones(3))
    found = _by_method(evaluate(fake, make_data(known), oracle=True, views_per_shape=3, **FAST))
    for lucky, best in zip(found["retrieval"], found["oracle_retrieval"], strict=True):
        assert best.values["iou"] >= lucky.values["iou"] - 0.02


@pytest.mark.slow
def test_sources_are_reported_apart_and_the_report_is_complete(make_data, shapes, tmp_path):
    known = [
        shapes.Shape("a", "ellipsoid", (0.3, 0.5, 0.2), category="egg", source="procedural:egg"),
        shapes.Shape("b", "box", (0.5, 0.2, 0.2), category="box", source="procedural:box"),
        shapes.Shape("c", "box", (0.5, 0.4, 0.2), category="box", source="museum/c.glb"),
        shapes.Shape("d", "box", (0.5, 0.4, 0.2), category="box", split="train"),
    ]
    data = make_data(known)
    fake = shapes.Reconstructor(known)
    stages = {}
    evaluation = evaluate(fake, data, progress=lambda stage, done, total: stages.update({stage: (done, total)}), **FAST)
    assert stages == {"training pairs": (3, 3), "mean shape": (6, 6), "objects": (3, 3)}
    assert evaluation.groups == ("procedural", "real")
    json_path, csv_path = write_report(evaluation, tmp_path / "deep" / "report")
    summary = json.loads(json_path.read_text())
    assert summary == json.loads(json.dumps(summarize(evaluation)))
    assert summary["groups"]["procedural"]["shapes"] == 2
    assert summary["groups"]["real"]["shapes"] == 1
    methods = summary["groups"]["procedural"]["methods"]
    assert list(methods) == ["model", "mean_shape", "retrieval", "sampling_floor"]
    assert sorted(methods["model"]["categories"]) == ["box", "egg"]
    interval = methods["model"]["overall"]["iou"]
    assert interval["low"] <= interval["mean"] <= interval["high"]
    difference = summary["groups"]["procedural"]["differences"]["retrieval"]["iou"]
    assert difference["mean"] == pytest.approx(interval["mean"] - methods["retrieval"]["overall"]["iou"]["mean"])
    with csv_path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 4
    always = [name for name, metric in METRICS.items() if metric.needs in {Solids, Surfaces}]
    assert all(math.isfinite(float(row[metric])) for row in rows for metric in always if row["method"] == "model")
    assert all("depth" not in score.values for score in evaluation.scores)
    made = tables(summary)
    assert len(made) == 7  # methods, differences and outlines of both groups, categories of the one with two
    # The same again is the same to the bit.
    assert summarize(evaluate(fake, data, **FAST)) == summarize(evaluation)


def test_bad_input_is_one_line(make_data, shapes, tmp_path):
    known = [shapes.Shape("a", "ellipsoid", (0.3, 0.5, 0.2))]
    data = make_data(known)
    fake = shapes.Reconstructor(known)
    with pytest.raises(InputError, match="no such data set"):
        evaluate(fake, tmp_path / "nowhere")
    with pytest.raises(InputError, match="no shape in the split 'validation'"):
        evaluate(fake, data, split="validation")
    with pytest.raises(InputError, match="no shape in the split 'train'"):
        evaluate(fake, data)
    with pytest.raises(InputError, match="resolution"):
        evaluate(fake, data, resolution=4)
    with pytest.raises(InputError, match="points: 10"):
        evaluate(fake, data, points=10)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        write_report(evaluate(fake, data, baselines=False, **FAST), tmp_path / "file" / "x")
    (data / "shapes" / "a.safetensors").write_bytes(b"rubbish")
    with pytest.raises(InputError, match=r"a\.safetensors: not a readable"):
        evaluate(fake, data, baselines=False, **FAST)


def test_a_model_without_features_says_so(make_data, shapes):
    known = [shapes.Shape("a", "box", (0.3, 0.5, 0.2)), shapes.Shape("b", "box", (0.3, 0.5, 0.2), split="train")]

    def refuse(shape, view):
        raise InputError("predict.onnx: gives no image features")

    with pytest.raises(InputError, match="gives no image features"):
        evaluate(shapes.Reconstructor(known, feature=refuse), make_data(known), **FAST)


@pytest.mark.slow
def test_threads_change_nothing(make_data, shapes):
    # The fake looks its shapes up by their image, so it may be asked from several threads.
    known = [*_two(shapes), shapes.Shape("slim", "box", (0.1, 0.5, 0.2), split="train")]
    fake, data = shapes.Reconstructor(known, "object"), make_data(known)
    options = {"oracle": True, "views_per_shape": 2, "resolution": 32, "points": 2_000}
    one, three = (evaluate(fake, data, workers=workers, **options).scores for workers in (1, 3))
    assert one == three
    with pytest.raises(InputError, match="workers"):
        evaluate(fake, data, workers=0, **options)
