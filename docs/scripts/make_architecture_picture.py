"""The pictures of docs/explanation/architecture.md: the floors of the house, and the two walks through it.

Run: python docs/scripts/make_architecture_picture.py

Floors are those of the contracts that import-linter holds (pyproject.toml), so the picture cannot differ from the rule.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from html import escape

from page_tools import IMAGES, ROOT

NUMPY, TORCH, BOTH, INK, FAINT = "#dce8f7", "#f9e3d0", "#e9e9e9", "#222222", "#777777"
WIDTH, MARGIN, GAP, FLOOR_PX = 920, 16, 8, 44
RULE = "imports go down only; rooms of a floor do not know each other"

Step = tuple[str, str, str]
"""What there is, the room that makes it, and the wing of the room."""
IMAGE_WALK: tuple[Step, ...] = (
    ("photograph", "", ""),
    ("pixels, mask", "io", NUMPY),
    ("crop", "io", NUMPY),
    ("code, camera", "inference", NUMPY),
    ("field", "inference", NUMPY),
    ("mesh", "meshing", NUMPY),
    ("solid", "solids", NUMPY),
    ("file", "io", NUMPY),
)
MESH_WALK: tuple[Step, ...] = (
    ("mesh files", "", ""),
    ("views, labels", "synthesis", NUMPY),
    ("record", "io", NUMPY),
    ("pack, batch", "datasets", TORCH),
    ("prediction", "models, nn, ops", TORCH),
    ("loss", "models, losses", TORCH),
    ("checkpoint", "training", TORCH),
    ("card, graphs", "training, models", TORCH),
    ("scores", "evaluation", NUMPY),
)


def contracts() -> tuple[list[list[str]], list[list[str]]]:
    """The floors of both wings from the roof down, each with its rooms."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    found = [contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers"]
    wings = [[[room.strip().partition(".")[2] for room in floor.split(":")] for floor in layers] for layers in found]
    numpy_wing, torch_wing = wings
    return numpy_wing, torch_wing


def box(left: float, top: float, width: float, height: float, fill: str, *lines: str, size: int = 15) -> str:
    """A filled box with centred lines of text, the first one dark, the others smaller and grey."""
    parts = [
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="5" fill="{fill}" stroke="#aaaaaa"/>'
    ]
    middle = top + height / 2.0 + 5.0 - 8.0 * (len(lines) - 1)
    for number, line in enumerate(lines):
        text_px, color = (size, INK) if number == 0 else (size - 2, FAINT)
        parts.append(words(left + width / 2.0, middle + 17.0 * number, line, text_px, color))
    return "\n".join(parts)


def words(x: float, y: float, text: str, size: int, color: str) -> str:
    """Text centred at x on the line y."""
    where = f'x="{x:g}" y="{y:g}" text-anchor="middle"'
    return f'<text {where} font-family="sans-serif" font-size="{size}" fill="{color}">{escape(text)}</text>'


def wing(floors: list[list[str]], left: float, width: float, top: float, height: float, fill: str) -> Iterable[str]:
    """The floors of a wing over a height, rooms of a floor side by side."""
    step = height / len(floors)
    for number, rooms in enumerate(floors):
        room = (width + GAP) / len(rooms)
        for index, name in enumerate(rooms):
            yield box(left + room * index, top + step * number, room - GAP, step - GAP, fill, name)


def floors() -> str:
    """The house: what both wings share above and below, and between it a wing on either side."""
    one, other = contracts()
    shared = [rooms for rooms in one if rooms in other]
    roof, ground = shared[0], shared[-1]
    below = one[one.index(ground) + 1 :]
    left, right = (floors[floors.index(roof) + 1 : floors.index(ground)] for floors in (one, other))
    between = FLOOR_PX * max(len(left), len(right))
    whole, half = WIDTH - 2 * MARGIN, (WIDTH - 2 * MARGIN - 3 * GAP) / 2.0
    top = MARGIN + FLOOR_PX
    parts = [box(MARGIN, MARGIN, whole, FLOOR_PX - GAP, BOTH, roof[0])]
    for number, (name, fill) in enumerate((("NumPy wing: to use a model", NUMPY), ("torch wing: to train one", TORCH))):
        start = MARGIN + number * (half + 3 * GAP)
        parts.append(words(start + half / 2.0, top + 16, name, 13, FAINT))
        parts += wing((left, right)[number], start, half, top + 26, between, fill)
    top += 26 + between
    for rooms in (ground, *below):
        parts.append(box(MARGIN, top, whole, FLOOR_PX - GAP, BOTH, " ".join(rooms)))
        top += FLOOR_PX
    parts.append(words(WIDTH / 2.0, top + 12, RULE, 13, FAINT))
    return drawing(top + 12 + MARGIN, parts)


def walk(steps: tuple[Step, ...]) -> str:
    """Boxes with arrows between them: what there is, and below it the room that makes it."""
    width = (WIDTH - 2 * MARGIN + 16) / len(steps)
    parts = []
    for number, (name, room, fill) in enumerate(steps):
        left = MARGIN + width * number
        parts.append(box(left, MARGIN, width - 16, 54, fill or "#ffffff", name, *([room] if room else []), size=12))
        if number:
            tip, y = left - 2, MARGIN + 27
            parts.append(f'<path d="M{tip - 12:g} {y} H{tip - 4:g}" stroke="{FAINT}" stroke-width="2"/>')
            parts.append(f'<path d="M{tip:g} {y} l-7 -5 v10 z" fill="{FAINT}"/>')
    return drawing(2 * MARGIN + 54, parts)


def drawing(height: float, parts: Iterable[str]) -> str:
    """A whole SVG on white paper."""
    size = f'width="{WIDTH}" height="{height:g}" viewBox="0 0 {WIDTH} {height:g}"'
    paper = f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', paper, *parts, "</svg>", ""])


def pictures() -> dict[str, str]:
    """All pictures of the page by the name of their file."""
    return {
        "architecture_floors.svg": floors(),
        "architecture_image.svg": walk(IMAGE_WALK),
        "architecture_mesh.svg": walk(MESH_WALK),
    }


def main() -> None:
    """Write them."""
    for name, text in pictures().items():
        (IMAGES / name).write_text(text, encoding="utf-8")
        print(IMAGES / name)


if __name__ == "__main__":
    main()
