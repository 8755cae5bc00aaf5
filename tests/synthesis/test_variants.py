from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

sys.path.insert(0, str(Path(__file__).parent))
from solids_with_answers import box

from shapelift.io.manifest import read_manifest
from shapelift.io.records import read_record
from shapelift.io.splits import is_variant, original_of, splits_of
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.sources import SourceItem, open_source
from shapelift.synthesis.variants import MOST_STRETCHED, variants_of, varied
from shapelift.synthesis.writer import synthesize

pytestmark = pytest.mark.slow

SMALL = SynthesisOptions(views=2, size_px=32, uniform_count=2000, near_count=600, surface_count=500, workers=1)


def _sides(asset: Asset) -> np.ndarray:
    return np.ptp(asset.mesh.vertices.astype(np.float64), axis=0)


def _lopsided() -> Asset:
    """A box of 1 x 0.8 x 0.4 with one corner pulled up, and the x of its corners as coordinates of a texture."""
    mesh = box(high=(0.5, 0.4, 0.2))
    moved = mesh.vertices.copy()
    moved[np.argmax(moved.sum(axis=1)), 1] += 0.1
    mesh = dataclasses.replace(mesh, vertices=moved)
    uv = np.repeat(mesh.corners[:, :, :1], 2, axis=2).astype(np.float32)
    plain = Asset.of_mesh(mesh, Material((0.5, 0.5, 0.5)))
    return dataclasses.replace(plain, uv=uv)


def test_a_variant_is_a_stretched_closed_shape_of_the_usual_size() -> None:
    original = _lopsided()
    mirrored = 0
    for seed in range(40):
        asset = varied(original, np.random.default_rng(seed))
        assert _sides(asset).max() == pytest.approx(1.0, abs=1e-6)
        factors = _sides(asset) / _sides(original)
        assert factors.max() / factors.min() <= MOST_STRETCHED**2
        assert asset.mesh.volume / original.mesh.volume == pytest.approx(np.prod(factors), rel=1e-4)
        # Every corner keeps its place in the texture, whichever way its face turns.
        x = asset.mesh.corners[:, :, 0].astype(np.float64)
        slope = np.polyfit(asset.uv[:, :, 0].ravel(), x.ravel(), 1)
        np.testing.assert_allclose(x, np.polyval(slope, asset.uv[:, :, 0]), atol=1e-5)
        mirrored += slope[0] < 0.0
    assert 10 < mirrored < 30


def test_variants_have_names_and_seeds_of_their_own() -> None:
    item = SourceItem("mug_a", "mug", Path("mug/a.glb"), 5, {"licence": "CC0-1.0"})
    made = variants_of(item, 3)
    assert [(one.shape_id, one.variant) for one in made] == [("mug_a+1", 1), ("mug_a+2", 2), ("mug_a+3", 3)]
    assert made[:2] == variants_of(item, 2)
    assert len({one.seed for one in (item, *made)}) == 4
    assert variants_of(item, 0) == ()
    (procedural,) = open_source("procedural:chair", 1).items()
    assert {one.seed for one in variants_of(procedural, 2)} == {procedural.seed}


def test_only_shapes_that_are_trained_on_have_variants(tmp_path: Path) -> None:
    for number in range(6):
        mesh = box(high=(0.5, 0.2 + 0.05 * number, 0.2))
        path = tmp_path / "boxes" / f"box_{number}.ply"
        path.parent.mkdir(exist_ok=True)
        trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(path)
    (tmp_path / "boxes" / "broken.obj").write_text("no mesh")
    options = dataclasses.replace(SMALL, variants=2)
    manifest = synthesize(str(tmp_path / "boxes"), tmp_path / "data", options)
    originals = [entry for entry in manifest.shapes if not is_variant(entry.shape_id)]
    assert {entry.shape_id: entry.split for entry in originals} == splits_of(f"box_{number}" for number in range(6))
    training = {entry.shape_id for entry in originals if entry.split == "train"}
    assert 0 < len(training) < 6
    variants = [entry for entry in manifest.shapes if is_variant(entry.shape_id)]
    assert {entry.shape_id for entry in variants} == {f"{name}+{number}" for name in training for number in (1, 2)}
    assert {entry.split for entry in variants} == {"train"}
    first = variants[0]
    assert first.source == f"{original_of(first.shape_id)}.ply+1"
    record, other = (read_record(tmp_path / "data" / entry.file) for entry in variants[:2])
    assert record.shape_id == first.shape_id
    assert not np.array_equal(np.ptp(record.bounds, axis=0), np.ptp(other.bounds, axis=0))
    # The same again keeps them, and does not need them to be asked for.
    for again in (options, SMALL):
        assert synthesize(str(tmp_path / "boxes"), tmp_path / "data", again) == read_manifest(tmp_path / "data")
        assert read_manifest(tmp_path / "data") == manifest


def test_a_number_of_variants_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="variants"):
        SynthesisOptions(variants=-1)
