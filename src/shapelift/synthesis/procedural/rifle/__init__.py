"""Rifles and other long guns."""

from shapelift.synthesis.procedural.rifle.geometry import build
from shapelift.synthesis.procedural.rifle.parameters import RifleParameters

__all__ = ["RifleParameters", "build"]
