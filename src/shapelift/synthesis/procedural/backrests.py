"""Backs of chairs: made flat and upright, the chair curves and leans them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shapelift.synthesis.procedural.solids import (
    SIDES,
    Piece,
    box,
    pillow,
    prism,
    rod,
    rounded_rectangle,
    smooth_curve,
    span,
    tube,
)

BackStyle = Literal["solid", "slats", "ladder", "spindles", "frame", "tufted", "hoop", "splat", "low", "cushion"]


@dataclass(frozen=True, kw_only=True)
class Backrest:
    """A back over the seat's top (y = 0), in the plane z = 0, `width` wide at its foot; lengths in metres.

    bars: slats, spindles, rails or columns of tufts.
    gap: 0..1, how open it is.
    rounding: 0..1, how round its upper corners are.
    root: how far down the seat can hold it (the seat's thickness).
    """

    style: BackStyle
    width: float
    height: float
    thickness: float
    bars: int
    gap: float
    rounding: float
    root: float

    def build(self) -> list[Piece]:
        """Its parts, in groups "frame" (bars), "seat" (shells) and "soft" (upholstery)."""
        return _MAKERS[self.style](self)


def stile_width(thickness: float) -> float:
    """Thickness of the uprights of a back of this thickness."""
    return min(max(thickness, 0.022), 0.06)


def _stiles(p: Backrest, height: float) -> list[Piece]:
    t = stile_width(p.thickness)
    foot = -0.7 * p.root
    return [
        (span((s * p.width / 2, foot, -t / 2), (s * (p.width / 2 - t), height, t / 2), 0.12 * t), "frame")
        for s in SIDES
    ]


def _rail(p: Backrest, low: float, high: float, reach: float = 1.0) -> Piece:
    t = stile_width(p.thickness)
    x = reach * p.width / 2 - 0.3 * t
    return span((-x, low, -0.35 * t), (x, high, 0.35 * t), 0.1 * t), "frame"


def _solid_back(p: Backrest) -> list[Piece]:
    low = -0.6 * p.root
    outline = rounded_rectangle(p.width, p.height - low, 0.02 + p.rounding * 0.45 * p.width, 5)
    outline[:, 1] += (p.height + low) / 2
    t = max(p.thickness, 0.018)
    keep = outline[:, 1] < 0.5 * (p.height + low)
    outline[keep, 0] = np.sign(outline[keep, 0]) * p.width / 2 * np.where(np.abs(outline[keep, 0]) > 1e-6, 1, 0)
    plate = prism(outline, -t / 2, t / 2, "z")
    return [(plate, "seat")]


def _low_back(p: Backrest) -> list[Piece]:
    """A single rest on two posts."""
    height = 0.55 * p.height
    plate = box((p.width, 0.45 * height, max(0.02, p.thickness)), (0.0, 0.78 * height, 0.0), 0.01 + 0.1 * p.gap)
    t = stile_width(p.thickness)
    posts = [
        span((s * 0.3 * p.width - t / 2, -0.7 * p.root, -t / 2), (s * 0.3 * p.width + t / 2, height * 0.8, t / 2))
        for s in SIDES
    ]
    return [(plate, "seat"), *[(post_, "frame") for post_ in posts]]


def _slat_back(p: Backrest) -> list[Piece]:
    h, t = p.height, stile_width(p.thickness)
    low = p.gap * 0.4 * h
    inner = p.width - 2 * t
    pitch = inner / p.bars
    slat = max(0.014, pitch * (0.35 + 0.4 * p.gap))
    pieces = [*_stiles(p, h), _rail(p, 0.86 * h, h - 0.01), _rail(p, low, low + 0.05)]
    for index in range(p.bars):
        x = -inner / 2 + pitch * (index + 0.5)
        pieces.append((span((x - slat / 2, low + 0.02, -0.2 * t), (x + slat / 2, 0.9 * h, 0.2 * t)), "frame"))
    return pieces


def _ladder_back(p: Backrest) -> list[Piece]:
    h = p.height
    bars = max(2, p.bars - 1)
    low = (0.15 + 0.4 * p.gap) * h
    pitch = (h - low) / bars
    thick = pitch * (0.35 + 0.45 * p.gap)
    rails = [_rail(p, low + pitch * (i + 1) - thick, low + pitch * (i + 1) - 0.005) for i in range(bars)]
    return [*_stiles(p, h), *rails]


def _spindle_back(p: Backrest) -> list[Piece]:
    h = p.height
    number = p.bars + 2
    radius = max(0.008, 0.25 * stile_width(p.thickness))
    top = box((p.width * 1.02, 0.12 * h, max(0.022, p.thickness)), (0.0, 0.94 * h, 0.0), 0.008)
    pieces: list[Piece] = [(top, "frame")]
    spots = np.linspace(-p.width / 2 + 2 * radius, p.width / 2 - 2 * radius, number)
    bars = [rod((x, -0.7 * p.root, 0.0), (x, 0.93 * h, 0.0), radius * 1.1, radius, 8) for x in spots]
    return pieces + [(bar, "frame") for bar in bars]


def _frame_back(p: Backrest) -> list[Piece]:
    """Open frame with an upholstered or woven panel in it."""
    h, t = p.height, stile_width(p.thickness)
    low = (0.08 + 0.5 * p.gap) * h
    panel = box((p.width - 1.2 * t, h - low - 0.6 * t, max(0.016, 0.5 * t)), (0.0, (h + low) / 2, 0.0))
    bars = [_rail(p, h - 1.2 * t, h - 0.004), _rail(p, low, low + t)]
    return [*_stiles(p, h), *bars, (panel, "soft")]


def _tufted_back(p: Backrest) -> list[Piece]:
    h, t = p.height, max(p.thickness, 0.04)
    plate = box((p.width, h + 0.6 * p.root, t), (0.0, h / 2 - 0.3 * p.root, 0.0), 0.2 * t)
    columns = min(p.bars, 5)
    rows = max(2, round(columns * h / p.width))
    pieces: list[Piece] = [(plate, "seat")]
    for row in range(rows):
        for column in range(columns):
            middle = (p.width * ((column + 0.5) / columns - 0.5) * 0.94, h * (row + 0.5) / rows, 0.5 * t)
            size = (p.width / columns * 0.98, h / rows * 1.02, 0.9 * t)
            pieces.append((pillow(size, middle, 3.0, 4), "soft"))
    return pieces


def _hoop_back(p: Backrest) -> list[Piece]:
    """Windsor bow with spindles."""
    h, radius = p.height, max(0.011, 0.35 * stile_width(p.thickness))
    angles = np.linspace(0, np.pi, 15)
    half = p.width / 2 - 2 * radius
    power = 2.0 + 2.0 * p.gap
    x = half * np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** (2 / power)
    y = h * np.sin(angles) ** (2 / power)
    path = np.stack([x, y, 0 * x], axis=1)
    path[[0, -1], 1] = -0.6 * p.root
    pieces: list[Piece] = [(tube(path, radius, 8), "frame")]
    for at in np.linspace(-0.72, 0.72, p.bars) * half:
        top = h * (1 - abs(at / half) ** power) ** (1 / power)
        spindle = rod((at * 0.85, -0.6 * p.root, 0.0), (at, top, 0.0), 0.75 * radius, segments=8)
        pieces.append((spindle, "frame"))
    return pieces


def _splat_back(p: Backrest) -> list[Piece]:
    """Two stiles, a crest rail and one shaped board between."""
    h = p.height
    half = p.width * (0.1 + 0.2 * p.gap)
    waist = [(half, -0.5 * p.root), (half * 0.6, 0.25 * h), (half * 1.1, 0.55 * h), (half * 0.75, 0.93 * h)]
    right = smooth_curve(waist, 10)
    outline = np.concatenate([right, right[::-1] * [-1.0, 1.0]])
    board = prism(outline, -0.25 * stile_width(p.thickness), 0.25 * stile_width(p.thickness), "z")
    return [*_stiles(p, h - 0.02), _rail(p, 0.86 * h, h, 1.08), (board, "frame")]


def _cushion_back(p: Backrest) -> list[Piece]:
    """A thin board with a fat loose cushion before it."""
    h, t = p.height, max(0.022, 0.4 * p.thickness)
    foot = -0.6 * p.root
    fat = max(0.07, p.thickness)
    board = span((-p.width / 2, foot, -t / 2), (p.width / 2, h * 0.92, t / 2), 0.3 * t)
    soft = pillow((p.width * 0.94, h * 0.98, fat * 1.5), (0.0, h * 0.53, 0.5 * fat), 4.0)
    return [(board, "frame"), (soft, "soft")]


_MAKERS = {
    "solid": _solid_back,
    "low": _low_back,
    "slats": _slat_back,
    "ladder": _ladder_back,
    "spindles": _spindle_back,
    "frame": _frame_back,
    "tufted": _tufted_back,
    "hoop": _hoop_back,
    "splat": _splat_back,
    "cushion": _cushion_back,
}
