from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shapelift.errors import InputError
from shapelift.io.masks import read_mask

MARK = np.zeros((40, 48), bool)
MARK[10:30, 12:36] = True
TWO = MARK.copy()
TWO[:, 24:26] = False
LABELS = np.where(TWO, np.where(np.arange(48) < 24, 1, 2), 0)
"""Two objects side by side: labels 0, 1, 2."""


def soft(top: float = 255.0) -> np.ndarray:
    """Coverage with soft edges."""
    y, x = np.mgrid[0:40, 0:48]
    return top * np.clip(np.minimum.reduce([y - 8.5, 30.5 - y, x - 10.5, 36.5 - x]) / 3.0, 0.0, 1.0)


def png(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def palette(indices: np.ndarray, colors: list[int]) -> Image.Image:
    picture = Image.fromarray(indices.astype(np.uint8)).convert("P")
    picture.putdata(indices.ravel().tolist())
    picture.putpalette(colors + [0] * (768 - len(colors)))
    return picture


def with_alpha(alpha: np.ndarray, color: tuple[int, int, int] = (90, 20, 30)) -> np.ndarray:
    pixels = np.empty((*alpha.shape, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = color, alpha
    return pixels


BINARY = {
    "0 and 1": MARK.astype(np.uint8),
    "0 and 255": MARK.astype(np.uint8) * 255,
    "0 and 7": MARK.astype(np.uint8) * 7,
    "booleans": MARK,
    "int64": MARK.astype(np.int64),
    "uint16 and 1": MARK.astype(np.uint16),
    "uint16 and 65535": MARK.astype(np.uint16) * 65535,
    "uint32 identifiers": MARK.astype(np.uint32) * 70_001,
    "floats": MARK.astype(np.float32),
    "floats of 255": MARK.astype(np.float64) * 255.0,
    "floats with nan": np.where(MARK, 1.0, np.nan),
    "minus one": np.where(MARK, 3, -1),
    "1 and 2": np.where(MARK, 2, 1),
    "grey in three channels": np.repeat(MARK[..., None] * np.uint8(255), 3, axis=2),
    "channels first": MARK[None].astype(np.uint8),
    "alpha": with_alpha(MARK * np.uint8(255)),
    "faint alpha": with_alpha(MARK * np.uint8(100)),
    "red on black": MARK[..., None] * np.array([200, 0, 0], np.uint8),
    "dark blue on black": MARK[..., None] * np.array([0, 0, 64], np.uint8),
    "green on red": np.where(MARK[..., None], np.array([0, 255, 0], np.uint8), np.array([255, 0, 0], np.uint8)),
}


@pytest.mark.parametrize("case", list(BINARY))
def test_two_values_are_object_and_background_in_whatever_form(case: str) -> None:
    values = BINARY[case]
    np.testing.assert_array_equal(read_mask(values)[0], MARK * 255)
    assert read_mask(values)[1] == ()
    if values.dtype == np.uint8 and values.shape[0] != 1:
        for source in (Image.fromarray(values), png(Image.fromarray(values)), png(Image.fromarray(values), "TIFF")):
            np.testing.assert_array_equal(read_mask(source)[0], MARK * 255)


LABELLED = {
    "uint8": LABELS.astype(np.uint8),
    "uint8, three greys": np.choose(LABELS, [0, 100, 255]).astype(np.uint8),
    "uint8, far apart": np.choose(LABELS, [0, 128, 255]).astype(np.uint8),
    "uint16": LABELS.astype(np.uint16),
    "uint16 of a street": np.choose(LABELS, [0, 24_001, 26_002]).astype(np.uint16),
    "int32": LABELS.astype(np.int32) * 100_000,
    "floats": LABELS.astype(np.float32),
    "from 1": LABELS + 1,
    "colours": np.array([[0, 0, 0], [128, 0, 0], [0, 64, 0]], np.uint8)[LABELS],
    "colours on white": np.array([[255, 255, 255], [128, 0, 0], [0, 64, 0]], np.uint8)[LABELS],
}


@pytest.mark.parametrize("case", list(LABELLED))
def test_every_label_is_the_object(case: str) -> None:
    np.testing.assert_array_equal(read_mask(LABELLED[case])[0], TWO * 255)


def test_files_of_labels(tmp_path: Path) -> None:
    files = {
        "palette.png": png(palette(LABELS, [0, 0, 0, 128, 0, 0, 0, 64, 0])),
        "palette.gif": png(palette(LABELS, [0, 0, 0, 128, 0, 0, 0, 64, 0]), "GIF"),
        "white palette.png": png(palette(LABELS, [255, 255, 255, 200, 0, 0, 0, 64, 0])),
        "transparent palette.png": png(palette(LABELS, [9, 9, 9, 200, 0, 0, 0, 64, 0]), transparency=0),
        "16.png": png(Image.fromarray(LABELS.astype(np.uint16))),
        "32.tiff": png(Image.fromarray(LABELS.astype(np.int32)), "TIFF"),
        "float.tiff": png(Image.fromarray(LABELS.astype(np.float32)), "TIFF"),
        "one bit.png": png(Image.fromarray(TWO)),
        "one bit.bmp": png(Image.fromarray(TWO), "BMP"),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        np.testing.assert_array_equal(read_mask(tmp_path / name)[0], TWO * 255, err_msg=name)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_coverage_keeps_its_soft_edges(top: float) -> None:
    kind = {1.0: np.float32, 255.0: np.uint8, 65535.0: np.uint16}[top]
    values = soft(top).astype(kind)
    expected = np.rint(values.astype(np.float64) * 255.0 / top)
    np.testing.assert_allclose(read_mask(values)[0], expected, atol=1)
    assert read_mask(values)[1] == ()
    if top != 1.0:
        np.testing.assert_allclose(read_mask(png(Image.fromarray(values)))[0], expected, atol=1)


def test_coverage_of_few_values_is_no_label() -> None:
    edges = np.asarray(Image.fromarray(MARK * np.uint8(255)).resize((24, 20), Image.Resampling.BOX), np.uint8)
    shifted = np.zeros((40, 48), np.uint8)
    shifted[1:, 1:] = MARK[:-1, :-1] * np.uint8(255)
    mean = ((MARK * 255.0 + shifted) / 2).astype(np.uint8)
    assert len(np.unique(mean)) == 3
    np.testing.assert_array_equal(read_mask(mean)[0], mean)
    np.testing.assert_array_equal(read_mask(edges)[0], edges)


def test_jpeg_mask() -> None:
    coverage = read_mask(png(Image.fromarray(MARK * np.uint8(255)), "JPEG"))[0]
    np.testing.assert_array_equal(coverage >= 128, MARK)


def test_alpha_is_the_mask_where_there_is_any() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*MARK.shape, 4), dtype=np.uint8)
    noise[..., 3] = MARK * np.uint8(255)
    np.testing.assert_array_equal(read_mask(noise)[0], MARK * 255)
    np.testing.assert_array_equal(read_mask(Image.fromarray(noise))[0], MARK * 255)
    white = with_alpha(np.full(MARK.shape, 255, np.uint8), (0, 0, 0))
    white[MARK, :3] = 255
    white[0, 0, 3] = 0  # one clear pixel is no mask
    np.testing.assert_array_equal(read_mask(white)[0], MARK * 255)


def test_a_photograph_is_no_mask() -> None:
    y, x = np.mgrid[0:40, 0:48]
    _, doubts = read_mask((x * 3 + y * 2).astype(np.uint8))
    assert [doubt.code for doubt in doubts] == ["mask-grey"]


def test_empty_masks_are_refused(tmp_path: Path) -> None:
    Image.new("L", (12, 12)).save(tmp_path / "mask.png")
    empty = (
        tmp_path / "mask.png",
        np.zeros((12, 12)),
        np.zeros((12, 12), bool),
        with_alpha(np.zeros((12, 12), np.uint8)),
        Image.new("RGBA", (12, 12)),
    )
    for source in empty:
        with pytest.raises(InputError, match="mask is empty"):
            read_mask(source)
    with pytest.raises(InputError, match="numbers"):
        read_mask(np.full((12, 12), "a"))
    assert (read_mask(np.ones((12, 12)))[0] == 255).all()
