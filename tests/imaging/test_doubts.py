from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from shapelift.errors import InputError
from shapelift.imaging.segmentation import ObjectMask, object_mask

SIZE = 160
Y, X = np.mgrid[0:SIZE, 0:SIZE]


def ball(x: float, y: float, radius: float) -> np.ndarray:
    """Coverage `s s` in [0, 1], with a soft edge of one pixel."""
    return np.clip(radius - np.hypot(X + 0.5 - x, Y + 0.5 - y) + 0.5, 0.0, 1.0)


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    inside = np.zeros((SIZE, SIZE))
    inside[top:bottom, left:right] = 1.0
    return inside


MIDDLE = ball(80, 80, 45)


def cut_out(coverage: np.ndarray, alpha: float = 255.0) -> np.ndarray:
    """A shaded object whose alpha is its coverage."""
    shade = np.stack([80 + 0.5 * X, 60 + 0.2 * Y, 90 + 0.3 * X], axis=-1)
    return np.dstack([shade, coverage * alpha]).astype(np.uint8)


def painted(coverage: np.ndarray, color: tuple[int, ...], background: tuple[int, ...]) -> np.ndarray:
    mixed = coverage[..., None] * np.array(color) + (1.0 - coverage[..., None]) * np.array(background)
    return np.dstack([np.rint(mixed), np.full((SIZE, SIZE), 255)]).astype(np.uint8)


def opaque(alpha: np.ndarray | None = None) -> np.ndarray:
    """A photograph before a plain wall, with the alpha channel that is given."""
    rgba = painted(MIDDLE, (40, 90, 160), (235, 230, 220))
    if alpha is not None:
        rgba[..., 3] = alpha
        rgba[alpha == 0, :3] = 0
    return rgba


def as_mask(coverage: np.ndarray) -> np.ndarray:
    return np.rint(coverage * 255).astype(np.uint8)


def codes(found: ObjectMask) -> list[str]:
    return [doubt.code for doubt in found.warnings]


def agreement(found: ObjectMask, truth: np.ndarray) -> float:
    inside, true = found.coverage >= 128, truth >= 0.5
    return float((inside & true).sum() / (inside | true).sum())


INVERTED = {
    "ball": 1.0 - MIDDLE,
    "box": 1.0 - box(30, 40, 120, 130),
    "small object": 1.0 - ball(50, 60, 12),
    "two objects": 1.0 - np.maximum(ball(40, 80, 25), ball(110, 80, 25)),
    "ring": 1.0 - (ball(80, 80, 60) - ball(80, 80, 30)),
    "object that stands on the border": 1.0 - box(76, 60, 84, 160),
}


@pytest.mark.parametrize("case", list(INVERTED))
def test_a_mask_of_the_wrong_way_round_is_pointed_out(case: str) -> None:
    found = object_mask(opaque(), as_mask(INVERTED[case]), name="photo.jpg", mask_name="mask.png")
    assert codes(found) == ["mask-inverted"]
    assert found.warnings[0].message.startswith("mask.png: ")
    right = object_mask(opaque(), as_mask(1.0 - INVERTED[case]), name="photo.jpg", mask_name="mask.png")
    assert "mask-inverted" not in codes(right)


def test_masks_along_the_border() -> None:
    assert codes(object_mask(opaque(), as_mask(np.ones((SIZE, SIZE))))) == ["mask-covers-picture"]
    assert codes(object_mask(opaque(), as_mask(box(0, 0, 160, 120)))) == ["mask-covers-border"]
    assert codes(object_mask(opaque(), as_mask(1.0 - box(40, 40, 160, 120)))) == ["mask-covers-border"]


CUT = {
    "right": ball(150, 80, 45),
    "left": box(0, 60, 60, 100),
    "top": ball(80, 5, 40),
    "bottom": box(60, 50, 100, 160),
    "top, left": ball(10, 10, 40),
    "left, right": box(0, 70, 160, 90),
}


def test_a_picture_trimmed_to_its_object_is_none_that_is_cut_off() -> None:
    disc = ball(80, 80, 60)
    rows, columns = np.flatnonzero(disc.any(axis=1)), np.flatnonzero(disc.any(axis=0))
    trimmed = cut_out(disc)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert object_mask(trimmed, name="cup.png").warnings == ()


@pytest.mark.parametrize("sides", list(CUT))
@pytest.mark.parametrize("how", ["alpha", "mask", "plain background"])
def test_an_object_that_meets_the_border_is_pointed_out(sides: str, how: str) -> None:
    coverage = CUT[sides]
    if how == "alpha":
        found = object_mask(cut_out(coverage), name="cup.png")
    elif how == "mask":
        found = object_mask(opaque(), as_mask(coverage), name="cup.png")
    else:
        found = object_mask(painted(coverage, (40, 90, 160), (235, 230, 220)), name="cup.png")
    assert found.source == how
    assert codes(found) == ["object-meets-border"]
    assert f"({sides})" in found.warnings[0].message
    assert found.warnings[0].message.startswith("cup.png: ")


SEVERAL = {
    "two balls": [ball(40, 80, 30), ball(120, 80, 30)],
    "three boxes": [box(10, 20, 50, 60), box(60, 20, 100, 60), box(110, 20, 150, 60)],
    "one above the other": [ball(80, 40, 35), ball(80, 120, 28)],
    "close together": [box(20, 40, 78, 120), box(81, 40, 139, 120)],
    "one is half as large": [ball(50, 80, 40), ball(125, 80, 28)],
    "four": [ball(x, y, r) for x, y, r in ((40, 40, 30), (120, 40, 29), (40, 120, 28), (120, 120, 27))],
}


@pytest.mark.parametrize("case", list(SEVERAL))
@pytest.mark.parametrize("how", ["alpha", "mask", "plain background"])
def test_one_of_several_objects_can_be_chosen(case: str, how: str) -> None:
    parts = SEVERAL[case]
    together = np.maximum.reduce(parts)
    rgba, mask = opaque(), None
    if how == "mask":
        mask = as_mask(together)
    else:
        rgba = cut_out(together) if how == "alpha" else painted(together, (40, 90, 160), (235, 230, 220))
    found = object_mask(rgba, mask, name="two.png")
    assert codes(found) == ["several-objects"]
    assert f"{len(parts)} parts" in found.warnings[0].message
    for number, part in enumerate(parts, start=1):
        one = object_mask(rgba, mask, number=number, name="two.png")
        assert codes(one) == []
        assert agreement(one, part) > 0.97
    for number in (0, len(parts) + 1):
        with pytest.raises(InputError, match=f"`object_number` {number}: two.png shows {len(parts)} parts"):
            object_mask(rgba, mask, number=number, name="two.png")


def test_crumbs_beside_an_object_are_no_second_one() -> None:
    assert codes(object_mask(cut_out(np.maximum(MIDDLE, ball(150, 20, 6))))) == []


TRANSLUCENT = {
    "as glass": MIDDLE * 115,
    "nearly opaque": MIDDLE * 200,
    "hardly there": MIDDLE * 20,
    "thinner in the middle": np.where(MIDDLE > 0, 60 + 1.2 * np.hypot(X - 80, Y - 80), 0) * (MIDDLE > 0),
    "with bright spots": np.maximum(MIDDLE * 100, ball(70, 70, 6) * 255),
    "an opaque lid": np.maximum(MIDDLE * 90, box(60, 30, 100, 50) * 255),
    "before a haze": 40 + MIDDLE * 75,
    "one of 255": MIDDLE.round(),
}


@pytest.mark.parametrize("case", list(TRANSLUCENT))
def test_a_translucent_object_is_an_object(case: str) -> None:
    rgba = cut_out(np.ones((SIZE, SIZE)))
    rgba[..., 3] = TRANSLUCENT[case]
    found = object_mask(rgba, name="glass.png")
    assert found.source == "alpha"
    assert codes(found) == ["translucent"]
    truth = np.maximum(MIDDLE, box(60, 30, 100, 50)) if case == "an opaque lid" else MIDDLE
    assert agreement(found, truth) > 0.95
    assert agreement(object_mask(rgba, as_mask(truth)), truth) > 0.95


def test_shadows_and_soft_edges_are_not_translucent_objects() -> None:
    shadow = cut_out(MIDDLE)
    dark = (MIDDLE < 0.01) & (ball(110, 120, 45) > 0)
    shadow[dark] = (0, 0, 0, 90)
    found = object_mask(shadow)
    assert codes(found) == []
    assert agreement(found, MIDDLE) > 0.97
    feathered = cut_out(np.clip((45 - np.hypot(X - 80, Y - 80)) / 6.0 + 0.5, 0.0, 1.0))
    assert codes(object_mask(feathered)) == []


def test_translucent_parts_that_are_left_out_are_said() -> None:
    rgba = cut_out(box(30, 30, 90, 130))
    rgba[60:100, 90:120, 3] = 100
    found = object_mask(rgba)
    assert codes(found) == ["translucent-parts"]
    assert agreement(found, box(30, 30, 90, 130)) > 0.99


def corners(radius: float) -> np.ndarray:
    """Alpha of a picture with round corners."""
    away = np.maximum(radius - np.minimum(X, SIZE - 1 - X), 0), np.maximum(radius - np.minimum(Y, SIZE - 1 - Y), 0)
    return np.where(np.hypot(*away) > radius, 0, 255)


def holed(*pixels: tuple[int, int]) -> np.ndarray:
    alpha = np.full((SIZE, SIZE), 255)
    for place in pixels:
        alpha[place] = 0
    return alpha


NO_CUT_OUT = {
    "one pixel inside": holed((20, 20)),
    "one pixel at the border": holed((0, 80)),
    "a corner pixel": holed((0, 0)),
    "slightly round corners": corners(8),
    "round corners": corners(24),
    "very round corners": corners(38),
    "a thin frame": np.where((np.minimum(X, Y) == 0) | (np.maximum(X, Y) == SIZE - 1), 0, 255),
    "a clear logo": np.where(box(5, 5, 40, 20) > 0, 0, 255),
}


@pytest.mark.parametrize("case", list(NO_CUT_OUT))
def test_a_little_transparency_makes_no_cut_out(case: str) -> None:
    found = object_mask(opaque(NO_CUT_OUT[case]))
    assert found.source == "plain background"
    assert codes(found) == ["transparency-ignored"]
    assert agreement(found, MIDDLE) > 0.97


CUT_OUTS: dict[str, np.ndarray] = {
    "free": MIDDLE,
    "fills the picture": ball(80, 80, 80),
    "cut at two sides": box(0, 60, 160, 100),
    "a window": 1.0 - box(20, 20, 70, 140) - box(90, 20, 140, 140),
    "three sides": box(20, 10, 160, 160),
}


@pytest.mark.parametrize("case", list(CUT_OUTS))
def test_cut_outs_are_known_as_such(case: str) -> None:
    found = object_mask(cut_out(CUT_OUTS[case]))
    assert found.source == "alpha"
    assert agreement(found, CUT_OUTS[case]) == 1.0


def test_alpha_that_is_the_same_everywhere_says_nothing() -> None:
    for alpha in (10, 128, 254):
        found = object_mask(opaque(np.full((SIZE, SIZE), alpha)))
        assert (found.source, codes(found)) == ("plain background", [])
        assert agreement(found, MIDDLE) > 0.97


FAINT: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "light grey on white": ((229, 229, 229), (255, 255, 255)),
    "white on light grey": ((255, 255, 255), (238, 238, 238)),
    "nearly black on black": ((24, 24, 24), (8, 8, 8)),
    "cream on white": ((250, 248, 238), (255, 255, 255)),
    "two blues": ((70, 100, 170), (62, 92, 162)),
    "grey on grey": ((140, 140, 140), (128, 128, 128)),
}


@pytest.mark.parametrize("case", list(FAINT))
@pytest.mark.parametrize("noise", [0.0, 0.4])
def test_an_object_that_hardly_stands_out_is_found_and_said(case: str, noise: float) -> None:
    rgba = painted(MIDDLE, *FAINT[case])
    grain = np.random.default_rng(0).normal(0.0, noise, (SIZE, SIZE, 3))
    rgba[..., :3] = np.clip(np.rint(rgba[..., :3] + grain), 0, 255)
    found = object_mask(rgba)
    assert found.source == "plain background"
    assert codes(found) == ["low-contrast"]
    assert agreement(found, MIDDLE) > 0.95


def test_a_part_that_hardly_stands_out_is_said() -> None:
    rgba = painted(MIDDLE, (40, 90, 160), (255, 255, 255))
    rgba[(MIDDLE > 0.5) & (X > 80), :3] = 240
    found = object_mask(rgba)
    assert codes(found) == ["low-contrast"]
    assert agreement(found, MIDDLE) > 0.97


def test_a_soft_shadow_is_neither_object_nor_doubt() -> None:
    rgba = painted(MIDDLE, (40, 90, 160), (255, 255, 255)).astype(float)
    shade = 18.0 * np.exp(-(((X - 90) / 45) ** 2 + ((Y - 125) / 15) ** 2)) * (MIDDLE < 0.5)
    rgba[..., :3] = np.clip(np.rint(rgba[..., :3] - shade[..., None]), 0, 255)
    found = object_mask(rgba.astype(np.uint8))
    assert codes(found) == []
    assert agreement(found, MIDDLE) > 0.97


SMALL: dict[str, Callable[[], ObjectMask]] = {
    "alpha": lambda: object_mask(cut_out(ball(60, 60, 10))),
    "mask": lambda: object_mask(opaque(), as_mask(ball(60, 60, 10))),
    "plain background": lambda: object_mask(painted(ball(60, 60, 10), (40, 90, 160), (235, 230, 220))),
}


@pytest.mark.parametrize("how", list(SMALL))
def test_a_small_object_is_pointed_out(how: str) -> None:
    found = SMALL[how]()
    assert found.source == how
    assert codes(found) == ["object-small"]
    assert "1.2%" in found.warnings[0].message
