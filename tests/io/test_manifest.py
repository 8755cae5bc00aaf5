"""The manifest: what is written is read back, old files stay readable, and damage is one clear line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from shapelift.errors import InputError
from shapelift.io.manifest import (
    FILE_NAME,
    SCHEMA,
    Manifest,
    Rejection,
    ShapeEntry,
    StoredShape,
    read_manifest,
    stored_shapes,
)

MANIFEST = Manifest(
    generator="somebody",
    parameters={"views": 1},
    seed=3,
    sources=("meshes",),
    shapes=(
        ShapeEntry("cup", "mug", "shapes/cup.safetensors", "00ff", "train", "mug/cup.ply"),
        ShapeEntry("jug", "mug", "shapes/jug.safetensors", "11ee", "test", "mug/jug.ply"),
        ShapeEntry("pot", "pan", "shapes/pot.safetensors", "22dd", "train", "pan/pot.ply", ("it is hardly there",)),
    ),
    rejected=(Rejection("pan/lid.ply", "it is flat"),),
)
ON_DISK: dict[str, Any] = {
    "schema": "shapelift-dataset-1",
    "generator": "somebody",
    "parameters": {"views": 1},
    "seed": 3,
    "sources": ["meshes"],
    "shapes": [
        {
            "shape_id": "cup",
            "category": "mug",
            "file": "shapes/cup.safetensors",
            "sha256": "00ff",
            "split": "train",
            "source": "mug/cup.ply",
        },
    ],
    "rejected": [{"source": "pan/lid.ply", "reason": "it is flat"}],
}


def _write(folder: Path, data: object) -> None:
    (folder / FILE_NAME).write_text(json.dumps(data))


def _changed(**fields: object) -> dict[str, Any]:
    return {**ON_DISK, **fields}


def _shape(**fields: object) -> dict[str, Any]:
    return _changed(shapes=[{**ON_DISK["shapes"][0], **fields}])


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert read_manifest(tmp_path) == MANIFEST
    before = (tmp_path / FILE_NAME).read_bytes()
    MANIFEST.write(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_the_schema_on_disk_stays_as_it_is(tmp_path: Path) -> None:
    _write(tmp_path, ON_DISK)
    found = read_manifest(tmp_path)
    assert found.shapes == MANIFEST.shapes[:1]
    assert found.rejected == MANIFEST.rejected
    found.write(tmp_path)
    assert json.loads((tmp_path / FILE_NAME).read_text()) == ON_DISK
    assert ON_DISK["schema"] == SCHEMA


def test_flags_are_optional(tmp_path: Path) -> None:
    assert [entry.shape_id for entry in MANIFEST.flagged] == ["pot"]
    MANIFEST.write(tmp_path)
    shapes = json.loads((tmp_path / FILE_NAME).read_text())["shapes"]
    assert [shape.get("flags") for shape in shapes] == [None, None, ["it is hardly there"]]


def test_shapes_are_located_and_chosen_by_split(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert [shape.shape_id for shape in stored_shapes(tmp_path)] == ["cup", "jug", "pot"]
    assert [shape.shape_id for shape in stored_shapes(tmp_path, "train")] == ["cup", "pot"]
    path = tmp_path / "shapes" / "jug.safetensors"
    assert stored_shapes(str(tmp_path), "test") == (StoredShape("jug", "mug", path, "test", ("meshes",)),)
    assert [entry.shape_id for entry in MANIFEST.split("test")] == ["jug"]


def test_no_shape_in_a_split_says_what_there_is(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    with pytest.raises(InputError) as caught:
        stored_shapes(tmp_path, "validation")
    assert str(caught.value) == (
        f"{tmp_path}: no shape in the split 'validation' (it holds train 2, validation 0, test 1); "
        "choose another split or add shapes"
    )
    Manifest("somebody", {}, 0).write(tmp_path)
    with pytest.raises(InputError, match=r"no shape \(it holds train 0"):
        stored_shapes(tmp_path)


@pytest.mark.parametrize("read", [read_manifest, stored_shapes])
def test_no_data_set(tmp_path: Path, read: Any) -> None:
    with pytest.raises(InputError, match=r"manifest\.json: no such data set; make one with `shapelift synthesize`"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([1], "Expected `object`, got `array`"),
        ({}, "missing required field `schema`"),
        (_changed(schema="shapelift-dataset-9"), "made by another version"),
        ({name: value for name, value in ON_DISK.items() if name != "generator"}, "missing required field `generator`"),
        (_changed(seed="many"), "Expected `int`, got `str` - at `$.seed`"),
        (_changed(shapes=[1]), "not a readable manifest"),
        (_changed(shapes=None), "not a readable manifest"),
        (
            _changed(shapes=[{"shape_id": "cup", "split": "train"}]),
            "missing required field `category` - at `$.shapes[0]`",
        ),
        (_shape(split="spare"), "'spare' - at `$.shapes[0].split`"),
        (_changed(rejected=[{"source": "a"}]), "missing required field `reason` - at `$.rejected[0]`"),
    ],
)
def test_damage_is_one_line_that_names_the_file_and_says_what_to_do(tmp_path: Path, data: object, words: str) -> None:
    _write(tmp_path, data)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_manifest(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / FILE_NAME}: ")
    assert "synthesize" in message
    assert ("not a readable manifest" in message) != ("another version" in words)
    assert "\n" not in message


def test_bytes_that_are_not_json(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe{")
    with pytest.raises(InputError, match="not a readable manifest"):
        read_manifest(tmp_path)
    (tmp_path / FILE_NAME).write_text("[" * 100_000)
    with pytest.raises(InputError, match="not a readable manifest"):
        read_manifest(tmp_path)
    (tmp_path / FILE_NAME).write_text('{"schema": "shapel')
    with pytest.raises(InputError, match="not a readable manifest"):
        read_manifest(tmp_path)
