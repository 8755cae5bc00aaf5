"""Telephones: smartphones, candybars, flip phones, sliders, cordless handsets, desk and rotary telephones."""

from __future__ import annotations

from shapelift.synthesis.procedural.category import Category
from shapelift.synthesis.procedural.telephone.geometry import build
from shapelift.synthesis.procedural.telephone.parameters import TelephoneParameters

__all__ = ["CATEGORY", "TelephoneParameters", "build"]

CATEGORY = Category(TelephoneParameters, build)
