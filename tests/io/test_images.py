from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from shapelift.errors import InputError
from shapelift.io.images import (
    MAX_PIXELS,
    image_from_array,
    image_from_pil,
    load_image,
    load_mask,
    save_image,
)

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
    rgba = load_image(path)
    assert rgba.dtype == np.uint8
    np.testing.assert_array_equal(rgba[..., :3], COLORS)
    assert (rgba[..., 3] == 255).all()


def test_jpeg(tmp_path: Path) -> None:
    flat = np.full((16, 24, 3), (180, 90, 30), np.uint8)
    (tmp_path / "a.jpg").write_bytes(encoded(Image.fromarray(flat), "JPEG", quality=95))
    assert np.abs(load_image(tmp_path / "a.jpg")[..., :3].astype(int) - flat).max() <= 3


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
    np.testing.assert_array_equal(load_image(path)[..., :3], COLORS)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 16 * 16).astype(np.uint16).reshape(16, 16)
    for kind in ("PNG", "TIFF"):
        path = tmp_path / f"ramp.{kind}"
        path.write_bytes(encoded(Image.fromarray(ramp), kind))
        rgba = load_image(path)
        np.testing.assert_allclose(rgba[..., 0], ramp / 257.0, atol=0.51)
        assert (rgba[..., 0] == rgba[..., 2]).all()


def test_floating_point_tiff(tmp_path: Path) -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    for scale in (1.0, 1000.0):
        path = tmp_path / "ramp.tiff"
        path.write_bytes(encoded(Image.fromarray(ramp * np.float32(scale)), "TIFF"))
        np.testing.assert_allclose(load_image(path)[..., 1], ramp * 255, atol=0.51)


def test_palette_with_transparency(tmp_path: Path) -> None:
    picture = Image.new("P", (10, 10), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0] + [0] * 762)
    picture.putpixel((3, 4), 0)
    path = tmp_path / "palette.png"
    path.write_bytes(encoded(picture, "PNG", transparency=1))
    rgba = load_image(path)
    assert tuple(rgba[4, 3]) == (255, 0, 0, 255)
    assert rgba[0, 0, 3] == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P"])
def test_every_mode_agrees_with_the_same_grey(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(np.where(RNG.random((12, 12)) < 0.5, 0, 255).astype(np.uint8))
    path = tmp_path / "mode.png"
    path.write_bytes(encoded(grey.convert(mode), "PNG"))
    rgba = load_image(path)
    np.testing.assert_array_equal(rgba[..., 1], np.asarray(grey))
    assert (rgba[..., 3] == 255).all()


def test_cmyk(tmp_path: Path) -> None:
    ink = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    for kind in ("TIFF", "JPEG"):
        (tmp_path / "ink").write_bytes(encoded(ink, kind))
        red, green, blue, alpha = load_image(tmp_path / "ink")[8, 8]
        assert red > 200
        assert green < 60
        assert blue < 60
        assert alpha == 255


def test_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.fromarray(COLORS), Image.fromarray(255 - COLORS)]
    frames[0].save(tmp_path / "pages.tiff", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(load_image(tmp_path / "pages.tiff")[..., :3], COLORS)


def one_line(error: pytest.ExceptionInfo[InputError], *words: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    assert ";" in text  # what is wrong; what to do
    for word in words:
        assert word in text


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
            load_image(tmp_path / name)
        one_line(error, name, reason)
    for path, reason in ((tmp_path / "none.png", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError) as error:
            load_image(path)
        one_line(error, str(path), reason)


def test_bomb_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_PIXELS < 9000 * 9000
    (tmp_path / "bomb.png").write_bytes(encoded(Image.new("1", (9000, 9000)), "PNG"))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(InputError):
        load_image(tmp_path / "bomb.png")


@RELAXED
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "noise.png"
    path.write_bytes(data)
    with pytest.raises(InputError):
        load_image(path)


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
        rgba = load_image(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - both outcomes are right
    else:
        assert rgba.dtype == np.uint8
        assert rgba.shape[2] == 4


def test_arrays_and_pillow_images() -> None:
    np.testing.assert_array_equal(image_from_array(COLORS)[..., :3], COLORS)
    np.testing.assert_array_equal(image_from_array(COLORS / 255.0)[..., :3], COLORS)
    np.testing.assert_array_equal(image_from_array(COLORS[..., 0])[..., 2], COLORS[..., 0])
    np.testing.assert_array_equal(image_from_pil(Image.fromarray(COLORS))[..., :3], COLORS)
    for wrong in (np.zeros((10, 10, 2)), np.zeros((10, 10, 3), np.int32), np.full((10, 10), 1.5)):
        with pytest.raises(ValueError, match="image"):
            image_from_array(wrong)
    with pytest.raises(InputError, match="too small"):
        image_from_array(np.zeros((1, 1, 3), np.uint8))


def test_masks(tmp_path: Path) -> None:
    mark = np.zeros((12, 12), np.uint8)
    mark[3:6, 4:9] = 1
    for image in (
        Image.fromarray(mark * 255),
        Image.fromarray(mark),  # labels 0 and 1
        Image.fromarray(mark * 255).convert("1"),
        Image.fromarray(np.dstack([np.zeros((12, 12, 3), np.uint8), mark * 255])),  # the transparency is the mask
    ):
        image.save(tmp_path / "mask.png")
        np.testing.assert_array_equal(load_mask(tmp_path / "mask.png"), mark * 255)
    Image.new("L", (12, 12)).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match="mask is empty"):
        load_mask(tmp_path / "mask.png")


def test_save_image_round_trip(tmp_path: Path) -> None:
    save_image(tmp_path / "a.png", COLORS)
    np.testing.assert_array_equal(load_image(tmp_path / "a.png")[..., :3], COLORS)
    with pytest.raises(InputError, match="cannot write"):
        save_image(tmp_path / "none" / "a.png", COLORS)
