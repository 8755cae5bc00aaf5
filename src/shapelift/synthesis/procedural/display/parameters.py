"""Parameters of displays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from shapelift.synthesis.procedural.declaration import (
    Parameters,
    choice,
    drawn,
    integers,
    maybe,
    seed,
    times,
    uniform,
    when,
)

_Kind = Literal["flat", "tube", "laptop", "dual"]
_Back = Literal["flat", "bulge", "box", "slope"]
_Stand = Literal["plate", "disc", "oval", "feet", "vee", "easel", "arm", "ring", "block", "wall", "tripod"]

_STANDS: dict[_Stand, float] = {
    "plate": 3.0, "disc": 1.2, "oval": 2.0, "feet": 2.2, "vee": 1.2, "easel": 0.7, "arm": 0.5, "ring": 0.6,
    "block": 0.6, "wall": 0.8, "tripod": 0.5,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DisplayParameters(Parameters):
    """Mostly flat panels; proportions from 5:4 to ultra-wide. Lengths are shares of the panel's width.

    aspect: width over height.
    bezel, chin: widths of the frame and, further, of its lower edge.
    recess: how far the pane lies behind the frame.
    curve: how far the ends come forward.
    back_size: share of the panel that the body behind it covers, `back_depth` its depth.
    speakers: width of the boxes on either side.
    """

    kind: _Kind = drawn(choice({"flat": 8.0, "tube": 2.0, "laptop": 1.3, "dual": 0.4}))
    _flat_aspect: ClassVar = choice({16 / 9: 4.0, 16 / 10: 2.0, 4 / 3: 1.5, 5 / 4: 1.0, 21 / 9: 1.0, 9 / 16: 0.25})
    _usual_aspect: ClassVar = when(
        lambda p: p.kind in {"tube", "laptop"},
        choice({4 / 3: 3.0, 5 / 4: 1.0, 16 / 10: 2.0, 16 / 9: 1.0}),
        lambda rng, p: p._flat_aspect,
    )
    aspect: float = drawn(times(lambda p: p._usual_aspect, uniform(0.95, 1.06)))
    thickness: float = drawn(maybe(0.7, uniform(0.022, 0.05), uniform(0.05, 0.13)))
    bezel: float = drawn(maybe(0.5, uniform(0.012, 0.03), uniform(0.03, 0.08)))
    chin: float = drawn(maybe(0.35, uniform(0.02, 0.16), 0.0))
    recess: float = drawn(uniform(0.003, 0.012))
    corner: float = drawn(uniform(0.0, 0.06))
    curve: float = drawn(maybe(0.18, uniform(0.03, 0.1), 0.0))
    back: _Back = drawn(choice({"flat": 2.0, "bulge": 2.0, "box": 2.0, "slope": 1.0}))
    back_depth: float = drawn(uniform(0.02, 0.12))
    back_size: float = drawn(uniform(0.35, 0.85))
    tilt_deg: float = drawn(uniform(-3.0, 14.0))
    stand: _Stand = drawn(choice(_STANDS))
    stand_height: float = drawn(uniform(0.04, 0.3))
    neck_width: float = drawn(uniform(0.04, 0.22))
    neck_depth: float = drawn(uniform(0.025, 0.07))
    base_width: float = drawn(uniform(0.28, 0.65))
    base_depth: float = drawn(uniform(0.18, 0.36))
    base_height: float = drawn(uniform(0.014, 0.04))
    neck_lean: float = drawn(uniform(0.0, 0.12))
    buttons: int = drawn(maybe(0.35, integers(1, 6), 0))
    speakers: float = drawn(maybe(0.12, uniform(0.06, 0.13), 0.0))
    tube_depth: float = drawn(uniform(0.5, 0.95))
    hinge_deg: float = drawn(uniform(92.0, 130.0))
    vents: int = drawn(maybe(0.3, integers(3, 7), 0))
    material_seed: int = drawn(seed)

    @property
    def height(self) -> float:
        """Height of the panel."""
        return 1.0 / self.aspect

    @property
    def clearance(self) -> float:
        """Height of the lower edge of a flat panel above the ground."""
        if self.stand in {"easel", "wall"}:
            return 0.03
        return self.stand_height + (0.05 if self.stand == "tripod" else 0.0)

    @property
    def middle(self) -> float:
        """Height of the middle of a flat panel above the ground."""
        return self.clearance + self.height / 2
