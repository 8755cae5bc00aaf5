"""3MF: what slicers prefer to STL, with a unit of its own."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import numpy.typing as npt

from shapelift.geometry import Mesh
from shapelift.io.mesh_formats.files import MAX_FILE_BYTES, MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import MeshContent, MeshFormat, MeshPart, Metadata
from shapelift.io.mesh_formats.placing import placed_triangles
from shapelift.io.mesh_formats.text import one_line, table

_UNITS_MM = {
    "micron": 0.001,
    "millimeter": 1.0,
    "centimeter": 10.0,
    "inch": 25.4,
    "foot": 304.8,
    "meter": 1000.0,
}
_HEAD_BYTES = 1 << 20
"""Metadata are looked for in so much of a model."""
_METADATA = re.compile(r"""<metadata\s[^>]*?name\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*?>([^<]*)</metadata>""")
_3MF_WELL_KNOWN = ("Title", "Designer", "Description", "Copyright", "LicenseTerms", "Rating", "Application")


def read_3mf(file: MeshFile, looks: bool) -> MeshContent:
    """All objects of the build, in the unit that the file states; colours and textures are left out.

    As in the core specification 1.3, and with the production extension: objects may lie in other model files of the
    package.

    Raises:
        UnreadableMeshError: the file is damaged or of another kind.
    """
    if not zipfile.is_zipfile(io.BytesIO(file.data)):
        raise UnreadableMeshError("it is no 3MF file, which is a zip archive, or it is cut off")
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        package = _Package(archive)
        root = package.root
        stated = root.unit.lower()
        unit_mm = _UNITS_MM.get(stated, _UNITS_MM.get(stated.removesuffix("s")))
        if unit_mm is None:
            raise UnreadableMeshError(f"it states a unit that 3MF does not have ({stated[:40]})")
        parts = tuple(part for item in root.items for part in package.parts(item, root, np.eye(4), ()))
    return MeshContent(parts, unit_mm, package.warnings)


@dataclass(frozen=True, eq=False)
class _Use:
    """An object put somewhere: an item of the build, or a component of another object."""

    number: str
    file: str | None
    matrix: npt.NDArray[np.float64]

    @classmethod
    def read(cls, attributes: Mapping[str, str]) -> _Use:
        matrix = np.eye(4)
        if "transform" in attributes:  # of row vectors, the last column left out
            matrix[:3] = np.array(attributes["transform"].split(), np.float64).reshape(4, 3).T
        path = next((value for name, value in attributes.items() if name.endswith("}path")), None)
        return cls(attributes["objectid"], None if path is None else path.strip("/").lower(), matrix)


@dataclass(eq=False)
class _Object:
    """Numbers of vertices and triangles, three each, and what else the object is made of."""

    vertices: list[float] = field(default_factory=list)
    triangles: list[int] = field(default_factory=list)
    components: list[_Use] = field(default_factory=list)


class _Model:
    """One model file. All that is needed of it stands in attributes."""

    def __init__(self, data: bytes) -> None:
        self.unit = "millimeter"
        self.colored = False
        self.objects: dict[str, _Object] = {}
        self.items: list[_Use] = []
        self._current = _Object()
        self._readers: dict[str, Callable[[dict[str, str]], None]] = {}
        parser = expat.ParserCreate(namespace_separator="}")
        parser.StartElementHandler = self._start
        parser.StartDoctypeDeclHandler = self._refuse
        parser.Parse(data, True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._readers:  # extensions have elements of the same names in other namespaces
            if not tag.endswith("model"):
                raise UnreadableMeshError("what should be its model is something else")
            core = tag.removesuffix("model")
            names = ("object", "vertex", "triangle", "component", "item")
            self._readers = {core + name: getattr(self, f"_{name}") for name in names}
            self.unit = attributes.get("unit", self.unit)
        elif tag in self._readers:
            self._readers[tag](attributes)
        elif tag.endswith(("}colorgroup", "}texture2dgroup")):
            self.colored = True

    def _object(self, attributes: dict[str, str]) -> None:
        self._current = self.objects.setdefault(attributes["id"], _Object())

    def _vertex(self, attributes: dict[str, str]) -> None:
        self._current.vertices += float(attributes["x"]), float(attributes["y"]), float(attributes["z"])

    def _triangle(self, attributes: dict[str, str]) -> None:
        self._current.triangles += int(attributes["v1"]), int(attributes["v2"]), int(attributes["v3"])

    def _component(self, attributes: dict[str, str]) -> None:
        self._current.components.append(_Use.read(attributes))

    def _item(self, attributes: dict[str, str]) -> None:
        self.items.append(_Use.read(attributes))

    @staticmethod
    def _refuse(*_: object) -> None:
        raise UnreadableMeshError("it has a document type declaration, which 3MF forbids")


class _Package:
    """The model files of an archive, read when they are asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.strip("/").lower(): name for name in archive.namelist()}
        self._models: dict[str, _Model] = {}
        self._missing = 0

    @property
    def root(self) -> _Model:
        """The model file that has the build."""
        found = next((name for name in self._names if _3MF_MODEL.lower() in name), None)
        if found is None:
            raise UnreadableMeshError("it has no model, so it is another kind of archive")
        return self._model(found)

    def _model(self, name: str) -> _Model:
        if name not in self._models:
            info = self._archive.getinfo(self._names[name])
            if info.file_size > MAX_FILE_BYTES:
                raise UnreadableMeshError(f"it unpacks to more than {MAX_FILE_BYTES >> 30} GiB")
            self._models[name] = _Model(self._archive.read(info))
        return self._models[name]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out of what was read."""
        colors = ("colours not read",) if any(model.colored for model in self._models.values()) else ()
        uses = f"{self._missing} use{'' if self._missing == 1 else 's'} of objects that are not in it"
        return (*colors, uses) if self._missing else colors

    def parts(
        self, use: _Use, model: _Model, outer: npt.NDArray[np.float64], within: tuple[_Object, ...]
    ) -> Iterator[MeshPart]:
        """The triangles of a use of an object.

        Args:
            use: Of the object.
            model: The model file that uses it.
            outer: `4 4`, where the user stands.
            within: The objects that it is a component of.
        """
        if use.file is not None and use.file in self._names:
            model = self._model(use.file)
        found = model.objects.get(use.number)
        if found is None:
            self._missing += 1
            return
        if found in within:
            raise UnreadableMeshError("an object of it is a component of itself")
        matrix = outer @ use.matrix
        if found.triangles:
            vertices = np.array(found.vertices, np.float64).reshape(-1, 3)
            yield MeshPart(*placed_triangles(matrix, vertices, np.array(found.triangles, np.int64).reshape(-1, 3)))
        for component in found.components:
            yield from self.parts(component, model, matrix, (*within, found))


def encode_3mf(mesh: Mesh, metadata: Metadata) -> bytes:
    """3MF core specification 1.3: one object in millimetres. Custom metadata have their namespace.

    Colours at vertices are a colour group of the materials extension 1.2, one colour for every corner of a triangle.
    """
    entries = []
    for key, value in metadata.items():
        name = key if key in _3MF_WELL_KNOWN else f"shapelift:{key}"
        entries.append(f"<metadata name={quoteattr(name)}>{escape(one_line(value))}</metadata>")
    palette, triangles = "", table('<triangle v1="%d" v2="%d" v3="%d"/>\n', mesh.faces)
    if mesh.colors is not None:
        colors, place = np.unique(mesh.colors, axis=0, return_inverse=True)
        listed = table('<m:color color="#%02X%02X%02X"/>', colors)
        palette = f'<m:colorgroup id="2">{listed}</m:colorgroup>'
        corners = np.concatenate([mesh.faces, place.reshape(-1)[mesh.faces]], axis=1)
        triangles = table('<triangle v1="%d" v2="%d" v3="%d" pid="2" p1="%d" p2="%d" p3="%d"/>\n', corners)
    model = "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n<model unit="millimeter" xml:lang="en-US" ',
            'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" ',
            'xmlns:m="http://schemas.microsoft.com/3dmanufacturing/material/2015/02" ' if palette else "",
            'xmlns:shapelift="urn:shapelift:metadata">',
            *entries,
            f'<resources>{palette}<object id="1" type="model"><mesh><vertices>\n',
            table('<vertex x="%.9g" y="%.9g" z="%.9g"/>\n', mesh.vertices),
            "</vertices><triangles>\n",
            triangles,
            '</triangles></mesh></object></resources><build><item objectid="1"/></build></model>',
        ]
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in (("[Content_Types].xml", _3MF_TYPES), ("_rels/.rels", _3MF_RELATIONS), (_3MF_MODEL, model)):
            # A fixed date, so that the same mesh gives the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return buffer.getvalue()


def read_3mf_metadata(file: MeshFile) -> dict[str, str]:
    """The metadata of the model, which stand before its resources; names of our namespace without it."""
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        models = sorted(name for name in archive.namelist() if name.lower().endswith(".model"))
        with archive.open(_3MF_MODEL if _3MF_MODEL in models else models[0]) as model:
            head = model.read(_HEAD_BYTES).decode("utf-8", "replace")
    found = _METADATA.findall(head.partition("<resources")[0])
    return {
        html.unescape(double or single).removeprefix("shapelift:"): html.unescape(value).strip()
        for double, single, value in found
    }


_3MF_MODEL = "3D/3dmodel.model"
_3MF_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_3MF_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Target="/{_3MF_MODEL}" Id="rel0" '
    'Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)


FORMATS = (
    MeshFormat(
        name="3mf",
        read=read_3mf,
        write=encode_3mf,
        unit_mm=1.0,
        z_up=True,
        colors=True,
        metadata=read_3mf_metadata,
    ),
)
