"""3MF read: against trimesh, which reads it with lxml and networkx, and what the specification says beyond that."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh

from shapelift.errors import InputError
from shapelift.io.shapes import load_mesh, read_mesh

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
SLICES = "http://schemas.microsoft.com/3dmanufacturing/slice/2015/07"
CORNER = (
    '<c:mesh><c:vertices><c:vertex x="0" y="0" z="0"/><c:vertex x="1" y="0" z="0"/><c:vertex x="0" y="1" z="0"/>'
    '<c:vertex x="0" y="0" z="1"/></c:vertices><c:triangles><c:triangle v1="0" v2="2" v3="1"/>'
    '<c:triangle v1="0" v2="1" v3="3"/><c:triangle v1="0" v2="3" v3="2"/><c:triangle v1="1" v2="2" v3="3"/>'
    "</c:triangles></c:mesh>"
)


def model(resources: str, build: str = "", unit: str = "") -> str:
    return (
        f'<c:model xmlns:c="{CORE}" xmlns:p="{PRODUCTION}" xmlns:s="{SLICES}" {unit}>'
        f"<c:resources>{resources}</c:resources><c:build>{build}</c:build></c:model>"
    )


def solid(number: int) -> str:
    return f'<c:object id="{number}">{CORNER}</c:object>'


def package(path: Path, **models: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in models.items():
            archive.writestr(f"3D/{name}.model", text)
    return path


def test_a_scene_is_read_as_trimesh_reads_it(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    rng = np.random.default_rng(0)
    for count in (0, 1, 2):
        matrix = trimesh.transformations.random_rotation_matrix(rng.random(3))
        matrix[:3, 3] = rng.normal(size=3)
        scene.add_geometry(trimesh.creation.icosphere(count), transform=matrix)
    scene.export(tmp_path / "x.3mf")
    expected = trimesh.load(tmp_path / "x.3mf", force="scene").to_mesh()
    found = load_mesh(tmp_path / "x.3mf", z_up=False)
    assert len(found.faces) == len(expected.faces)
    assert found.volume == pytest.approx(expected.volume, rel=1e-5)
    np.testing.assert_allclose(np.sort(found.vertices, axis=0), np.sort(expected.vertices, axis=0), atol=1e-6)


def test_components_stand_in_the_frame_of_their_object_and_mirrored_ones_face_outward(tmp_path: Path) -> None:
    pair = (
        '<c:object id="2"><c:components><c:component objectid="1" transform="2 0 0 0 1 0 0 0 1 0 0 0"/>'
        '<c:component objectid="1" transform="-1 0 0 0 1 0 0 0 1 0 0 0"/></c:components></c:object>'
    )
    build = '<c:item objectid="2" transform="0 1 0 -1 0 0 0 0 1 10 0 0"/><c:item objectid="1"/>'
    mesh = load_mesh(package(tmp_path / "x.3mf", **{"3dmodel": model(solid(1) + pair, build)}), z_up=False)
    assert mesh.volume == pytest.approx((2 + 1 + 1) / 6)
    used = [np.unique(mesh.vertices[faces].reshape(-1, 3), axis=0) for faces in np.split(mesh.faces, 3)]
    np.testing.assert_allclose(used[0], [[9, 0, 0], [10, 0, 0], [10, 0, 1], [10, 2, 0]])
    np.testing.assert_allclose(used[1], [[9, 0, 0], [10, -1, 0], [10, 0, 0], [10, 0, 1]])
    np.testing.assert_allclose(used[2], [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])


def test_objects_of_other_model_files_are_told_apart_by_the_file(tmp_path: Path) -> None:
    uses = "".join(f'<c:component objectid="1" p:path="/3D/part{one}.model"/>' for one in (1, 2, 1))
    main = model(f'<c:object id="1"><c:components>{uses}</c:components></c:object>', '<c:item objectid="1"/>')
    larger = CORNER.replace('"1" y', '"5" y')
    other = model(f'<c:object id="1">{larger}</c:object>')
    mesh = load_mesh(package(tmp_path / "x.3mf", **{"3dmodel": main}, part1=model(solid(1)), part2=other))
    assert mesh.volume == pytest.approx((1 + 5 + 1) / 6)


def test_elements_of_extensions_are_passed_over(tmp_path: Path) -> None:
    slices = '<s:slicestack id="9"><s:slice><s:vertices><s:vertex x="1" y="1"/></s:vertices></s:slice></s:slicestack>'
    text = model(solid(1) + slices, '<c:item objectid="1"/>')
    assert len(load_mesh(package(tmp_path / "x.3mf", **{"3dmodel": text})).faces) == 4


def test_objects_that_are_nowhere_are_told(tmp_path: Path) -> None:
    text = model(solid(1), '<c:item objectid="1"/><c:item objectid="7"/>', 'unit="inch"')
    content = read_mesh(package(tmp_path / "x.3mf", **{"3dmodel": text}))
    assert content.unit_mm == 25.4
    assert any("1 use of objects that are not in it" in one for one in content.warnings)


RING = '<c:object id="1"><c:components><c:component objectid="1"/></c:components></c:object>'
ITEM = '<c:item objectid="1"/>'


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({"3dmodel": model(RING, ITEM)}, "component of itself"),
        ({"3dmodel": '<!DOCTYPE x [<!ENTITY a "b">]>' + model(solid(1), ITEM)}, "document type"),
        ({"3dmodel": model(solid(1), ITEM, 'unit="cubit"')}, "does not have .cubit"),
        ({"3dmodel": model(solid(1).replace('v3="3"', 'v3="4"'), ITEM)}, "does not exist"),
        ({"3dmodel": model(solid(1), ITEM)[:-9]}, "damaged"),
        ({"3dmodel": "<html/>"}, "something else"),
        ({"else": model(solid(1), ITEM)}, "no model"),
    ],
)
def test_damage_is_one_line(tmp_path: Path, models: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_mesh(package(tmp_path / "x.3mf", **models))
    assert "\n" not in str(caught.value)
