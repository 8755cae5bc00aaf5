"""Light that comes from all around, as an environment map says: a few lamps that cast shadows, and the rest.

The brightest places (sun, lamps, windows) are taken out of the map and become lamps with a direction, a colour and a
width; what remains is smooth enough for a table of what a white face reflects by where it looks, and for mirror images
blurred by roughness. This is the usual split of image-based light (Debevec, "Rendering synthetic objects into real
scenes", 1998, and "A median cut algorithm for light probe sampling", 2005).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from shapelift.synthesis.lighting import direction
from shapelift.synthesis.spheres import blurred, looked_up, pixel_directions, shrunk, solid_angles

__all__ = ["Environment"]

Array = npt.NDArray[np.float32]

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
"""Brightness of linear Rec. 709 light."""
_MAX_SOURCES = 2
_LEAST_SOURCE = 0.15
"""A place becomes a lamp when a face that looks at it gets at least this share of what faces get on average."""
_TABLE_SHAPE = (64, 128)
"""Rows and columns of the tables."""
_ROUGHNESS_LEVELS = (0.1, 0.25, 0.4, 0.6, 0.8, 1.0)
"""Mirror images are blurred for these."""

_NEAR, _RING = np.cos(np.deg2rad(18.0)), np.cos(np.deg2rad(30.0))  # a lamp, and what is compared with it
_PEAK = 200.0  # lamps are looked for in a map blurred by about 4 degrees


@dataclass(frozen=True, eq=False)
class Environment:
    """An environment map taken apart; energies as in the map.

    directions: `k 3` float32 unit vectors *towards* the lamps, at most two, strongest first.
    colors: `k 3` float32, what a white face that looks straight at the lamp reflects.
    spreads: `k` float32, angular radius of the lamp [rad], as a disc of even brightness.
    reflected: `h w 3` float32, what white faces reflect of the rest, a map over their normals.
    mirrored: `l h w 3` float32, the rest blurred for each of _ROUGHNESS_LEVELS, maps over directions.
    """

    directions: Array
    colors: Array
    spreads: Array
    reflected: Array
    mirrored: Array

    @classmethod
    def of_map(cls, rgb: npt.ArrayLike) -> Environment:
        """Take a map apart.

        Args:
            rgb: `h w 3`, linear, not negative; frame as in `spheres`; sides multiples of 64 and 128.

        Raises:
            ValueError: another shape, values that are negative or not finite, or no light.
        """
        rest = np.array(rgb, np.float64)
        if rest.ndim != 3 or rest.shape[2] != 3 or rest.shape[0] % _TABLE_SHAPE[0] or rest.shape[1] % _TABLE_SHAPE[1]:
            raise ValueError(f"an environment must be h x w x 3 with h and w multiples of 64 and 128, not {rest.shape}")
        if not np.isfinite(rest).all() or rest.min() < 0.0 or not rest.any():
            raise ValueError("an environment must be finite, not negative and not all black")
        lamps = []
        mean = float((rest @ _LUMINANCE * solid_angles(*rest.shape[:2])).sum()) / (4.0 * np.pi)
        for _ in range(_MAX_SOURCES):
            lamp = _brightest(rest)
            if lamp is None or lamp.color @ _LUMINANCE < _LEAST_SOURCE * mean:
                break
            lamps.append(lamp)
            rest *= 1.0 - lamp.share[..., None]
        lamps.sort(key=lambda lamp: -float(lamp.color @ _LUMINANCE))
        small = shrunk(rest, *_TABLE_SHAPE)
        return cls(
            directions=np.array([lamp.towards for lamp in lamps], np.float32).reshape(-1, 3),
            colors=np.array([lamp.color for lamp in lamps], np.float32).reshape(-1, 3),
            spreads=np.array([lamp.spread for lamp in lamps], np.float32),
            reflected=blurred(small, lambda cosine: np.maximum(cosine, 0.0)).astype(np.float32),
            mirrored=np.stack([_mirror_image(small, roughness) for roughness in _ROUGHNESS_LEVELS]).astype(np.float32),
        )


@dataclass(frozen=True, eq=False)
class _Source:
    towards: npt.NDArray[np.float64]
    color: npt.NDArray[np.float64]
    spread: float
    share: npt.NDArray[np.float64]
    """Of the light of each pixel, how much belongs to the lamp."""


def _brightest(rgb: npt.NDArray[np.float64]) -> _Source | None:
    """The strongest lamp of a map: what is brighter than its surroundings there."""
    height, width = rgb.shape[:2]
    directions, angles = pixel_directions(height, width), solid_angles(height, width)
    brightness = rgb @ _LUMINANCE
    smooth = blurred(shrunk(brightness[..., None], *_TABLE_SHAPE), lambda cosine: np.exp(_PEAK * (cosine - 1.0)))
    peak = pixel_directions(*_TABLE_SHAPE).reshape(-1, 3)[smooth.argmax()]
    cosine = directions @ peak
    ring = (cosine > _RING) & (cosine <= _NEAR)
    around = float(np.median(brightness[ring]))
    share = np.where(cosine > _NEAR, np.maximum(1.0 - around / np.maximum(brightness, 1e-12), 0.0), 0.0)
    weight = share * angles
    energy = weight * brightness
    if energy.sum() <= 0.0:
        return None
    mean = (directions * energy[..., None]).sum(axis=(0, 1)) / energy.sum()
    length = float(np.linalg.norm(mean))
    # The mean of unit vectors in a disc of angular radius r is 1 - r^2 / 4 long.
    return _Source(
        towards=mean / length,
        color=(rgb * weight[..., None]).sum(axis=(0, 1)) / np.pi,
        spread=float(2.0 * np.sqrt(max(1.0 - length, 0.0))),
        share=share,
    )


def _mirror_image(rgb: npt.NDArray[np.float64], roughness: float) -> npt.NDArray[np.float64]:
    """A map as a surface of some roughness mirrors it.

    The lobe around the mirrored direction has a quarter of the exponent of that around the normal: angles double.
    """
    exponent = max(2.0 / roughness**4 - 2.0, 0.5) / 4.0
    return blurred(rgb, lambda cosine: np.maximum(cosine, 0.0) ** min(exponent, 3000.0))


@dataclass(frozen=True, eq=False, slots=True)
class EnvironmentLighting:
    """The light of an environment, turned about +Y and exposed; what `Lighting` is for lamps.

    environment: What is all around.
    turn_rad: How far it is turned about +Y, from +Z towards +X.
    gain: (3,) float32, factors of red, green and blue: exposure and white balance.
    """

    environment: Environment
    turn_rad: float
    gain: Array

    @property
    def directions(self) -> Array:
        """`k 3` unit vectors towards the lamps."""
        sine, cosine = np.sin(self.turn_rad), np.cos(self.turn_rad)
        matrix = np.array([[cosine, 0.0, sine], [0.0, 1.0, 0.0], [-sine, 0.0, cosine]], np.float32)
        return self.environment.directions @ matrix.T

    @property
    def colors(self) -> Array:
        """`k 3` what a white face that looks straight at the lamp reflects."""
        return self.environment.colors * self.gain

    @property
    def spreads(self) -> Array:
        """`k` angular radii of the lamps [rad]."""
        return self.environment.spreads

    @property
    def casting(self) -> int:
        """How many of the first lamps cast shadows: all."""
        return len(self.environment.directions)

    @property
    def occluded(self) -> bool:
        """Whether the light of the surroundings is weaker where less of them is seen."""
        return True

    def irradiance(self, normals: Array) -> Array:
        """What unshadowed white faces with normals `n 3` reflect: `n 3`, linear."""
        light: Array = np.maximum(normals @ self.directions.T, 0.0) @ self.colors + self.reflected(normals)
        return light

    def reflected(self, normals: Array) -> Array:
        """What white faces with normals `n 3` reflect of everything but the lamps: `n 3`, linear."""
        return looked_up(self.environment.reflected[None], normals, 0, self.turn_rad) * self.gain

    def mirrored(self, directions: Array, roughness: Array) -> Array:
        """What mirrors of a roughness `n` show in directions `n 3` of everything but the lamps: `n 3`, linear."""
        edges = np.convolve(_ROUGHNESS_LEVELS, [0.5, 0.5], "valid")
        level = np.searchsorted(edges, roughness)
        return looked_up(self.environment.mirrored, directions, level, self.turn_rad) * self.gain


def random_environment_lighting(
    rng: np.random.Generator, environment: Environment, azimuth_deg: float
) -> EnvironmentLighting:
    """An environment around a camera.

    - Turned about +Y: the strongest lamp stands within 100 degrees of the camera's azimuth with probability 0.85, else
      anywhere, as the key light of lamps does. Without lamps: anywhere.
    - White balance: the mean light of faces is brought towards grey, as cameras do, by a share U[0.5, 1] of the
      logarithm.
    - Exposure: white faces towards the camera, up and to both sides reflect exp(N(-0.2, 0.22)) in the geometric mean,
      were nothing in their way; so neither side of an object is lost where light comes from one side alone.

    Args:
        rng: Draws all of these.
        environment: The surroundings.
        azimuth_deg: Where the camera stands.
    """
    key = np.append(environment.directions[:, [0, 2]], [[0.0, 1.0]], axis=0)[0]
    spread = 100.0 if rng.random() < 0.85 and len(environment.directions) else 180.0
    turn = np.deg2rad(azimuth_deg + rng.uniform(-spread, spread)) - np.arctan2(key[0], key[1])
    turned = EnvironmentLighting(environment, float(turn), np.ones(3, np.float32))
    probes = np.stack([direction(azimuth_deg + turn, tilt) for turn, tilt in ((0, 0), (90, 0), (-90, 0), (0, 90))])
    light = np.maximum(turned.irradiance(probes).astype(np.float64), 1e-12)
    mean = light.mean(axis=0)
    balance = (mean.mean() / mean) ** rng.uniform(0.5, 1.0)
    exposure = np.exp(rng.normal(-0.2, 0.22)) / np.exp(np.log((light * balance).mean(axis=1)).mean())
    return replace(turned, gain=(balance * exposure).astype(np.float32))
