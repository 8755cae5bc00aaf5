"""Broken files of every kind: what is said about them are words of this package, never those of what it is built on."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapelift.cli.main import run
from shapelift.geometry.templates import icosphere
from shapelift.inference import find_model
from shapelift.io.shapes import FORMATS, save_mesh

INTERNALS = re.compile(
    r"Traceback|File \"|site-packages|\b\w+(?:Error|Exception|Warning)\b|<class|<_io|0x[0-9a-f]{6,}|object at"
    r"|\bPIL\b|libtiff|TIFF\w+:|LZW|ZIPDecode|JPEGLib|libpng|cv2|OpenCV|decoder|\btiles?\b|data stream|not processed"
    r"|trimesh|numpy|usecols|out kwarg|dtype|ndarray|list index|index out of|out of bounds|invalid literal"
    r"|could not convert|charset_normalizer|codec|'POSITION'|NoneType|to unpack|unpack requires|\bstruct\b|buffer"
    r"|lxml|xml\.|xmlns|zipfile|BadZip|onnxruntime|protobuf|INVALID_PROTOBUF|safetensors_rust|Expecting|line \d+ column"
    r"|\(char \d+",
    re.IGNORECASE,
)
IMAGES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "avif": "AVIF", "tiff": "TIFF", "bmp": "BMP", "gif": "GIF"}


def picture(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {}))
    return buffer.getvalue()


def flipped(data: bytes) -> bytes:
    damaged = bytearray(data)
    for place in range(20, len(damaged), max(1, len(damaged) // 9)):
        damaged[place] ^= 0xFF
    return bytes(damaged)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "one byte": lambda data: data[:1],
    "first bytes": lambda data: data[:12],
    "header": lambda data: data[:60],
    "half": lambda data: data[: len(data) // 2],
    "flipped": flipped,
    "web page": lambda data: b"<!DOCTYPE html>\n<html><body>404 not found</body></html>\n",
    "text": lambda data: "Gr\u00fc\u00dfe, this is no such file\n".encode() * 9,
    "latin": lambda data: "Gr\u00fc\u00dfe\n".encode("latin-1") * 9,
    "zeros": lambda data: bytes(500),
    "noise": lambda data: np.random.default_rng(1).bytes(500),
    "other": lambda data: picture("PNG") if not data.startswith(b"\x89PNG") else picture("GIF"),
}


def check_words(text: str, where: str) -> None:
    found = INTERNALS.search(text)
    assert found is None, f"{where}: {found[0] if found else ''} in {text}"


def check_said(capfd: pytest.CaptureFixture[str], code: int, where: str) -> None:
    out, err = capfd.readouterr()
    check_words(out + err, where)
    if code == 2:
        assert err.count("\n") == 1, f"{where}: {err}"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((40, 50, 3), 200, np.uint8)).save("good.png")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [*IMAGES, "heic"])
def test_broken_images(work: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    whole = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" * 20 if suffix == "heic" else picture(IMAGES[suffix])
    (work / "set").mkdir()
    for name, damage in DAMAGE.items():
        (work / "set" / f"{name}.{suffix}").write_bytes(damage(whole))
    assert run(["reconstruct", "set", "-o", "out"]) == 1
    out, err = capfd.readouterr()
    check_words(out + err, suffix)
    failed = err.count("shapelift: failed: set/")
    assert failed >= len(DAMAGE) - 1  # one that is flipped may still be a picture
    half = f"set/half.{suffix}"
    for command in (
        ["reconstruct", "good.png", "--mask", half, "--json"],
        ["relief", "--depth", half, "-o", "r.stl"],
        ["relief", half, "--lithophane", "-o", "r.stl"],
        ["relief", "--depth", f"set/flipped.{suffix}", "-o", "r.stl"],
    ):
        code = run(command)
        assert code == 2 or "flipped" in command[2]
        check_said(capfd, code, f"{suffix}, {' '.join(command)}")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["card.json", "encode.onnx"])
def test_broken_models(work: Path, file: str, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(find_model("general"), work / "model")
    whole = (work / "model" / file).read_bytes()
    for name, damage in DAMAGE.items():
        (work / "model" / file).write_bytes(damage(whole))
        code = run(["reconstruct", "good.png", "--model", "model"])
        assert code == 2, name
        check_said(capfd, code, f"{file}, {name}")
        if file.endswith(".onnx"):
            code = run(["relief", "good.png", "--depth-model", f"model/{file}", "-o", "r.stl"])
            assert code == 2, name
            check_said(capfd, code, f"{file}, {name}, relief")


@pytest.mark.parametrize("suffix", FORMATS)
def test_broken_meshes(work: Path, suffix: str, capfd: pytest.CaptureFixture[str]) -> None:
    whole = save_mesh(work / f"whole.{suffix}", icosphere(1))[0].read_bytes()
    for name, damage in DAMAGE.items():
        path = Path(f"broken.{suffix}")
        path.write_bytes(damage(whole))
        code = run(["convert", str(path), "out.stl"])
        check_said(capfd, code, f"{suffix}, {name}")


def test_broken_clouds(work: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = "\n".join(f"{x:.4f} {y:.4f} {z:.4f}" for x, y, z in icosphere(2).vertices).encode()
    for name, damage in DAMAGE.items():
        (work / "broken.xyz").write_bytes(damage(whole))
        check_said(capfd, run(["convert", "broken.xyz", "out.stl"]), f"xyz, {name}")
