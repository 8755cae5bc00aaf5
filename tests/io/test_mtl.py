"""Materials and textures of OBJ files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapelift.io.mesh_formats import MeshContent
from shapelift.io.shapes import read_content

COLOR = (10, 200, 30)


def written(folder: Path, mtl: str, head: str = "mtllib look.mtl", picture: str = "my textures/Wood grain.png") -> Path:
    """A tetrahedron with places in a texture, in a material called `wood`."""
    (folder / picture).parent.mkdir(exist_ok=True, parents=True)
    Image.fromarray(np.full((4, 4, 3), COLOR, np.uint8)).save(folder / picture)
    (folder / "look.mtl").write_bytes(mtl.encode("latin-1"))
    (folder / "x.obj").write_text(
        f"{head}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nvt 0.5 0\nvt 0 0.5\nusemtl wood\n"
        "f 1/1 3/3 2/2\nf 1/1 2/2 4/3\nf 1/1 4/2 3/3\nf 2/1 3/2 4/3\n"
    )
    return folder / "x.obj"


def is_textured(content: MeshContent) -> bool:
    (part,) = content.parts
    return part.texture is not None and part.texture[0, 0, :3].tolist() == list(COLOR)


@pytest.mark.parametrize(
    "statement",
    [
        "map_Kd my textures/Wood grain.png",
        "map_Kd my textures\\Wood grain.png",
        "map_Kd .\\my textures\\wood GRAIN.PNG",
        "map_Kd /home/me/my textures/../Wood grain.png",
        "map_Kd C:\\Users\\me\\my textures\\Wood grain.png",
        '\tMAP_KD   "my textures/Wood grain.png"',
        "map_Kd -s 1 1 1 my textures/Wood grain.png",
        "map_Kd -s 2 my textures/Wood grain.png",
        "map_Kd -o 0.5 0.25 -s 2 2 -clamp on -blendu off my textures\\Wood grain.png",
        "map_Kd -mm 0 1 -texres 512 -imfchan r -bm 0.5 -t 0 0 0 my textures/Wood grain.png",
        "map_Kd my textures/Wood grain.png\r",
    ],
)
def test_textures_are_found_however_they_are_named(tmp_path: Path, statement: str) -> None:
    picture = "Wood grain.png" if ":" in statement or "/home" in statement else "my textures/Wood grain.png"
    content = read_content(written(tmp_path, f"newmtl wood\nKd 1 1 1\n{statement}\nnewmtl other\n", picture=picture))
    assert content.warnings == ()
    assert is_textured(content)


@pytest.mark.parametrize("library", ["looks/look.mtl", "looks\\look.mtl", ".\\LOOKS\\look.mtl"])
def test_textures_may_lie_beside_the_material_file(tmp_path: Path, library: str) -> None:
    path = written(tmp_path, "newmtl wood\nmap_Kd wood.png\n", f"mtllib {library}", picture="looks/wood.png")
    (tmp_path / "look.mtl").rename(tmp_path / "looks" / "look.mtl")
    content = read_content(path)
    assert content.warnings == ()
    assert is_textured(content)


def test_options_move_the_texture(tmp_path: Path) -> None:
    (plain,) = read_content(written(tmp_path, "newmtl wood\nmap_Kd a.png\n", picture="a.png")).parts
    statement = "newmtl wood\nmap_Kd -o 0.25 0.5 -s 2 1 a.png\n"
    (moved,) = read_content(written(tmp_path, statement, picture="a.png")).parts
    assert plain.uv is not None
    assert moved.uv is not None
    np.testing.assert_allclose(moved.uv[0, :, 0] - moved.uv[0, 0, 0], 2 * (plain.uv[0, :, 0] - plain.uv[0, 0, 0]))
    np.testing.assert_allclose(moved.uv[0, :, 1] - moved.uv[0, 0, 1], plain.uv[0, :, 1] - plain.uv[0, 0, 1])
    assert moved.uv[0, 0, 0] == pytest.approx(plain.uv[0, 0, 0] + 0.25)


@pytest.mark.parametrize(
    ("mtl", "head", "warning"),
    [
        ("newmtl wood\nmap_Kd gone.png\n", "mtllib look.mtl", "1 texture not found or not readable (gone.png)"),
        ("newmtl wood\nmap_Kd x.obj\n", "mtllib look.mtl", "1 texture not found or not readable (x.obj)"),
        ("newmtl wood\nmap_Kd ../a.png\n", "mtllib look.mtl", "1 texture not found or not readable (../a.png)"),
        ("newmtl wood\n", "mtllib LOOKS.MTL", "1 material file not found (LOOKS.MTL)"),
        ("newmtl wood\n", "mtllib a.mtl b.mtl", "2 material files not found (a.mtl)"),
        ("newmtl steel\n", "mtllib look.mtl", "1 material not in the material file"),
    ],
)
def test_what_is_not_there_is_counted(tmp_path: Path, mtl: str, head: str, warning: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    content = read_content(written(inner, mtl, head))
    assert content.warnings == (warning,)
    assert content.parts[0].texture is None
    assert content.parts[0].material is None  # and so it may be dressed at random
    assert read_content(written(inner, mtl, head), looks=False).warnings == ()


@pytest.mark.parametrize(
    "head",
    [
        "mtllib look.mtl",
        "mtllib LOOK.MTL",
        "mtllib  .\\look.mtl ",
        "mtllib gone.mtl look.mtl",
        "mtllib my look.mtl",
        "\tmtllib\tlook.mtl",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_material_files_are_found_however_they_are_named(tmp_path: Path, head: str, end: str) -> None:
    mtl = end.join(["# caf\u00e9", "\tnewmtl wood", "  Kd 1.0 5e-1 0", "illum 2", ""])
    path = written(tmp_path, mtl, head)
    (tmp_path / "my look.mtl").write_text(mtl)
    (part,) = read_content(path).parts
    assert part.material is not None
    np.testing.assert_allclose(part.material.color, (1.0, 0.5, 0.0), atol=0.01)


def test_colours_that_are_none(tmp_path: Path) -> None:
    for statement, color in (
        ("Kd 0.2", (0.2,) * 3),
        ("Kd spectral a.rfl", None),
        ("Kd nan 0 0", None),
        ("Kd 1 2", None),
    ):
        (part,) = read_content(written(tmp_path, f"newmtl wood\n{statement}\n")).parts
        assert (None if part.material is None else part.material.color) == color
