"""Random light: a two-coloured sky and one to three lamps far away, all energies relative to a fixed exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Lighting", "random_lighting"]

Array = npt.NDArray[np.float32]

_MAX_LAMPS = 3
_SHADOW_PROBABILITY = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class Lighting:
    """Light that does not depend on the place.

    directions: `k 3` float32 unit vectors *towards* the lamps, world; the first lamp is the key light.
    colors: `k 3` float32, linear: what a white face that looks straight at the lamp reflects, per channel.
    sky, ground: (3,) float32, linear: what a white face that looks up, or down, reflects of the surroundings;
        in between the two are mixed linearly with the cosine.
    shadows: whether the key light casts shadows.
    """

    directions: Array
    colors: Array
    sky: Array
    ground: Array
    shadows: bool

    def __post_init__(self) -> None:
        """Raises ValueError for arrays of a wrong shape or lamps without a direction."""
        for name, shape in (
            ("directions", (len(self.directions), 3)),
            ("colors", (len(self.directions), 3)),
            ("sky", (3,)),
            ("ground", (3,)),
        ):
            value = np.ascontiguousarray(getattr(self, name), np.float32)
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(f"Lighting.{name} must be finite and of shape {shape}, not {value.shape}")
            object.__setattr__(self, name, value)
        if len(self.directions) and np.abs(np.linalg.norm(self.directions, axis=1) - 1.0).max() > 1e-4:
            raise ValueError("Lighting.directions must be unit vectors")

    @property
    def casting(self) -> int:
        """How many of the first lamps cast shadows."""
        return int(self.shadows and len(self.directions) > 0)

    @property
    def spreads(self) -> Array:
        """`k` angular radii of the lamps [rad]: they are points."""
        return np.zeros(len(self.directions), np.float32)

    @property
    def occluded(self) -> bool:
        """Whether the light of the surroundings is weaker where less of them is seen."""
        return False

    def reflected(self, normals: Array) -> Array:
        """What white faces with normals `n 3` reflect of everything but the lamps: `n 3`, linear."""
        light: Array = self.ground + (0.5 + 0.5 * normals[:, 1:2]) * (self.sky - self.ground)
        return light

    def mirrored(self, directions: Array, roughness: Array) -> Array:
        """What mirrors show in directions `n 3` of everything but the lamps: `n 3`, at any roughness, linear."""
        del roughness
        return self.reflected(directions)

    def irradiance(self, normals: Array) -> Array:
        """What unshadowed white faces with normals `n 3` reflect: `n 3`, linear."""
        lambert = np.maximum(normals @ self.directions.T, 0.0)
        up = 0.5 + 0.5 * normals[:, 1:2]
        light: Array = lambert @ self.colors + self.ground + up * (self.sky - self.ground)
        return light


def direction(azimuth_deg: float, elevation_deg: float) -> Array:
    """The unit vector (3,) from the origin towards an azimuth and elevation (the convention of `Camera.orbit`)."""
    azimuth, elevation = np.deg2rad(azimuth_deg), np.deg2rad(elevation_deg)
    return np.asarray(
        [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)], np.float32
    )


def random_lighting(rng: np.random.Generator, azimuth_deg: float) -> Lighting:
    """Light for a camera at `azimuth_deg`.

    - One, two or three lamps with probability 0.35, 0.4, 0.25. The key light stands within 100 degrees of the camera's
      azimuth with probability 0.85, else anywhere; elevation U[10, 80]. The others: azimuth anywhere, elevation
      U[-20, 70], energy U[0.1, 0.6] of the key's.
    - Lamps are warm or cold (red up, blue down or the reverse, by N(0, 0.1)); with probability 0.1 strongly coloured.
    - Sky of U[0.2, 0.7] of the key's energy; the ground reflects U[0.2, 0.8] of that.
    - The key light casts shadows with probability 0.6.
    - Exposure: all energies are scaled together so that white faces towards the camera, up and to both sides reflect
      exp(N(-0.2, 0.22)) on average. So no view is black however the lamps fall, and light and dark views both occur.
    """
    count = 1 + int(rng.choice(_MAX_LAMPS, p=[0.35, 0.4, 0.25]))
    spread = 100.0 if rng.random() < 0.85 else 180.0
    directions = [direction(azimuth_deg + rng.uniform(-spread, spread), rng.uniform(10.0, 80.0))]
    energies = [1.0]
    for _ in range(count - 1):
        directions.append(direction(rng.uniform(0.0, 360.0), rng.uniform(-20.0, 70.0)))
        energies.append(rng.uniform(0.1, 0.6))
    tints = np.stack([_tint(rng) for _ in range(count)])
    sky = rng.uniform(0.2, 0.7) * _tint(rng)
    ground = rng.uniform(0.2, 0.8) * sky * _tint(rng)
    shadows = bool(rng.random() < _SHADOW_PROBABILITY)
    light = Lighting(np.stack(directions), np.asarray(energies)[:, None] * tints, sky, ground, shadows)
    probes = np.stack([direction(azimuth_deg + turn, tilt) for turn, tilt in ((0, 0), (90, 0), (-90, 0), (0, 90))])
    exposure = np.exp(rng.normal(-0.2, 0.22)) / light.irradiance(probes).mean()
    return Lighting(light.directions, light.colors * exposure, light.sky * exposure, light.ground * exposure, shadows)


def _tint(rng: np.random.Generator) -> Array:
    warmth = float(np.clip(rng.normal(0.0, 0.1), -0.25, 0.25))
    tint = np.asarray([1.0 + warmth, 1.0, 1.0 - warmth])
    if rng.random() < 0.1:
        tint = tint * rng.uniform(0.5, 1.0, 3)
    return np.asarray(tint / tint.mean(), np.float32)
