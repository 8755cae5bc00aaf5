from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh

sys.path.insert(0, str(Path(__file__).parent))
from solids_with_answers import box

from shapelift.cli.main import run
from shapelift.io.manifest import read_manifest
from shapelift.io.records import ShapeRecord
from shapelift.synthesis.environment_files import EnvironmentFiles
from shapelift.synthesis.materials import Asset, Material
from shapelift.synthesis.options import SynthesisOptions
from shapelift.synthesis.recording import make_record

PLAIN = SynthesisOptions(views=8, size_px=32, uniform_count=2000, near_count=50, surface_count=50, workers=1)
SOLID = box(high=(0.5, 0.3, 0.2))


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environments")
    for name, row, color in (("noon", 10, (1.0, 0.9, 0.8)), ("evening", 28, (1.0, 0.5, 0.2))):
        rgb = np.full((64, 128, 3), 0.4)
        rgb[row, 30] = 800.0 * np.asarray(color)
        np.savez(folder / f"{name}.npz", rgb=rgb.astype(np.float16))
    return folder


def record(options: SynthesisOptions) -> ShapeRecord:
    return make_record(Asset.of_mesh(SOLID, Material((0.8, 0.7, 0.6))), "box", 0, options, {"category": "box"})


@pytest.mark.slow
def test_a_share_of_the_views_is_lit_by_environments_and_nothing_else_changes(environments: Path) -> None:
    lit = replace(PLAIN, environments=EnvironmentFiles.of_folder(environments))
    before, after = record(PLAIN), record(lit)
    for name in ("depth", "normals", "intrinsics", "uniform_points", "surface_albedo"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    np.testing.assert_array_equal(before.rgba[..., 3], after.rgba[..., 3])
    changed = [bool((one != other).any()) for one, other in zip(before.rgba, after.rgba, strict=True)]
    assert 2 <= sum(changed) <= 6
    np.testing.assert_array_equal(record(replace(lit, environment_share=0.0)).rgba, before.rgba)
    everywhere = record(replace(lit, environment_share=1.0))
    assert (everywhere.rgba != before.rgba).any(axis=(1, 2, 3)).all()


@pytest.mark.slow
def test_the_result_depends_on_the_maps_and_not_on_their_place(environments: Path, tmp_path: Path) -> None:
    shutil.copytree(environments, tmp_path / "moved")
    here = replace(PLAIN, environments=EnvironmentFiles.of_folder(environments), environment_share=1.0)
    there = replace(here, environments=EnvironmentFiles.of_folder(tmp_path / "moved"))
    assert here.parameters == there.parameters
    np.testing.assert_array_equal(record(here).rgba, record(there).rgba)
    assert not {"environments", "environment_share"} & set(PLAIN.parameters)
    with pytest.raises(ValueError, match="environment_share"):
        replace(PLAIN, environment_share=1.5)


@pytest.mark.slow
def test_the_command_takes_a_folder_and_mixes_no_light(
    environments: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "meshes").mkdir()
    trimesh.Trimesh(SOLID.vertices, SOLID.faces, process=False).export(tmp_path / "meshes" / "box.ply")
    arguments = ["synthesize", str(tmp_path / "meshes"), "--output", str(tmp_path / "set"), "--views=2", "--size=32"]
    arguments += ["--points=2000", "--near=50", "--surface=50", "--workers=1", "--json"]
    assert run([*arguments, "--environments", str(tmp_path / "nothing")]) == 2
    assert "no such folder of environments" in capsys.readouterr().err
    assert run([*arguments, "--environments", str(environments), "--environment-share=1"]) == 0
    parameters = read_manifest(tmp_path / "set").parameters
    assert parameters["environment_share"] == 1.0
    assert parameters["environments"] == str(EnvironmentFiles.of_folder(environments))
    capsys.readouterr()
    assert run(arguments) == 2
    assert "(now none)" in capsys.readouterr().err
