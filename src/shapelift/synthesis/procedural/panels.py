"""Flat and curved screen panels with their frames, recesses and backs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from manifold3d import Manifold

from shapelift.synthesis.procedural.solids import (
    SIDES,
    Piece,
    bow,
    box,
    difference,
    ellipsoid,
    loft,
    prism,
    rectangle,
    rod,
    rounded_rectangle,
    span,
)

PanelBack = Literal["flat", "bulge", "box", "slope"]


@dataclass(frozen=True, kw_only=True)
class PanelParameters:
    """A panel of width 1 about 0, its front face in z = 0, looking to +Z.

    bezel, chin: widths of the frame and, further, of its lower edge.
    aspect: width over height. recess: how far the pane lies behind the frame.
    curve: how far the ends come forward.
    back_size: share of the panel that the body behind it covers, `back_depth` its depth.
    speakers: width of the boxes on either side.
    """

    aspect: float
    thickness: float
    bezel: float
    chin: float
    recess: float
    corner: float
    curve: float
    back: PanelBack
    back_depth: float
    back_size: float
    buttons: int
    speakers: float
    vents: int

    @property
    def height(self) -> float:
        """Height of the panel."""
        return 1.0 / self.aspect

    def panel(self) -> list[Piece]:
        """Its parts, in groups "frame", "screen" and "detail"."""
        return _parts(self)


def buttons(number: int, y: float) -> list[Piece]:
    """Row of buttons in the plane z = 0, from the right inwards, at height y."""
    spots = [0.42 - 0.045 * index for index in range(number)]
    return [(rod((x, y, -0.02), (x, y, 0.012), 0.014, segments=10), "detail") for x in spots]


def _plate(p: PanelParameters, low: float, high: float) -> Manifold:
    """Rounded plate in the (x, y) plane between two depths, its bottom edge at y = -height / 2."""
    outline = rounded_rectangle(1.0, p.height, p.corner * min(1.0, p.height), 4)
    return prism(outline, low, high, "z")


def _parts(p: PanelParameters) -> list[Piece]:
    """Panel around 0 with its front face at z = 0, curved and with its back."""
    h, t = p.height, p.thickness
    frame = _plate(p, -t, 0.0)
    side = p.bezel
    low, high = -h / 2 + p.bezel + min(p.chin, 0.25 * h), h / 2 - p.bezel
    recess = min(p.recess, 0.3 * t)
    window = span((-0.5 + side, low, -recess - 0.2 * t), (0.5 - side, high, 0.1))
    pane = span((-0.5 + 0.7 * side, low - 0.3 * side, -0.8 * t), (0.5 - 0.7 * side, high + 0.3 * side, -recess))
    pieces: list[Piece] = [(difference(frame, [window]), "frame"), (pane, "screen"), *_back(p)]
    pieces += buttons(p.buttons, -h / 2 + 0.5 * p.bezel)
    for side_ in SIDES if p.speakers else ():
        x = side_ * (0.5 + 0.5 * p.speakers - 0.004)
        pieces.append((box((p.speakers, 0.96 * h, 1.2 * t + 0.01), (x, 0.0, -0.5 * t), 0.2 * t), "detail"))
    if p.curve:
        pieces = [(bow(solid, p.curve, 1.0, 0.14), group) for solid, group in pieces]
    return pieces


def _back(p: PanelParameters) -> list[Piece]:
    h, t, size = p.height, p.thickness, p.back_size
    z = -0.9 * t
    if p.back == "flat":
        return [(box((size, 0.6 * size * h, 0.024), (0.0, -0.1 * h, -t - 0.007)), "frame")]
    if p.back == "box":
        low = -0.3 * h * (1 - size)
        body = box((size, size * h, 2 * p.back_depth), (0.0, low, z), 0.2 * p.back_depth)
        return [(body.trim_by_plane((0.0, 0.0, -1.0), 0.7 * t), "frame"), *_vents(p, low, z - p.back_depth)]
    if p.back == "bulge":
        shell = ellipsoid((0.94, 0.9 * h, 2 * p.back_depth), (0.0, 0.0, z), 24)
        return [(shell.trim_by_plane((0.0, 0.0, -1.0), 0.7 * t), "frame")]
    outline = rectangle(0.96, 0.94 * h)
    rings = [(0.5 * z, 1.0), (z - 0.1 * p.back_depth, 1.0), (z - p.back_depth, size)]
    sections = [np.column_stack([outline * scale, np.full(4, depth)]) for depth, scale in rings]
    return [(loft(sections), "frame"), *_vents(p, 0.0, z - p.back_depth)]


def _vents(p: PanelParameters, middle: float, z: float) -> list[Piece]:
    """Ribs across the back."""
    reach, rise = 0.4 * p.back_size, 0.32 * p.back_size * p.height
    return [
        (span((-reach, y - 0.008, z - 0.014), (reach, y + 0.008, z + 0.012)), "detail")
        for y in np.linspace(middle - rise, middle + rise, p.vents)
    ]
