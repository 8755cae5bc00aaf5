"""The pictures of docs/explanation/ambiguity.md, docs/images/ambiguity_*.png, and the numbers of its tables.

Run: python docs/scripts/make_ambiguity_pictures.py [--only radius square probability hypotheses table]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from experiments.mean_shapes import AddOn, Ambiguity, HiddenRadius, SetDistance, mean_shape
from experiments.plots import FAINT_LINE, Mark, dots, line, plot, words
from page_tools import IMAGES, command, save_picture

from shapelift.losses.chamfer import chamfer_squared
from shapelift.losses.emd import earth_mover
from shapelift.ops.assignment import assign
from shapelift.pictures.shading import RGB
from shapelift.pictures.shading import Image as Picture
from shapelift.pictures.sheets import SheetRow, sheet, stacked

TILE_PX, POINTS, STEPS = 260, 192, 300
PLANE = (-0.66, -0.66, 0.66, 0.66)
BAR_PLANE = (-0.6, -0.58, 0.6, 0.62)

INK, AXIS, SOFT = (30, 30, 30), (60, 60, 60), (90, 90, 90)
GREY, RED, BLUE, GREEN, PURPLE = (150, 150, 150), (206, 84, 58), (44, 104, 176), (58, 142, 92), (138, 84, 160)
DISTANCES: dict[str, tuple[SetDistance, RGB]] = {
    "Chamfer": (lambda first, second: chamfer_squared(first, second, reduction="mean"), RED),
    "earth mover's": (lambda first, second: earth_mover(first, second).cost, BLUE),
    "earth mover's, squared": (lambda first, second: earth_mover(first, second, squared=True).cost, GREEN),
}


def tile(ambiguity: Ambiguity, *sets: tuple[torch.Tensor, RGB], radius_px: float = 2.6) -> Picture:
    """Point sets over what is possible."""
    window = PLANE if isinstance(ambiguity, HiddenRadius) else BAR_PLANE
    marks: list[Mark] = [line(outline, FAINT_LINE, 1.2, 5.0) for outline in ambiguity.outlines()]
    marks += [dots(points[:, :2].numpy(), color, radius_px) for points, color in sets]
    return plot(window, marks, TILE_PX)


def samples(ambiguity: Ambiguity, seed: int, count: int = 1) -> Picture:
    """Shapes as they are drawn."""
    drawn = ambiguity.draw(count, POINTS, torch.Generator().manual_seed(seed))
    return tile(ambiguity, *((points, GREY) for points in drawn), radius_px=2.2 if count == 1 else 1.2)


def radius_figure() -> Picture:
    """A hidden radius: the sets, and which share of their points lies within which radius."""
    hidden = HiddenRadius()
    tiles, curves = [samples(hidden, 3, 9)], []
    for name in ("Chamfer", "earth mover's"):
        distance, color = DISTANCES[name]
        (points,) = mean_shape(hidden, distance, points=POINTS, steps=STEPS)
        tiles.append(tile(hidden, (points, color)))
        curves.append(line(climbing(points.norm(dim=1).numpy(), hidden), color, 2.2))
    tiles.append(radii_plot(hidden, curves))
    titles = ("what there is", "Chamfer settles on", "earth mover's settles on", "points within a radius")
    return sheet([SheetRow("", tiles)], TILE_PX, columns=titles)


def climbing(radii: np.ndarray, hidden: HiddenRadius) -> np.ndarray:
    """The line of steps that rises by one point at the radius of each."""
    ordered = np.concatenate([[hidden.low - 0.05], np.sort(radii).repeat(2), [hidden.high + 0.05]])
    return np.stack([ordered, np.arange(len(radii) + 1).repeat(2) / len(radii)], axis=1)


def radii_plot(hidden: HiddenRadius, curves: list[Mark]) -> Picture:
    """Shares against radii; dashed, what theory says of Chamfer's, and thin the truth itself."""
    low, high = hidden.low - 0.05, hidden.high + 0.05
    marks: list[Mark] = [line([[low, share], [high, share]], (232, 232, 232), 1.0) for share in (0.25, 0.5, 0.75, 1.0)]
    marks.append(line([[low, 0.0], [hidden.low, 0.0], [hidden.high, 1.0], [high, 1.0]], GREY, 1.4))
    radii, shares = hidden.splash(POINTS)
    marks += [*curves, line(np.stack([radii, shares.cumsum()], axis=1), INK, 1.4, 4.0)]
    marks.append(line([[low, 1.02], [low, 0.0], [high, 0.0]], AXIS, 1.2))
    marks += [words((radius, -0.05), f"{radius:g}", SOFT) for radius in (hidden.low, hidden.mean, hidden.high)]
    marks += [words((low - 0.012, share), f"{share:.0%}", SOFT, "rm") for share in (0.0, 0.5, 1.0)]
    marks += [
        words((0.415, 0.35), "earth mover's", BLUE, "lm"),
        words((0.385, 0.62), "Chamfer", RED, "rm"),
        words((0.27, 0.24), "circles", GREY, "rm"),
    ]
    return plot((low - 0.12, -0.1, high + 0.02, 1.06), marks, TILE_PX)


def square_figure() -> Picture:
    """A square that is there or not, or on one side or the other."""
    rows = []
    for title, ambiguity in {"there\nor not": AddOn(), "right\nor left": AddOn(otherwise="left")}.items():
        tiles = [samples(ambiguity, seed) for seed in seeds_of_both(ambiguity)]
        for distance, color in DISTANCES.values():
            (points,) = mean_shape(ambiguity, distance, points=POINTS, steps=STEPS)
            tiles.append(tile(ambiguity, (points, color)))
        rows.append(SheetRow(title, tiles))
    return sheet(rows, TILE_PX, columns=("one half of the time", "the other half", *DISTANCES))


def seeds_of_both(ambiguity: AddOn) -> tuple[int, int]:
    """A seed that draws a square on the right, and one that does not."""
    there = [
        bool(ambiguity.share_above(ambiguity.draw(1, 64, torch.Generator().manual_seed(seed)))[0]) for seed in range(20)
    ]
    return there.index(True), there.index(False)


def probability_figure() -> Picture:
    """The share of points on the square against the probability that it is there; lines are theory."""
    count, chances = 96, np.linspace(0.05, 0.95, 10)
    size, limit = 460, AddOn().share
    heights = np.arange(0.0, 0.26, 0.05)
    marks: list[Mark] = [line([[0, height], [1, height]], (228, 228, 228), 1.0) for height in heights]
    fine = np.linspace(0.0, 1.0, 401)
    theory: dict[str, Callable[[float], float]] = {
        "Chamfer": lambda chance: AddOn(chance).splash(count),
        "earth mover's": lambda chance: limit * float(chance > 0.5),
        "earth mover's, squared": between,
    }
    for name, (distance, color) in DISTANCES.items():
        marks.append(line([[chance, theory[name](chance)] for chance in fine], color, 1.6))
        found = [mean_shape(AddOn(chance), distance, points=count, steps=200)[0] for chance in chances]
        shares = [[chance, float(AddOn().share_above(points))] for chance, points in zip(chances, found, strict=True)]
        marks.append(dots(shares, color, 4.5))
        print(name, [f"{share:.3f}" for _, share in shares], [f"{theory[name](chance):.3f}" for chance in chances])
    marks += [line([[0, 0], [1, 0]], AXIS, 1.2), line([[0, 0], [0, 0.28]], AXIS, 1.2)]
    marks += [words((-0.02, height), f"{height:.0%}", SOFT, "rm") for height in heights]
    marks += [words((chance, -0.012), f"{chance:.0%}", SOFT) for chance in (0.0, 0.25, 0.5, 0.75, 1.0)]
    marks += [
        words((0.5, -0.03), "how often the square is there", AXIS, text_px=14),
        words((0.02, 0.287), "points above the bar", AXIS, "lm", 14),
        words((0.48, 0.24), "earth mover's", BLUE, "rm", 14),
        words((0.55, 0.18), "earth mover's, squared", GREEN, "lm", 14),
        words((0.72, 0.05), "Chamfer", RED, "lm", 14),
    ]
    return plot((-0.13, -0.045, 1.05, 0.3), marks, size)


def between(chance: float) -> float:
    """The share above the bar when all points have gone a part of their way from the bare bar to the other shape."""
    bare, there = ways()
    return float(AddOn().share_above(bare + chance * (there - bare)).mean())


@cache
def ways(draws: int = 16, count: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    """Points of the bare bar, and where each goes when the square is there."""
    generator = torch.Generator().manual_seed(0)
    bare, square = (AddOn(certain).draw(draws, count, generator) for certain in (0.0, 1.0))
    index = assign(bare, square, squared=True).index
    return bare, square.gather(1, index[..., None].expand(-1, -1, 3))


def hypotheses_figure() -> Picture:
    """Several sets, of which only the nearest to each sample counts."""
    colors, rows = (BLUE, GREEN, RED, PURPLE), []
    for name in ("Chamfer", "earth mover's"):
        distance = DISTANCES[name][0]
        tiles = []
        for ambiguity, count in ((HiddenRadius(), 4), (AddOn(), 2), (AddOn(otherwise="left"), 2)):
            sets = mean_shape(ambiguity, distance, points=POINTS // 2, hypotheses=count, steps=STEPS)
            if isinstance(ambiguity, HiddenRadius):
                sets = sorted(sets, key=lambda points: float(points.norm(dim=1).median()))
                print(name, "radii", sorted(f"{float(points.norm(dim=1).median()):.3f}" for points in sets))
                tiles.append(tile(ambiguity, *zip(sets, colors, strict=False)))
                continue
            sets = sorted(sets, key=lambda points: -float(ambiguity.share_above(points)))
            print(name, "shares", [f"{float(ambiguity.share_above(points)):.3f}" for points in sets])
            tiles += [tile(ambiguity, pair) for pair in zip(sets, colors, strict=False)]
        rows.append(SheetRow(name.replace(" ", "\n"), tiles))
    titles = ("radius: four hypotheses", "there or not: first", "second", "right or left: first", "second")
    return sheet(rows, TILE_PX, columns=titles)


def collapse_figure() -> Picture:
    """Four hypotheses for the radius when those that are not the nearest are left alone."""
    hidden, colors, tiles = HiddenRadius(), (BLUE, GREEN, RED, PURPLE), []
    for others in (0.0, 0.05):
        sets = mean_shape(hidden, DISTANCES["Chamfer"][0], points=POINTS // 2, hypotheses=4, others=others, steps=STEPS)
        tiles.append(tile(hidden, *zip(sets, colors, strict=True)))
        print("others", others, sorted(f"{float(points.norm(dim=1).median()):.3f}" for points in sets))
    return sheet(
        [SheetRow("", tiles)], TILE_PX, columns=("only the nearest learns", "and the others, a little, at first")
    )


def print_table() -> None:
    """The numbers of the tables."""
    for skew in (1.0, 3.0):
        hidden = HiddenRadius(skew=skew)
        print(f"skew {skew:g}: mean {hidden.mean:.3f}, median {hidden.quantile(0.5):.3f}")
        for name, (distance, _) in DISTANCES.items():
            (points,) = mean_shape(hidden, distance, points=POINTS, steps=STEPS)
            radius = points.norm(dim=1)
            print(f"  {name}: mean {radius.mean():.3f}, median {radius.median():.3f}, deviation {radius.std():.4f}")
    for count in (64, 256, 1024):
        radii, shares = HiddenRadius().splash(count)
        deviation = np.sqrt((shares * (radii - (shares * radii).sum()) ** 2).sum())
        (ring,), (square,) = (
            mean_shape(ambiguity, DISTANCES["Chamfer"][0], points=count, steps=STEPS)
            for ambiguity in (HiddenRadius(), AddOn())
        )
        print(
            f"Chamfer, {count} points: deviation {ring.norm(dim=1).std():.4f} expected {deviation:.4f}, "
            f"share {AddOn().share_above(square):.4f} expected {AddOn().splash(count):.4f}"
        )


FIGURES = {
    "radius": radius_figure,
    "square": square_figure,
    "probability": probability_figure,
    "hypotheses": hypotheses_figure,
    "collapse": collapse_figure,
}


def main() -> None:
    """Draw them all, and print the tables."""
    parser = command(__doc__)
    parser.add_argument("--only", nargs="+", choices=[*FIGURES, "table"], default=[*FIGURES, "table"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.only:
        if name == "table":
            print_table()
            continue
        save_picture(IMAGES / f"ambiguity_{name}.png", stacked([FIGURES[name]()], 12), colors=None)


if __name__ == "__main__":
    main()
