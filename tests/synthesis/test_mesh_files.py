from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from shapelift.geometry import Mesh
from shapelift.synthesis import mesh_files
from shapelift.synthesis.materials import Asset
from shapelift.synthesis.mesh_files import RejectedShape, load_mesh_file


def load(path: Path, seed: int = 0, **options: object) -> Asset:
    return load_mesh_file(path, np.random.default_rng(seed), **options)  # type: ignore[arg-type]


def closed(mesh: Mesh) -> bool:
    return bool(trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).is_watertight)


def pbr(color: tuple[int, int, int], **options: object) -> trimesh.visual.material.PBRMaterial:
    return trimesh.visual.material.PBRMaterial(baseColorFactor=[*color, 255], **options)


def painted(solid: trimesh.Trimesh, color: tuple[int, int, int]) -> trimesh.Trimesh:
    solid.visual = trimesh.visual.TextureVisuals(material=pbr(color))
    return solid


@pytest.mark.parametrize("suffix", mesh_files.SUFFIXES)
def test_every_format_gives_the_normalised_closed_box(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"box{suffix}"
    if suffix == ".gltf":
        for name, data in trimesh.exchange.gltf.export_gltf(trimesh.Scene(trimesh.creation.box((2, 4, 6)))).items():
            (tmp_path / ("box.gltf" if name == "model.gltf" else name)).write_bytes(data)
    else:
        trimesh.creation.box((2, 4, 6)).export(path)
    asset = load(path)
    assert len(asset.mesh.vertices) == 8
    assert len(asset.mesh.faces) == 12
    assert closed(asset.mesh)
    assert asset.mesh.volume == pytest.approx(48 / 216, rel=1e-5)
    np.testing.assert_allclose(asset.mesh.vertices.max(axis=0), [1 / 6, 1 / 3, 0.5], atol=1e-6)
    np.testing.assert_allclose(asset.mesh.vertices.min(axis=0), [-1 / 6, -1 / 3, -0.5], atol=1e-6)


def test_scene_graphs_are_flattened_with_their_transforms(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    box = painted(trimesh.creation.box(), (255, 0, 0))
    ball = painted(trimesh.creation.icosphere(1, radius=0.5), (0, 0, 255))
    scene.add_geometry(box, node_name="low", geom_name="box")
    upper = trimesh.transformations.translation_matrix([0.0, 3.0, 0.0])
    scene.add_geometry(ball, node_name="high", geom_name="ball", transform=upper)
    mirrored = trimesh.transformations.translation_matrix([0.0, -2.0, 0.0]) @ np.diag([-1.0, 1.0, 1.0, 1.0])
    scene.add_geometry(ball, node_name="mirrored", geom_name="ball", transform=mirrored)
    scene.export(tmp_path / "scene.glb")
    asset = load(tmp_path / "scene.glb")
    # Heights -2.5 to 3.5: the longest side is 6, the centre at 0.5.
    assert asset.mesh.volume == pytest.approx((box.volume + 2 * ball.volume) / 6**3, rel=1e-5)
    heights = asset.mesh.corners.mean(axis=1)[:, 1] * 6 + 0.5
    red = np.asarray([asset.materials[index].base_color[0] > 0.9 for index in asset.face_material])
    assert len(asset.materials) == 2
    np.testing.assert_array_equal(red, np.abs(heights) < 0.51)


def test_nested_nodes_multiply(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.graph.update(frame_to="arm", matrix=trimesh.transformations.scale_matrix(2.0))
    scene.add_geometry(trimesh.creation.box(), node_name="root")
    away = trimesh.transformations.translation_matrix([2.0, 0.0, 0.0])
    scene.add_geometry(trimesh.creation.box(), node_name="hand", parent_node_name="arm", transform=away)
    scene.export(tmp_path / "nested.glb")
    # The child: side 2, from x = 3 to 5; the root: side 1, from -0.5 to 0.5.
    assert load(tmp_path / "nested.glb").mesh.volume == pytest.approx((8 + 1) / 5.5**3, rel=1e-5)


def test_base_colour_textures_keep_their_orientation_and_ignore_alpha(tmp_path: Path) -> None:
    image = np.zeros((4, 4, 4), np.uint8)
    image[:2, :, 0] = 200  # the upper half is red and wholly transparent
    image[2:, :, 2] = 200
    image[2:, :, 3] = 255
    vertices = np.asarray([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 0.4]], float)
    faces = [[0, 1, 4], [1, 2, 4], [2, 3, 4], [3, 0, 4]]
    solid = trimesh.Trimesh(vertices, faces, process=False)
    material = trimesh.visual.material.PBRMaterial(baseColorTexture=Image.fromarray(image), baseColorFactor=[255] * 4)
    solid.visual = trimesh.visual.TextureVisuals(uv=vertices[:, :2], material=material)
    solid.export(tmp_path / "textured.glb")
    asset = load(tmp_path / "textured.glb")
    assert asset.uv is not None
    assert len(asset.textures) == 1
    np.testing.assert_array_equal(asset.textures[0][..., :3], image[..., :3])
    np.testing.assert_allclose(asset.uv[..., 0], asset.mesh.corners[..., 0] + 0.5, atol=1e-6)
    np.testing.assert_allclose(asset.uv[..., 1], 0.5 - asset.mesh.corners[..., 1], atol=1e-6)  # row 0 is the top


def test_equal_textures_are_kept_once_and_factors_multiply(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    for index, factor in enumerate(([255] * 4, [255] * 4, [0, 255, 255, 255])):
        solid = trimesh.creation.box()
        image = Image.fromarray(np.full((2, 2, 4), 255, np.uint8))
        material = trimesh.visual.material.PBRMaterial(baseColorTexture=image, baseColorFactor=factor, name=f"m{index}")
        solid.visual = trimesh.visual.TextureVisuals(uv=np.zeros((len(solid.vertices), 2)), material=material)
        scene.add_geometry(solid, transform=trimesh.transformations.translation_matrix([2.0 * index, 0, 0]))
    scene.export(tmp_path / "three.glb")
    asset = load(tmp_path / "three.glb")
    assert sorted(texture[0, 0, :3].tolist() for texture in asset.textures) == [[0, 255, 255], [255, 255, 255]]
    assert np.bincount(asset.face_texture).tolist() in ([24, 12], [12, 24])


def test_obj_materials_and_textures(tmp_path: Path) -> None:
    Image.fromarray(np.full((2, 2, 3), (10, 200, 30), np.uint8)).save(tmp_path / "leaf.png")
    (tmp_path / "a.mtl").write_text("newmtl leaf\nmap_Kd leaf.png\nnewmtl stem\nKd 0.6 0.3 0.1\n")
    (tmp_path / "a.obj").write_text(
        "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nvt 1 0\nvt 0 1\n"
        "usemtl leaf\nf 1/1 2/2 3/3\nf 1/1 4/2 2/3\nusemtl stem\nf 1 3 4\nf 2 4 3\n"
    )
    asset = load(tmp_path / "a.obj")
    assert len(asset.mesh.vertices) == 4
    assert sorted(asset.face_texture.tolist()) == [-1, -1, 0, 0]
    assert asset.textures[0][0, 0].tolist() == [10, 200, 30, 255]
    stem = asset.materials[asset.face_material[asset.face_texture < 0][0]]
    np.testing.assert_allclose(stem.base_color, (0.6, 0.3, 0.1), atol=0.01)


def test_vertex_colours_survive_and_seams_stay_closed(tmp_path: Path) -> None:
    solid = trimesh.creation.box()
    solid.unmerge_vertices()
    colors = np.full((36, 4), 255, np.uint8)
    colors[:, :3] = np.repeat([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9], [90, 9, 9], [9, 90, 9]], 6, axis=0)
    solid.visual = trimesh.visual.ColorVisuals(solid, vertex_colors=colors)
    solid.export(tmp_path / "box.ply")
    mesh = load(tmp_path / "box.ply").mesh
    assert mesh.colors is not None
    assert {tuple(color) for color in mesh.colors.tolist()} == {tuple(color) for color in colors[:, :3].tolist()}
    assert (np.ptp(mesh.colors[mesh.faces].astype(int), axis=1) == 0).all()
    assert len(np.unique(mesh.vertices, axis=0)) == 8


def test_gltf_colours_are_linear_light(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(painted(trimesh.creation.box(), (128, 0, 0)))
    scene.export(tmp_path / "box.glb")
    material = load(tmp_path / "box.glb").materials[0]
    assert material.base_color[0] == pytest.approx(188 / 255, abs=0.01)  # sRGB of one half


def test_materials_without_colours_are_drawn_from_the_seed(tmp_path: Path) -> None:
    trimesh.util.concatenate(
        [trimesh.creation.box(transform=trimesh.transformations.translation_matrix([2.0 * i, 0, 0])) for i in range(8)]
    ).export(tmp_path / "plain.stl")
    one, same = load(tmp_path / "plain.stl", 1), load(tmp_path / "plain.stl", 1)
    assert one.materials == same.materials
    np.testing.assert_array_equal(one.face_material, same.face_material)
    made = [load(tmp_path / "plain.stl", seed) for seed in range(12)]
    assert len({asset.materials for asset in made}) == 12
    assert {len(asset.materials) > 1 for asset in made} == {True, False}
    for asset in made:  # a connected part wears one material
        assert (np.ptp(asset.face_material.reshape(8, 12), axis=1) == 0).all()


def test_colours_can_be_left_out(tmp_path: Path) -> None:
    scene = trimesh.Scene([painted(trimesh.creation.box(), (255, 0, 0))])
    scene.export(tmp_path / "box.glb")
    asset = load(tmp_path / "box.glb", keep_colors=False)
    assert all(material.base_color != (1.0, 0.0, 0.0) for material in asset.materials)


def test_axes_turn_up_and_front(tmp_path: Path) -> None:
    trimesh.creation.cone(radius=1.0, height=4.0).export(tmp_path / "cone.stl")  # the tip at +Z
    upright = load(tmp_path / "cone.stl", up_axis="Z").mesh.vertices
    assert np.ptp(upright, axis=0).argmax() == 1
    assert np.hypot(*upright[upright[:, 1] > 0.49][:, [0, 2]].T).max() < 1e-5
    for front, tip in (("+Z", [0, 0, 0.5]), ("-Z", [0, 0, -0.5]), ("+X", [-0.5, 0, 0]), ("-X", [0.5, 0, 0])):
        vertices = load(tmp_path / "cone.stl", front_axis=front).mesh.vertices
        assert np.linalg.norm(vertices - tip, axis=1).min() < 1e-5
    with pytest.raises(RejectedShape, match="axes"):
        load(tmp_path / "cone.stl", up_axis="Q")


def test_duplicates_are_welded_and_collapsed_faces_dropped(tmp_path: Path) -> None:
    box = trimesh.creation.box()
    soup = box.vertices[box.faces].reshape(-1, 3) + np.random.default_rng(0).uniform(-1e-8, 1e-8, (36, 3))
    soup = np.concatenate([soup, [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.1, 0.1, 0.1]]])
    trimesh.Trimesh(soup, np.arange(39).reshape(-1, 3), process=False).export(tmp_path / "soup.ply")
    mesh = load(tmp_path / "soup.ply").mesh
    assert len(mesh.vertices) == 8
    assert len(mesh.faces) == 12
    assert closed(mesh)


def write_ply(path: Path, vertices: list[list[float]], faces: list[list[int]]) -> Path:
    header = (
        f"ply\nformat ascii 1.0\nelement vertex {len(vertices)}\nproperty float x\nproperty float y\nproperty float z\n"
    )
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    body = [" ".join(map(str, vertex)) for vertex in vertices] + [f"3 {a} {b} {c}" for a, b, c in faces]
    path.write_text(header + "\n".join(body) + "\n")
    return path


@pytest.mark.parametrize("suffix", mesh_files.SUFFIXES)
@pytest.mark.parametrize("data", [b"", b"this is not a mesh\n", bytes(range(256)) * 8], ids=["empty", "text", "bytes"])
def test_unreadable_files_are_rejected(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(data)
    with pytest.raises(RejectedShape, match=r"^(cannot be read|empty): ") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_truncated_glb_is_rejected(tmp_path: Path) -> None:
    data = trimesh.creation.icosphere(2).export(file_type="glb")
    (tmp_path / "cut.glb").write_bytes(data[: len(data) // 2])
    with pytest.raises(RejectedShape, match=r"^cannot be read: "):
        load(tmp_path / "cut.glb")


def test_missing_files_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(RejectedShape, match="cannot be read"):
        load(tmp_path / "none.glb")


def test_points_without_faces_are_empty(tmp_path: Path) -> None:
    path = write_ply(tmp_path / "points.ply", [[0, 0, 0], [1, 0, 0], [0, 1, 0]], [])
    with pytest.raises(RejectedShape, match=r"^empty: "):
        load(path)


def test_faces_of_one_point_are_empty(tmp_path: Path) -> None:
    path = write_ply(tmp_path / "p.ply", [[0, 0, 0], [1, 2, 0], [0, 1, 3]], [[0, 0, 0], [1, 1, 2], [2, 0, 2]])
    with pytest.raises(RejectedShape, match=r"^empty: every face"):
        load(path)


def test_non_finite_coordinates_are_rejected(tmp_path: Path) -> None:
    path = write_ply(tmp_path / "nan.ply", [[0, 0, 0], [1, 0, 0], [0, 1, float("nan")]], [[0, 1, 2]])
    with pytest.raises(RejectedShape, match=r"^not finite: "):
        load(path)


def test_unused_vertices_do_not_count(tmp_path: Path) -> None:
    corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [50, 50, 50], [float("nan")] * 3]
    faces = [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
    mesh = load(write_ply(tmp_path / "t.ply", corners, faces)).mesh
    assert len(mesh.vertices) == 4
    assert mesh.volume == pytest.approx(1 / 6)


def test_flat_shapes_are_rejected_and_thin_ones_are_not(tmp_path: Path) -> None:
    trimesh.creation.box((1.0, 1.0, 0.9e-4)).export(tmp_path / "flat.stl")
    with pytest.raises(RejectedShape, match=r"^flat: the bounding box measures 1 x 1 x 9e-05"):
        load(tmp_path / "flat.stl")
    trimesh.creation.box((1.0, 1.0, 1.1e-4)).export(tmp_path / "thin.stl")
    assert closed(load(tmp_path / "thin.stl").mesh)
    point = write_ply(tmp_path / "point.ply", [[1, 1, 1]] * 3, [[0, 1, 2]])
    with pytest.raises(RejectedShape, match=r"^flat: "):
        load(point)


def test_too_many_faces_are_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trimesh.creation.box().export(tmp_path / "box.stl")
    monkeypatch.setattr(mesh_files, "MAX_FACES", 11)
    with pytest.raises(RejectedShape, match=r"^too large: 12 faces, at most 11 "):
        load(tmp_path / "box.stl")
