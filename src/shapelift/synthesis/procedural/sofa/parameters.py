"""Parameters of sofas and their distributions: mostly two and three seats, extensions only on long ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shapelift.synthesis.procedural.declaration import (
    Parameters,
    chance,
    choice,
    drawn,
    integers,
    maybe,
    seed,
    uniform,
    when,
)
from shapelift.synthesis.procedural.supports import LegShape

Back = Literal["solid", "cushions", "tufted", "camel", "rounded", "none", "slats"]
Arms = Literal["none", "block", "rolled", "flared", "slim", "wood", "sloped", "pillow"]
_Feet = Literal["legs", "plinth", "sled", "none"]
_Extension = Literal["none", "chaise", "corner"]

_EXTENSIONS: dict[_Extension, float] = {"none": 3.0, "chaise": 1.0, "corner": 1.0}
_ARMS: dict[Arms, float] = {
    "none": 1.0, "block": 4.0, "rolled": 2.0, "flared": 1.0, "slim": 1.0, "wood": 0.8, "sloped": 1.0,
    "pillow": 1.0,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SofaParameters(Parameters):
    """Lengths in metres. Seats stand side by side along X, arms outside of them."""

    seats: int = drawn(choice({1: 1.5, 2: 4.0, 3: 4.0, 4: 1.0}))
    extension: _Extension = drawn(when(lambda p: p.seats > 1, choice(_EXTENSIONS), "none"))
    seat_height: float = drawn(uniform(0.36, 0.5))
    seat_width: float = drawn(uniform(0.52, 0.8))
    seat_depth: float = drawn(uniform(0.55, 0.85))
    platform: float = drawn(uniform(0.3, 0.75))
    cushion: float = drawn(uniform(0.08, 0.2))
    cushion_softness: float = drawn(uniform(0.0, 1.0))
    single_cushion: bool = drawn(chance(0.3))
    back: Back = drawn(
        choice({"solid": 2.5, "cushions": 4.5, "tufted": 1.5, "camel": 1.0, "rounded": 1.0, "none": 0.25, "slats": 0.5})
    )
    back_height: float = drawn(uniform(0.28, 0.62))
    back_thickness: float = drawn(uniform(0.1, 0.26))
    back_tilt_deg: float = drawn(uniform(0.0, 18.0))
    tuft_rows: int = drawn(integers(1, 3))
    arms: Arms = drawn(choice(_ARMS))
    arm_height: float = drawn(uniform(0.1, 0.32))
    arm_width: float = drawn(uniform(0.08, 0.28))
    one_arm: bool = drawn(chance(0.12))
    extension_length: float = drawn(uniform(0.4, 1.4))
    mirror: bool = drawn(chance(0.5))
    feet: _Feet = drawn(choice({"legs": 6.0, "plinth": 1.5, "sled": 0.8, "none": 1.5}))
    foot_height: float = drawn(uniform(0.03, 0.2))
    leg_shape: LegShape = drawn(choice({"square": 3.0, "round": 3.0, "bulb": 1.0, "turned": 0.8, "octagon": 0.4}))
    leg_width: float = drawn(uniform(0.03, 0.08))
    rounding: float = drawn(uniform(0.0, 1.0))
    throw_pillows: int = drawn(maybe(0.3, integers(1, 4), 0))
    curve: float = drawn(maybe(lambda p: 0.1 if p.extension == "none" else 0.0, uniform(0.1, 0.4), 0.0))
    material_seed: int = drawn(seed)

    @property
    def width(self) -> float:
        """Width of all seats."""
        return self.seats * self.seat_width

    @property
    def body_bottom(self) -> float:
        """Height of the underside of the body."""
        return 0.012 if self.feet == "none" else min(self.foot_height, 0.4 * self.seat_height)

    @property
    def deck(self) -> float:
        """Height of the platform under the cushions."""
        return max(self.seat_height - self.cushion, self.body_bottom + 0.06 + 0.1 * self.platform)

    @property
    def rear(self) -> float:
        """Z of the rear of body and arms."""
        return -self.seat_depth / 2 - 0.4 * self.back_thickness

    @property
    def back_top(self) -> float:
        """Height of the upper edge of the back."""
        return self.seat_height + self.back_height
