"""One solid, spelt as exporters spell it: an L-shaped prism with two concave faces of six corners and six quads."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

OUTLINE = np.array([[0, 0], [3, 0], [3, 1], [1, 1], [1, 4], [0, 4]], np.float64)
VERTICES = np.concatenate([np.pad(OUTLINE, ((0, 0), (0, 1))), np.pad(OUTLINE, ((0, 0), (0, 1)), constant_values=2.0)])
FACES = [
    [3, 2, 1, 0, 5, 4],  # begins where a fan is wrong
    [9, 10, 11, 6, 7, 8],
    *[[at, (at + 1) % 6, (at + 1) % 6 + 6, at + 6] for at in range(6)],
]
VOLUME, AREA, SIZE = 12.0, 2 * 6.0 + 2 * 14.0, (3.0, 4.0, 2.0)


@dataclass(frozen=True)
class Spelling:
    """How a text file is written."""

    end: str = "\n"
    encoding: str = "utf-8"
    blank: str = " "
    indent: str = ""
    number: str = "{:.6f}"
    exponent: str = "e"
    comment: str = "# a comment"
    continued: bool = False
    negative: bool = False
    corner: str = "{0}"

    def words(self, *words: object) -> str:
        joined = self.blank.join(str(word) for word in words)
        if self.continued and len(words) > 3:
            joined = self.blank.join(map(str, words[:2])) + f" \\{self.end}" + self.blank.join(map(str, words[2:]))
        return self.indent + joined

    def coordinates(self, vertex: np.ndarray) -> list[str]:
        return [self.number.format(value).replace("e", self.exponent) for value in vertex]

    def data(self, lines: list[str]) -> bytes:
        return (self.end.join(lines) + self.end).encode(self.encoding)


def obj(spelling: Spelling) -> bytes:
    lines = [spelling.comment, "o caf\u00e9", *[spelling.words("v", *spelling.coordinates(v)) for v in VERTICES]]
    lines += ["vt 0 0", "vn 0 0 1"]
    for face in FACES:
        numbers = [at - len(VERTICES) if spelling.negative else at + 1 for at in face]
        last = -1 if spelling.negative else 1
        lines.append(spelling.words("f", *[spelling.corner.format(number, last) for number in numbers]))
    return spelling.data(lines)


def off(spelling: Spelling, header: str = "OFF", *, glued: bool = False, tail: str = "") -> bytes:
    lines = [spelling.comment, header]
    if glued:
        lines[-1] += f"{len(VERTICES)} {len(FACES)} 0"
    else:
        lines.append(spelling.words(len(VERTICES), len(FACES), 0))
    more = {
        "OFF": [],
        "COFF": ["255", "0", "0", "255"],
        "NOFF": ["0", "0", "1"],
        "CNOFF": ["0", "0", "1", "1", "0", "0", "1"],
    }
    lines += [spelling.words(*spelling.coordinates(v), *more[header]) for v in VERTICES]
    lines += [spelling.words(len(face), *face) + tail for face in FACES]
    return Spelling(**{**spelling.__dict__, "continued": False}).data(lines)


def ply(spelling: Spelling, form: str = "ascii", index: str = "vertex_indices", coordinate: str = "float") -> bytes:
    lines = ["ply", f"format {form} 1.0", f"comment {spelling.comment}", f"element vertex {len(VERTICES)}"]
    lines += [f"property {coordinate} {axis}" for axis in "xyz"]
    lines += [f"element face {len(FACES)}", f"property list uchar int {index}", "end_header"]
    if form == "ascii":
        lines += [spelling.words(*spelling.coordinates(v)) for v in VERTICES]
        lines += [spelling.words(len(face), *face) for face in FACES]
        return spelling.data(lines)
    order = "<" if "little" in form else ">"
    head = (spelling.end.join(lines) + spelling.end).encode()
    body = VERTICES.astype(order + {"float": "f4", "double": "f8"}[coordinate]).tobytes()
    return head + body + b"".join(struct.pack(f"{order}B{len(face)}i", len(face), *face) for face in FACES)


def stl(spelling: Spelling) -> bytes:
    from shapelift.io.mesh_formats.polygons import triangulated

    corners = np.concatenate([np.array(face) for face in FACES])
    triangles, _ = triangulated(VERTICES, corners, np.array([len(face) for face in FACES]))
    lines = ["solid a vertex facet"]
    for triangle in VERTICES[corners[triangles]]:
        lines += ["facet normal 0 0 0", " outer loop"]
        lines += [spelling.words("vertex", *spelling.coordinates(corner)) for corner in triangle]
        lines += [" endloop", "endfacet"]
    return Spelling(**{**spelling.__dict__, "continued": False}).data([*lines, "endsolid a"])
