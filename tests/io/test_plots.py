from __future__ import annotations

import numpy as np
import pytest

from shapelift.io.plots import Area, Dots, Line, Window, Words, circle, plot, rectangle

RED, BLUE = (220, 40, 40), (40, 40, 220)
UNIT = Window(0.0, 0.0, 1.0, 1.0)


def inked(picture: np.ndarray) -> np.ndarray:
    return (picture < 250).any(axis=2)


def test_a_dot_is_a_disc_in_its_place() -> None:
    picture = plot(UNIT, [Dots([[0.25, 0.75]], RED, 5.0)], 80)
    lines, columns = np.nonzero(inked(picture))
    assert (lines.mean(), columns.mean()) == pytest.approx((20.0, 20.0), abs=0.6)  # y grows upwards
    assert inked(picture).sum() == pytest.approx(np.pi * 25.0, rel=0.25)
    assert tuple(picture[20, 20]) == RED


def test_the_window_stretches_to_the_picture() -> None:
    window = Window(-1.0, 10.0, 3.0, 30.0)
    assert window.pixels([[-1.0, 30.0], [3.0, 10.0], [1.0, 20.0]], 100).tolist() == [[0, 0], [100, 100], [50, 50]]


def test_later_marks_lie_over_earlier_ones() -> None:
    marks = [Area(rectangle(0.0, 0.0, 1.0, 1.0), RED), Dots([[0.5, 0.5]], BLUE, 4.0)]
    assert tuple(plot(UNIT, marks, 40)[20, 20]) == BLUE
    assert tuple(plot(UNIT, marks[::-1], 40)[20, 20]) == RED


def test_lines_are_as_long_as_they_are_and_dashed_ones_half_inked() -> None:
    ends = [[0.1, 0.5], [0.9, 0.5]]
    solid, dashed = (inked(plot(UNIT, [Line(ends, RED, 2.0, dash)], 100)).any(axis=0).sum() for dash in (0.0, 5.0))
    assert solid == pytest.approx(80, abs=2)
    assert dashed == pytest.approx(40, abs=9)


def test_a_circle_closes_and_lies_on_its_radius() -> None:
    corners = circle(0.4)
    assert np.allclose(corners[0], corners[-1])
    assert np.allclose(np.linalg.norm(corners, axis=1), 0.4)


def test_words_are_written_where_they_are_asked_for() -> None:
    lines, columns = np.nonzero(inked(plot(UNIT, [Words((0.5, 0.25), "ring")], 120)))
    assert abs(columns.mean() - 60) < 3
    assert abs(lines.mean() - 90) < 4


def test_nothing_is_paper_and_what_is_outside_is_cut_off() -> None:
    marks = [Dots(np.zeros((0, 2)), RED), Dots([[7.0, 7.0]], RED), Line([[0.5, 0.5], [0.5, 0.5]], RED, 1.0, 3.0)]
    assert not inked(plot(UNIT, marks[:2], 16)).any()
    plot(UNIT, marks, 16)
    with pytest.raises(ValueError, match="left < right"):
        Window(1.0, 0.0, 1.0, 1.0)
