"""docs/how-to/add_a_mesh_format.md, followed to the letter on a copy of the package: one file and one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add_a_mesh_format.md").read_text(encoding="utf-8")
DRIVER = """
import sys
from pathlib import Path

import numpy as np
import shapelift
from shapelift.cli.main import run
from shapelift.io.shapes import read_mesh
from shapelift.synthesis.sources import open_source

assert Path(shapelift.__file__).is_relative_to(Path.cwd()), "the copy must be the one that runs"
corners = ["0 0 0", "4 0 0", "0 2 0", "0 0 1"]
faces = ["1 3 2", "1 2 4", "1 4 3", "2 3 4"]
Path("meshes").mkdir()
Path("in.obj").write_text("".join(f"v {c}\\n" for c in corners) + "".join(f"f {f}\\n" for f in faces))
assert run(["convert", "in.obj", "meshes/pin.tri", "--unit", "in"]) == 0
assert len(Path("meshes/pin.tri").read_text().splitlines()) == 4
assert Path("meshes/pin.tri.json").is_file()
found = read_mesh("meshes/pin.tri")
assert found.unit_mm == 25.4 and found.mesh.bounds.size.tolist() == [4, 2, 1]
assert run(["convert", "meshes/pin.tri", "out.glb"]) == 0
np.testing.assert_allclose(read_mesh("out.glb").mesh.bounds.size, np.array([4, 2, 1]) * 0.0254, rtol=1e-6)
source = open_source("meshes")
(item,) = source.items()
assert np.ptp(source.load(item).mesh.vertices, axis=0).tolist() == [1, 0.5, 0.25]
Path("bad.tri").write_text("1 2 3")
assert run(["convert", "bad.tri", "out.stl"]) == 2
sys.exit(run(["convert", "in.obj", "out.xyz"]) - 2)
"""


def test_the_format_of_the_page_is_one_file_and_one_line(tmp_path: Path, package_copy: Any) -> None:
    copied = package_copy(tmp_path, PAGE)
    done = copied.run(DRIVER)
    assert done.returncode == 0, done.stderr
    assert "bad.tri: cannot be read: a line has not nine numbers" in done.stderr
    assert "out.xyz: unknown format .xyz; end it in one of .glb, .obj, .ply, .stl, .3mf, .off, .tri" in done.stderr
    settings = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(copied.added)]
    for check in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *check, *settings], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
