from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

sys.path.insert(0, str(Path(__file__).parent))
from pool_work import fail, square_or_die
from solids_with_answers import ball, box, in_box, joined, mesh_of

from shapelift.cli.main import run
from shapelift.errors import InputError
from shapelift.geometry import Mesh, transform_points
from shapelift.geometry.viewpoints import fixed_cameras, orthographic_camera
from shapelift.io.manifest import read_manifest
from shapelift.io.records import open_record, read_record, split_of
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.pool import Crash, run_isolated
from shapelift.synthesis.writer import SynthesisProgress, synthesize

pytestmark = pytest.mark.slow

SMALL = SynthesisOptions(views=2, size_px=32, uniform_count=2000, near_count=600, surface_count=500, workers=1)
SMALL_ARGUMENTS = ["--views=2", "--size=32", "--points=2000", "--near=600", "--surface=500", "--workers=2"]


def save(mesh: Mesh, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(path)


@pytest.fixture(scope="module")
def meshes(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("meshes")
    for number in range(6):
        save(box(high=(0.5, 0.3 + 0.05 * number, 0.2)), folder / "box" / f"box_{number}.ply")
    save(joined(ball(0.3), ball(0.3, (0.2, 0.0, 0.0))), folder / "blob" / "two balls.stl")
    save(mesh_of([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]]), folder / "sheet" / "flat.ply")
    (folder / "sheet" / "broken.obj").write_text("this is not a mesh\n")
    return folder


@pytest.fixture(scope="module")
def data(meshes, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("data") / "set"
    synthesize(str(meshes), output, SMALL)
    return output


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_manifest_tells_what_is_there_and_what_is_not(data):
    manifest = read_manifest(data)
    assert [entry.shape_id for entry in manifest.shapes] == [
        "blob_two_balls",
        *(f"box_box_{number}" for number in range(6)),
    ]
    for entry in manifest.shapes:
        assert (data / entry.file).is_file()
        assert entry.split == split_of(entry.shape_id)
        assert entry.source.startswith(f"{entry.category}/")
    assert not manifest.flagged
    assert [rejection.source for rejection in manifest.rejected] == ["sheet/broken.obj", "sheet/flat.ply"]
    assert all(rejection.reason for rejection in manifest.rejected)
    assert manifest.parameters["views"] == 2
    assert not list(data.rglob(".*"))


def test_a_record_fits_together(data):
    record = read_record(data / "shapes" / "box_box_0.safetensors")
    low, high = record.bounds.astype(np.float64)
    points = record.uniform_points.astype(np.float64)
    assert (record.uniform_occupancy == in_box(points, low, high)).mean() > 0.999
    assert record.metadata["licence" if "licence" in record.metadata else "source"]
    assert record.category == "box"
    for view in range(record.views):
        camera = record.camera(view)
        depth = record.depth_map(view)
        rows, columns = np.nonzero(depth)
        assert len(rows) > 100
        seen = camera.unproject(np.stack([columns + 0.5, rows + 0.5], axis=1), depth[rows, columns])
        sides = np.abs(seen) / high
        np.testing.assert_allclose(sides.max(axis=1), 1.0, atol=2e-3)
        normals = record.normals[view][rows, columns] / 127.0
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=0.02)
        assert (record.rgba[view, rows, columns, 3] > 0).all()
        turned = transform_points(record.view_from_object[view], camera.position[None])
        assert turned[0, 2] > 0
        assert abs(turned[0, 0]) < 1e-6


def test_the_number_of_workers_changes_nothing(meshes, data, tmp_path):
    synthesize(str(meshes), tmp_path / "set", replace(SMALL, workers=3))
    assert contents(tmp_path / "set") == contents(data)


def test_a_finished_run_is_kept_and_damage_is_repaired(meshes, data, tmp_path):
    output = tmp_path / "set"
    shutil.copytree(data, output)
    seen: list[SynthesisProgress] = []
    damaged = output / "shapes" / "box_box_1.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-10])
    altered = bytearray((output / "shapes" / "box_box_2.safetensors").read_bytes())
    altered[-1] ^= 1
    (output / "shapes" / "box_box_2.safetensors").write_bytes(altered)
    (output / "shapes" / "box_box_3.safetensors").unlink()
    synthesize(str(meshes), output, SMALL, seen.append)
    assert contents(output) == contents(data)
    assert seen[0].kept == seen[-1].kept == 4
    assert seen[-1] == SynthesisProgress(done=9, total=9, kept=4, rejected=2)


def test_records_that_the_manifest_does_not_know_yet_are_kept(meshes, data, tmp_path):
    output = tmp_path / "set"
    shutil.copytree(data, output)
    manifest = read_manifest(output)
    replace(manifest, shapes=manifest.shapes[:1], rejected=()).write(output)
    (output / "shapes" / "box_box_4.safetensors").write_bytes(b"not a record")
    seen: list[SynthesisProgress] = []
    synthesize(str(meshes), output, SMALL, seen.append)
    assert seen[0].kept == 6
    assert contents(output) == contents(data)


def test_other_parameters_are_refused(meshes, data):
    before = contents(data)
    for options in (replace(SMALL, views=3), replace(SMALL, seed=1), replace(SMALL, uniform_count=3000)):
        with pytest.raises(InputError, match="another `output`"):
            synthesize(str(meshes), data, options)
    assert contents(data) == before


def test_a_second_source_is_added(data, tmp_path):
    output = tmp_path / "set"
    shutil.copytree(data, output)
    manifest = synthesize("procedural:table", output, replace(SMALL, count=1))
    assert len(manifest.shapes) == 8
    assert len(manifest.rejected) == 2
    assert len(manifest.sources) == 2
    with open_record(output / "shapes" / "procedural_table_000000.safetensors") as record:
        assert record.metadata["source"] == "procedural:table"


@pytest.mark.parametrize("kind", ["ply", "obj", "glb", "off"])
def test_the_same_mesh_twice_is_told_and_never_in_two_splits(kind, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in range(6):
        shape = box(high=(0.5, 0.31 + 0.05 * number, 0.17))
        save(shape, tmp_path / "meshes" / "box" / f"a{number}.stl")
        faces = np.roll(rng.permutation(shape.faces), 1, axis=1)
        other = Mesh(shape.vertices * np.float32(3.7) + np.float32(1.2), faces)
        if number % 2:
            save(other, tmp_path / "meshes" / "crate" / f"b{number}.{kind}")
    output = tmp_path / "set"
    assert run(["synthesize", str(tmp_path / "meshes"), *SMALL_ARGUMENTS, "-o", str(output)]) == 0
    assert "9 shapes, 0 rejected, 0 flagged, 3 duplicated" in capsys.readouterr().out
    manifest = read_manifest(output)
    assert manifest.duplicates == {f"crate_b{number}": f"box_a{number}" for number in (1, 3, 5)}
    assert json.loads((output / "manifest.json").read_text())["duplicates"] == manifest.duplicates
    split = {entry.shape_id: entry.split for entry in manifest.shapes}
    assert all(split[copy] == split[first] for copy, first in manifest.duplicates.items())
    assert set(split.values()) == {"train", "validation", "test"}


def test_kill_and_continue_gives_the_same_bytes(meshes, tmp_path):
    many = tmp_path / "meshes"
    for number in range(5):
        shutil.copytree(meshes / "box", many / f"box{number}")
    arguments = [sys.executable, "-m", "shapelift", "synthesize", str(many), *SMALL_ARGUMENTS]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run([*arguments, "--output", str(whole)], check=True, capture_output=True)
    child = subprocess.Popen([*arguments, "--output", str(cut)], stderr=subprocess.DEVNULL, start_new_session=True)
    while child.poll() is None and len(list(cut.glob("shapes/[!.]*.safetensors"))) < 8:
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert 0 < len(list(cut.glob("shapes/[!.]*.safetensors"))) < 30
    subprocess.run([*arguments, "--output", str(cut)], check=True, capture_output=True)
    assert contents(cut) == contents(whole)


def test_the_command(meshes, tmp_path, capsys):
    output = tmp_path / "set"
    assert run(["synthesize", str(meshes / "box"), *SMALL_ARGUMENTS, "-o", str(output), "--count", "2", "--json"]) == 0
    nothing = {"flagged": {}, "rejected": [], "duplicates": {}, "warnings": []}
    assert json.loads(capsys.readouterr().out) == {"output": str(output), "shapes": 2, **nothing}
    assert run(["synthesize", str(tmp_path / "nowhere"), "-o", str(tmp_path / "other")]) == 2
    assert not (tmp_path / "other").exists()
    assert run(["synthesize", str(meshes), "--seed", "5", *SMALL_ARGUMENTS, "-o", str(output)]) == 2
    error = capsys.readouterr().err
    assert "seed 0 (now 5)" in error
    (tmp_path / "file").write_text("")
    assert run(["synthesize", str(meshes), "-o", str(tmp_path / "file")]) == 2
    capsys.readouterr()
    assert run(["synthesize", str(meshes), "-o", str(tmp_path / "other"), "--depth-views=4", "--fixed-views=7"]) == 2
    assert "--fixed-views 7" in capsys.readouterr().err


def test_missing_packages_are_named_before_anything_is_written(meshes, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "igl", None)
    with pytest.raises(InputError, match=r"pip install 'shapelift\[train\]'"):
        synthesize(str(meshes), tmp_path / "set", SMALL)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("package", ["embreex", "igl"])
def test_the_command_without_the_train_extra(meshes, tmp_path, package):
    program = f"import sys; sys.modules[{package!r}] = None; from shapelift.cli.main import main; main()"
    arguments = [sys.executable, "-c", program, "synthesize", str(meshes), "-o", str(tmp_path / "set")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'shapelift[train]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_options_are_checked():
    for wrong in ({"views": 0}, {"size_px": 4}, {"workers": 0}, {"seed": -1}, {"supersampling": 9}, {"fixed_views": 7}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            SynthesisOptions(**wrong)


def test_a_process_that_dies_takes_one_item_with_it():
    results = dict(run_isolated(square_or_die, range(6), 2))
    assert {index: result for index, result in results.items() if not isinstance(result, Crash)} == {
        0: 0,
        1: 1,
        3: 9,
        5: 25,
    }
    assert "signal 11" in results[2].reason
    assert "ended (3)" in results[4].reason


def test_an_error_of_the_work_ends_the_run():
    with pytest.raises(InputError, match="wrong"):
        list(run_isolated(fail, [1, 2], 1))


DEPTH = replace(SMALL, depth_views=3, fixed_views=6, depth_size_px=24)


def test_depth_views_show_the_shape_and_change_nothing_else(meshes, data, tmp_path):
    synthesize(str(meshes), tmp_path / "set", replace(DEPTH, count=2))
    file = next((tmp_path / "set" / "shapes").glob("box*"))
    record = read_record(file)
    high = record.bounds[1].astype(np.float64)
    novel = [orthographic_camera(matrix, 24, 1.75) for matrix in record.novel_camera_from_world]
    for depth, cameras in ((record.fixed_depth, fixed_cameras(6, 24, 1.75)), (record.novel_depth, novel)):
        assert depth.shape == (len(cameras), 24, 24)
        for values, camera in zip(depth, cameras, strict=True):
            rows, columns = np.nonzero(values)
            assert len(rows) > 20
            seen = camera.unproject(
                np.stack([columns + 0.5, rows + 0.5], axis=1), values[rows, columns] * record.depth_scale
            )
            np.testing.assert_allclose((np.abs(seen) / high).max(axis=1), 1.0, atol=2e-3)
    assert record.depth_extent == 1.75
    assert read_manifest(tmp_path / "set").parameters["depth_views"] == 3
    plain = read_record(data / "shapes" / file.name)
    for name in ("rgba", "uniform_points", "near_points", "surface_points"):
        assert np.array_equal(getattr(record, name), getattr(plain, name))


def test_a_data_set_is_not_mixed_of_records_with_and_without_depth_views(meshes, data, tmp_path):
    before = contents(data)
    with pytest.raises(InputError, match=r"depth_views none \(now 3\)"):
        synthesize(str(meshes), data, DEPTH)
    assert contents(data) == before
    assert "depth_views" not in read_manifest(data).parameters
    output = tmp_path / "set"
    synthesize(str(meshes), output, replace(DEPTH, count=1))
    with pytest.raises(InputError, match=r"depth_views 3 \(now none\)"):
        synthesize(str(meshes), output, SMALL)
