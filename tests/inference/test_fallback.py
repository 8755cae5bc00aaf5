"""Fields that are positive nowhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shapelift.geometry import UNIT_BOX, ImplicitField
from shapelift.inference.fallback import FAINTEST, with_fallback_level


def _bump(highest: float) -> ImplicitField:
    """Logit `highest` in the middle, falling by 20 per unit."""
    return ImplicitField(lambda p: (highest - 20.0 * np.linalg.norm(p, axis=1)).astype(np.float32), UNIT_BOX)


def test_a_field_with_a_surface_stays_as_it_is() -> None:
    field = _bump(2.0)
    assert with_fallback_level(field) == (field, ())


@pytest.mark.parametrize("highest", [-0.5, -2.0, -5.0])
def test_a_faint_one_is_drawn_at_half_its_highest_probability(highest: float) -> None:
    field, warnings = with_fallback_level(_bump(highest))
    assert len(warnings) == 1
    assert "nowhere sure" in warnings[0].message
    top = 1.0 / (1.0 + math.exp(-highest))
    radius = (highest - math.log(0.5 * top / (1.0 - 0.5 * top))) / 20.0
    inside, outside = (field(np.array([[share * radius, 0.0, 0.0]], np.float32))[0] for share in (0.99, 1.01))
    assert inside > 0.0 > outside


def test_nothing_stays_nothing() -> None:
    field = _bump(FAINTEST - 1.0)
    assert with_fallback_level(field) == (field, ())
