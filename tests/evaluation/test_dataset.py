"""Samples: frames, weights, views, order."""

from __future__ import annotations

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.evaluation.dataset import check_group, domain_of, read_entries, read_samples, views_of


@pytest.mark.slow
@pytest.mark.parametrize("frame", ["view", "object"])
@pytest.mark.parametrize("kind", ["box", "ellipsoid"])
def test_labels_and_weights_measure_volumes_of_the_cube(make_data, shapes, frame, kind):
    shape = shapes.Shape("thing", kind, (0.5, 0.15, 0.35))
    folder = make_data([shape])
    for sample in read_samples(read_entries(folder), frame, views_per_shape=3):
        assert np.abs(sample.points).max() <= 0.5 + 1e-3
        assert sample.weights.sum() == pytest.approx(1.0, rel=0.01)
        scale = np.linalg.det(sample.frame_from_object[:3, :3])
        assert sample.weights[sample.inside].sum() == pytest.approx(shape.volume * scale, rel=0.02)
        depth = shape.field(sample.frame_from_object)(sample.points)
        # Labels are exact; the two roads differ by rounding alone.
        assert (sample.inside == (depth > 0))[np.abs(depth) > 1e-5].all()
        # Any other region is measured right, too: an off-centre ball that sticks out of the tight box.
        ball = np.linalg.norm(sample.points - [0.1, 0.2, 0.0], axis=1) < 0.25
        assert sample.weights[ball].sum() == pytest.approx(4 / 3 * np.pi * 0.25**3, rel=0.03)


def test_the_surface_lies_on_the_shape_and_fills_the_frame(make_data, shapes):
    shape = shapes.Shape("thing", "box", (0.5, 0.15, 0.35))
    for sample in read_samples(read_entries(make_data([shape])), "view"):
        depth = shape.field(sample.frame_from_object)(sample.surface.points)
        assert np.abs(depth).max() < 5e-4
        assert np.ptp(sample.surface.points, axis=0).max() == pytest.approx(1.0, abs=0.03)
        assert np.linalg.norm(sample.surface.normals, axis=1) == pytest.approx(1.0, abs=1e-5)
        outwards = shape.field(sample.frame_from_object)(sample.surface.points + 0.01 * sample.surface.normals)
        assert (outwards < 0).all()


def test_views_are_a_permutation_that_only_the_name_decides():
    assert sorted(views_of("chair", 12)) == list(range(12))
    # Scores of another day are of the same views.
    assert views_of("chair", 12) == [6, 2, 0, 10, 4, 7, 1, 9, 8, 11, 3, 5]
    assert len({views_of(f"chair{i}", 12)[0] for i in range(60)}) > 8


def test_the_first_shapes_stay_first_when_others_are_added(make_data, shapes):
    some = [shapes.Shape(f"s{i}", "box", (0.5, 0.4, 0.3), category=f"c{i % 2}") for i in range(8)]
    entries = read_entries(make_data(some, uniform=100, surface=10))
    order = [entry.shape_id for entry in entries]
    assert order != sorted(order)
    assert [entry.shape_id for entry in read_entries(entries[0].path.parents[1], "test", 3)] == order[:3]


def test_an_unknown_frame_is_refused(make_data, shapes):
    entries = read_entries(make_data([shapes.Shape("a", "box", (0.5, 0.4, 0.3))], uniform=100, surface=10))
    with pytest.raises(ValueError, match="'object' or 'view'"):
        list(read_samples(entries, "camera"))


def test_a_domain_is_what_manifest_and_record_say_and_not_a_name():
    made, mixed, meshes = ("procedural:chair",), ("meshes", "procedural:all"), ("procedural_x",)
    assert domain_of({"source": "procedural:chair"}, made) == "procedural"
    assert domain_of({"source": "procedural:chair", "domain": "photoreal"}, mixed) == "procedural"
    assert domain_of({"source": "procedural_x/a.glb"}, mixed) == "real"
    assert domain_of({"source": "procedural_chair_000001.glb"}, meshes) == "real"
    assert domain_of({"source": "procedural:x/a.glb"}, meshes) == "real"
    assert domain_of({"source": "a.glb", "domain": "procedural"}, meshes) == "procedural"
    assert domain_of({"source": "a.glb", "domain": "photoreal"}, meshes) == "photoreal"
    assert domain_of({"source": "a.glb", "domain": "real scan"}, meshes) == "real"
    assert domain_of({"source": "sofa/sh3d_sofa_1.glb"}, meshes) == "photoreal"  # as old data sets have it
    assert domain_of({"source": "my_sweethome/a.glb", "domain": "real scan"}, meshes) == "real"
    assert domain_of({}, ()) == "real"


def test_samples_are_grouped_by_any_column_of_the_index(make_data, shapes):
    known = [
        shapes.Shape("procedural_a", "box", (0.5, 0.4, 0.3), category="c1", source="procedural_mugs/a.glb"),
        shapes.Shape("b", "box", (0.5, 0.4, 0.3), category="c2", split="train"),
    ]
    entries = read_entries(make_data(known, uniform=100, surface=10))
    expected = {
        "domain": {"real", "procedural"},
        "category": {"c1", "c2"},
        "split": {"test", "train"},
        "source": {"procedural_mugs/a.glb", "procedural:thing"},
        "licence": {"(none)"},
    }
    for column, groups in expected.items():
        assert {sample.group for sample in read_samples(entries, "view", group=column)} == groups
    check_group(entries, "source")
    with pytest.raises(InputError, match=r"`group` colour: .* choose from category, domain, source, split"):
        check_group(entries, "colour")
