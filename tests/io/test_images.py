from __future__ import annotations

import io
import struct
import sys
import types
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from shapelift.errors import InputError
from shapelift.io import image_files
from shapelift.io.image_files import MAX_PIXELS
from shapelift.io.images import read_image, save_animation, save_image

RNG = np.random.default_rng(0)
COLORS = RNG.integers(0, 256, (12, 20, 3), dtype=np.uint8)
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_keep_every_pixel(tmp_path: Path, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / "image.bin"  # the content decides, not the name
    path.write_bytes(encoded(Image.fromarray(COLORS), kind, **options))
    rgba = read_image(path).rgba
    assert rgba.dtype == np.uint8
    np.testing.assert_array_equal(rgba[..., :3], COLORS)
    assert (rgba[..., 3] == 255).all()


def test_jpeg(tmp_path: Path) -> None:
    flat = np.full((16, 24, 3), (180, 90, 30), np.uint8)
    (tmp_path / "a.jpg").write_bytes(encoded(Image.fromarray(flat), "JPEG", quality=95))
    assert np.abs(read_image(tmp_path / "a.jpg").rgba[..., :3].astype(int) - flat).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(tmp_path: Path, orientation: int) -> None:
    # How a camera that is held each way stores the same upright scene (EXIF 2.3, tag 0x0112).
    stored = {
        1: COLORS,
        2: COLORS[:, ::-1],
        3: COLORS[::-1, ::-1],
        4: COLORS[::-1],
        5: COLORS.transpose(1, 0, 2),
        6: np.rot90(COLORS, 1),
        7: np.rot90(COLORS, 2).transpose(1, 0, 2),
        8: np.rot90(COLORS, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    path.write_bytes(encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif))
    np.testing.assert_array_equal(read_image(path).rgba[..., :3], COLORS)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 16 * 16).astype(np.uint16).reshape(16, 16)
    for kind in ("PNG", "TIFF"):
        path = tmp_path / f"ramp.{kind}"
        path.write_bytes(encoded(Image.fromarray(ramp), kind))
        rgba = read_image(path).rgba
        np.testing.assert_allclose(rgba[..., 0], ramp / 257.0, atol=0.51)
        assert (rgba[..., 0] == rgba[..., 2]).all()


def test_floating_point_tiff(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    for scale in (1.0, 1000.0):
        path = tmp_path / "ramp.tiff"
        path.write_bytes(encoded(Image.fromarray(ramp * np.float32(scale)), "TIFF"))
        np.testing.assert_allclose(read_image(path).rgba[..., 1], ramp * 255, atol=0.51)


def test_palette_with_transparency(tmp_path: Path) -> None:
    picture = Image.new("P", (10, 10), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0] + [0] * 762)
    picture.putpixel((3, 4), 0)
    path = tmp_path / "palette.png"
    path.write_bytes(encoded(picture, "PNG", transparency=1))
    rgba = read_image(path).rgba
    assert tuple(rgba[4, 3]) == (255, 0, 0, 255)
    assert rgba[0, 0, 3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P"])
def test_every_mode_agrees_with_the_same_grey(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.where(RNG.random((12, 12)) < 0.5, 0, 255).astype(np.uint8))
    path = tmp_path / "mode.png"
    path.write_bytes(encoded(grey.convert(mode), "PNG"))
    rgba = read_image(path).rgba
    np.testing.assert_array_equal(rgba[..., 1], np.asarray(grey))
    assert (rgba[..., 3] == 255).all()


def test_cmyk(tmp_path: Path) -> None:
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    for kind in ("TIFF", "JPEG"):
        (tmp_path / "ink").write_bytes(encoded(ink, kind))
        red, green, blue, alpha = read_image(tmp_path / "ink").rgba[8, 8]
        assert red > 200
        assert green < 60
        assert blue < 60
        assert alpha == 255


def test_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.fromarray(COLORS), Image.fromarray(255 - COLORS)]
    frames[0].save(tmp_path / "pages.tiff", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "pages.tiff").rgba[..., :3], COLORS)


def one_line(error: pytest.ExceptionInfo[InputError], *words: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    assert ";" in text  # what is wrong; what to do
    for word in words:
        assert word in text


@pytest.mark.slow
def test_bad_files_are_named(tmp_path: Path) -> None:
    whole = encoded(Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)), "JPEG")
    bad = {
        "empty.png": (b"", "empty"),
        "text.png": (b"this is no image\n" * 20, "not an image"),
        "cut.jpg": (whole[: len(whole) // 2], "cut short"),
        "tiny.png": (encoded(Image.new("RGB", (1, 1)), "PNG"), "too small"),
        "thin.png": (encoded(Image.new("RGB", (500, 7)), "PNG"), "too small"),
        "bomb.png": (encoded(Image.new("1", (9000, 9000)), "PNG"), "megapixels"),
        "giant.png": (encoded(Image.new("1", (20000, 20000)), "PNG"), "megapixels"),
    }
    for name, (data, reason) in bad.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as error:
            read_image(tmp_path / name)
        one_line(error, name, reason)
    for path, reason in ((tmp_path / "none.png", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError) as error:
            read_image(path)
        one_line(error, str(path), reason)


def test_bomb_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PIXELS < 9000 * 9000
    (tmp_path / "bomb.png").write_bytes(encoded(Image.new("1", (9000, 9000)), "PNG"))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(InputError):
        read_image(tmp_path / "bomb.png")


@RELAXED
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "noise.png"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_image(path)


SEEDS = [
    encoded(Image.fromarray(COLORS), "PNG"),
    encoded(Image.fromarray(COLORS), "JPEG"),
    encoded(Image.fromarray(COLORS), "WEBP"),
    encoded(Image.fromarray(COLORS), "TIFF"),
    encoded(Image.fromarray(COLORS), "TIFF", compression="tiff_lzw"),
    encoded(Image.fromarray(COLORS), "BMP"),
]


@RELAXED
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6),
    keep=st.floats(0.05, 1.0),
)
def test_damaged_files_give_pixels_or_one_line(
    tmp_path: Path, seed: bytes, changes: list[tuple[int, int]], keep: float
) -> None:
    data = bytearray(seed[: max(1, int(len(seed) * keep))])
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path / "damaged.img"
    path.write_bytes(data)
    try:
        rgba = read_image(path).rgba
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - both outcomes are right
    else:
        assert rgba.dtype == np.uint8
        assert rgba.shape[2] == 4


def test_every_source_gives_the_same_pixels(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    data = encoded(Image.fromarray(COLORS), "PNG")
    (tmp_path / "a.png").write_bytes(data)
    planes = np.ascontiguousarray(COLORS.transpose(2, 0, 1))
    sources = [
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        data,
        io.BytesIO(data),
        Image.fromarray(COLORS),
        COLORS,
        planes,
        COLORS / 255.0,
        (planes / 255.0).astype(np.float16),
        COLORS.astype(np.uint16) * 257,
        torch.from_numpy(COLORS),
        torch.from_numpy(planes).float().div(255.0).requires_grad_(),
        torch.from_numpy(planes).double() / 255.0,
    ]
    for source in sources:
        np.testing.assert_array_equal(read_image(source).rgba[..., :3], COLORS)
    with (tmp_path / "a.png").open("rb") as file:
        np.testing.assert_array_equal(read_image(file).rgba[..., :3], COLORS)
    half = torch.from_numpy(planes).to(torch.bfloat16) / 255.0
    assert np.abs(read_image(half).rgba[..., :3].astype(int) - COLORS).max() <= 2
    for channels in (1, 4):
        pixels = RNG.integers(0, 256, (channels, 12, 20), dtype=np.uint8)
        np.testing.assert_array_equal(read_image(pixels).rgba, read_image(pixels.transpose(1, 2, 0)).rgba)
    np.testing.assert_array_equal(read_image(COLORS[..., 0]).rgba[..., 2], COLORS[..., 0])


def test_what_is_no_source_is_named() -> None:
    wrong = {
        "shape": np.zeros((10, 10, 2)),
        "batch": np.zeros((1, 3, 10, 10)),
        "type": np.zeros((10, 10, 3), np.int32),
        "range": np.full((10, 10), 1.5),
        "nan": np.full((10, 10), np.nan),
        "nothing": np.zeros((0, 0, 3)),
        "small": np.zeros((1, 1, 3), np.uint8),
        "no bytes": b"",
        "text": io.StringIO("a picture"),
    }
    for source in wrong.values():
        with pytest.raises(InputError, match="image: ") as error:
            read_image(source)  # type: ignore[arg-type]
        one_line(error)
    with pytest.raises(TypeError, match="image: expected a path, bytes"):
        read_image([1, 2])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["GIF", "AVIF"])
def test_more_formats(tmp_path: Path, kind: str) -> None:
    flat = np.full((16, 24, 3), (180, 90, 30), np.uint8)
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(encoded(Image.fromarray(flat), kind))
    loaded = read_image(path)
    assert np.abs(loaded.rgba[..., :3].astype(int) - flat).max() <= 4
    assert loaded.doubts == ()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_of_several_pictures_is_used_and_said(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue", "white")]
    path = tmp_path / "several"
    path.write_bytes(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    loaded = read_image(path)
    red, _, blue, _ = loaded.rgba[16, 16]
    assert red > 240
    assert blue < 15
    assert [doubt.code for doubt in loaded.doubts] == ["first-picture"]
    assert str(path) in loaded.doubts[0].message


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [1, 3])
def test_cameras_of_few_bits(tmp_path: Path, bits: int, kind: str, channels: int) -> None:
    full = {9: 10}.get(bits, bits)
    ramp = np.linspace(0, 2**bits - 1, 16 * 16 * channels).astype(np.uint16).reshape(16, 16, channels)
    path = tmp_path / f"raw.{kind}"
    written, data = cv2.imencode(f".{kind.lower()}", ramp[..., ::-1])
    assert written
    path.write_bytes(data.tobytes())
    loaded = read_image(path)
    np.testing.assert_allclose(loaded.rgba[..., :channels], ramp * 255.0 / (2**full - 1), atol=0.51)
    assert [doubt.code for doubt in loaded.doubts] == ["stretched"]
    assert f"{full} bits" in loaded.doubts[0].message
    assert read_image(ramp).doubts


def test_deep_colors_keep_alpha_and_orientation(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 4096, (12, 20, 4)).astype(np.uint16)
    pixels[..., 3] = np.where(pixels[..., 3] > 2000, 65535, 0)
    path = tmp_path / "deep.png"
    path.write_bytes(cv2.imencode(".png", pixels[..., [2, 1, 0, 3]])[1].tobytes())
    np.testing.assert_array_equal(read_image(path).rgba[..., 3], pixels[..., 3] // 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = path.read_bytes()
    chunk = b"eXIf" + exif.tobytes()[6:]
    turned = data[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    np.testing.assert_array_equal(read_image(turned).rgba, np.rot90(read_image(path).rgba, -1))


def test_a_picture_of_all_bits_is_not_stretched() -> None:
    pixels = RNG.integers(0, 65536, (16, 16, 3)).astype(np.uint16)
    loaded = read_image(cv2.imencode(".png", pixels)[1].tobytes())
    assert loaded.doubts == ()
    assert np.abs(loaded.rgba[..., 2::-1].astype(int) - pixels // 257).max() <= 1


def test_a_large_jpeg_is_shrunk_while_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MAX_PIXELS", 100 * 80)
    monkeypatch.setattr(image_files, "MAX_JPEG_PIXELS", 300 * 300)
    for size, read in (((150, 100), (75, 50)), ((290, 300), (73, 75))):
        left = Image.new("RGB", size, "white")
        left.paste("black", (0, 0, size[0] // 2, size[1]))
        loaded = read_image(encoded(left, "JPEG"))
        assert loaded.rgba.shape == (read[1], read[0], 4)
        assert loaded.shrunk
        assert f"{size[0]}x{size[1]}" in loaded.doubts[0].message
        assert loaded.rgba[5, 5, 0] < 30
        assert loaded.rgba[-5, -5, 0] > 225
    for data in (encoded(Image.new("RGB", (301, 300)), "JPEG"), encoded(Image.new("RGB", (150, 100)), "PNG")):
        with pytest.raises(InputError, match="megapixels") as error:
            read_image(data)
        one_line(error)


def test_heic_needs_a_package_and_is_read_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputError, match=r"shapelift\[heic\]") as error:
        read_image(head)
    one_line(error, "HEIC", "pillow-heif")

    class Decoder(ImageFile.ImageFile):
        format = "HEIF"

        def _open(self) -> None:
            self._size, self._mode = (20, 12), "RGB"

        def load(self) -> object:
            self.im = Image.fromarray(COLORS).im
            return Image.Image.load(self)

    package = types.ModuleType("pillow_heif")
    package.register_heif_opener = (
        lambda: Image.register_open(  # type: ignore[attr-defined]
            "HEIF", Decoder, lambda data: data[4:8] == b"ftyp"
        )
    )
    monkeypatch.setitem(sys.modules, "pillow_heif", package)
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    np.testing.assert_array_equal(read_image(head).rgba[..., :3], COLORS)


@pytest.mark.parametrize(
    "address", ["http://a.org/b.jpg", "HTTPS://a.org/b.jpg?c=d", "https:/a.org/b.jpg", "ftp://a.org/b", "s3://a/b.png"]
)
def test_addresses_are_refused_by_name(address: str) -> None:
    for source in (address, Path(address)):
        with pytest.raises(InputError, match="download it first") as error:
            read_image(source)
        assert "://" in str(error.value)


def test_what_is_no_image_is_called_by_its_name() -> None:
    files = {
        b"<!DOCTYPE html><html><body>404</body></html>": "web page",
        b"\xef\xbb\xbf\n <HTML>": "web page",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>': "SVG",
        b"%PDF-1.7": "PDF",
        b"\0\0\0\x18ftypmp42": "video",
        b"glTF\2\0\0\0": "3D model",
        b"PK\x03\x04": "archive",
        b"\x89PNG\r\n\x1a\n": "damaged",
        b"\xff\xd8\xff\xe0": "damaged",
        b"RIFF....WEBP": "damaged",
        b"\0\0\0\x18ftypavif": "damaged",
        b"something else": "known format",
    }
    for data, word in files.items():
        with pytest.raises(InputError, match=word) as error:
            read_image(data, "a.png")
        one_line(error, "a.png: is ")
    raw = io.BytesIO()
    Image.fromarray(COLORS).save(raw, "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(InputError, match="raw file of a camera"):
        read_image(raw.getvalue())


def test_decoders_print_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    noise = Image.fromarray(RNG.integers(0, 256, (40, 50, 3), dtype=np.uint8))
    failed = 0
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg"):
        data = encoded(noise, "TIFF", compression=compression)
        for place in range(0, len(data), max(1, len(data) // 25)):
            damaged = bytearray(data)
            damaged[place] ^= 0xFF
            try:
                read_image(bytes(damaged))
            except InputError as error:
                failed += 1
                assert "\n" not in str(error)  # noqa: PT017 - both outcomes are right
    assert failed > 5
    out, err = capfd.readouterr()
    assert out == ""
    assert err == ""
    sys.stderr.write("still there\n")
    assert capfd.readouterr().err == "still there\n"


def test_an_animation_has_its_pictures_and_times(tmp_path: Path) -> None:
    frames = np.zeros((3, 8, 8, 4), np.uint8)
    for index, color in enumerate(((250, 0, 0, 255), (0, 250, 0, 255), (0, 0, 250, 0))):
        frames[index] = color
    save_animation(tmp_path / "a.webp", frames, frame_s=0.25)
    with Image.open(tmp_path / "a.webp") as read:
        assert (read.format, read.n_frames, read.info["loop"]) == ("WEBP", 3, 0)
        for index, expected in enumerate(frames):
            read.seek(index)
            read.load()
            assert read.info["duration"] == 250
            shown = np.asarray(read.convert("RGBA")).astype(int)
            assert (shown[..., 3] == expected[..., 3]).all()
            assert np.abs(shown - expected)[expected[..., 3] > 0].max(initial=0) < 12
    with pytest.raises(InputError, match="cannot write here"):
        save_animation(tmp_path / "none" / "a.webp", frames)


def test_save_image_round_trip(tmp_path: Path) -> None:
    save_image(tmp_path / "a.png", COLORS)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").rgba[..., :3], COLORS)
    with pytest.raises(InputError, match="cannot write"):
        save_image(tmp_path / "none" / "a.png", COLORS)
