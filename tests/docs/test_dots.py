from __future__ import annotations

import numpy as np
import pytest
from experiments.dots import dots

RED, BLUE = (220, 40, 40), (40, 40, 220)


def hue(picture: np.ndarray) -> str:
    """The colour of the middle of a picture."""
    pixel = picture[len(picture) // 2, len(picture) // 2].astype(int)
    return "paper" if pixel.min() > 250 else "red" if pixel[0] > pixel[2] else "blue"


def test_a_point_is_a_ball_in_its_place() -> None:
    picture = dots([[0.325, 0.325, 0.0]], [RED], 0.0, 0.0, 80, radius_px=5.0, span=1.3)
    lines, columns = np.nonzero((picture < 250).any(axis=2))
    assert lines.mean() == pytest.approx(20, abs=1)  # a quarter from the top
    assert columns.mean() == pytest.approx(60, abs=1)
    assert np.ptp(lines) == np.ptp(columns) == 10
    assert picture[16, 61].sum() > picture[24, 57].sum()  # light comes from above


def test_what_is_nearer_hides_what_is_behind() -> None:
    points = [[0.0, 0.0, 0.3], [0.0, 0.0, -0.3]]
    assert hue(dots(points, [RED, BLUE], 0.0, 0.0, 41)) == "red"
    assert hue(dots(points[::-1], [BLUE, RED], 0.0, 0.0, 41)) == "red"
    assert hue(dots(points, [RED, BLUE], 180.0, 0.0, 41)) == "blue"


def test_the_viewer_stands_where_the_angles_say() -> None:
    assert hue(dots([[0.5, 0.0, 0.0]], [RED], 90.0, 0.0, 41)) == "red"
    assert hue(dots([[0.0, 0.5, 0.0]], [RED], 0.0, 90.0, 41)) == "red"
    assert hue(dots([[0.0, 0.5, 0.0]], [RED], 0.0, 0.0, 41)) == "paper"


def test_what_is_farther_is_paler() -> None:
    picture = dots([[-0.3, 0.0, 0.3], [0.3, 0.0, -0.3]], [RED, RED], 0.0, 0.0, 60)
    assert picture[30, :30].min() < picture[30, 30:].min()


def test_nothing_is_paper_and_points_outside_are_cut_off() -> None:
    assert (dots(np.zeros((0, 3)), np.zeros((0, 3)), 0.0, 0.0, 16) == 255).all()
    assert (dots([[5.0, 0.0, 0.0]], [RED], 0.0, 0.0, 16) == 255).all()
    with pytest.raises(ValueError, match="2 points and 1 colors"):
        dots(np.zeros((2, 3)), [RED], 0.0, 0.0, 16)
