from __future__ import annotations

import numpy as np
import pytest

from shapelift.pictures.shading import Scale
from shapelift.pictures.sheets import GAP_PX, SheetRow, resized, sheet, stacked

RED, GREEN = np.full((8, 8, 3), (255, 0, 0), np.uint8), np.full((8, 8, 3), (0, 255, 0), np.uint8)


def where(picture: np.ndarray, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero((picture == color).all(axis=2))
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_tiles_lie_in_rows_without_a_seam() -> None:
    picture = sheet([SheetRow("", [RED, GREEN]), SheetRow("", [GREEN])], 24)
    assert where(picture, (255, 0, 0)) == (0, 24, 0, 24)
    assert (picture[:24, 24 + GAP_PX : 48 + GAP_PX] == (0, 255, 0)).all()
    assert (picture[24 + GAP_PX :, :24] == (0, 255, 0)).all()
    assert (picture[24 : 24 + GAP_PX] == 255).all()


def test_titles_and_legends_have_room_of_their_own() -> None:
    plain = sheet([SheetRow("", [RED])], 64)
    row = SheetRow("two\nlines", [RED], Scale.of_depth(0.5, 1.5))
    picture = sheet([row], 64, title="A long title of the whole", columns=["first"])
    top, bottom, left, right = where(picture, (255, 0, 0))
    assert (bottom - top, right - left) == (64, 64)
    assert (picture[top:bottom, left:right] == (255, 0, 0)).all()
    assert picture.shape[0] > plain.shape[0]
    assert picture.shape[1] > plain.shape[1]
    for part in (picture[:top], picture[top:, :left], picture[top:, right:]):
        assert (part < 200).any(), "nothing is written there"
    legend = picture[top:, right:].reshape(-1, 3)
    assert len(np.unique(legend, axis=0)) > 30


def test_enlarged_pixels_stay_visible_and_shrunk_ones_are_averaged() -> None:
    board = np.kron(np.indices((2, 2)).sum(axis=0) % 2, np.ones((4, 4))).astype(np.uint8)[..., None] * [200, 200, 200]
    board = board.astype(np.uint8)
    assert np.array_equal(resized(board, 24), board.repeat(3, axis=0).repeat(3, axis=1))
    assert resized(board, 8) is board
    assert (resized(board, 1) == 100).all()


def test_sheets_are_stacked_with_margins() -> None:
    picture = stacked([RED, GREEN[:, :4]], 5)
    assert picture.shape == (2 * 8 + 3 * 5, 8 + 2 * 5, 3)
    assert where(picture, (255, 0, 0)) == (5, 13, 5, 13)
    assert where(picture, (0, 255, 0)) == (18, 26, 5, 9)


def test_nothing_makes_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        sheet([], 8)
    with pytest.raises(ValueError, match="nothing"):
        stacked([])
