"""3MF: what slicers prefer to STL, with a unit of its own."""

from __future__ import annotations

import html
import io
import re
import zipfile
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from shapelift.geometry import Mesh
from shapelift.io.mesh_formats.files import MeshFile, UnreadableMeshError
from shapelift.io.mesh_formats.format import MeshContent, MeshFormat, Metadata
from shapelift.io.mesh_formats.text import one_line, table
from shapelift.io.mesh_formats.trimesh_parts import scene_parts, trimesh_scene

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
_COLORS = re.compile(rb"<(\w+:)?(colorgroup|texture2dgroup)\b")
_3MF_WELL_KNOWN = ("Title", "Designer", "Description", "Copyright", "LicenseTerms", "Rating", "Application")


def read_3mf(file: MeshFile, looks: bool) -> MeshContent:
    """All objects of the build, in the unit that the file states; colours and textures are left out.

    Raises:
        UnreadableMeshError: the file is damaged or of another kind.
    """
    if not zipfile.is_zipfile(io.BytesIO(file.data)):
        raise UnreadableMeshError("it is no 3MF file, which is a zip archive, or it is cut off")
    scene = trimesh_scene(file.data, "3mf")
    unit = next((mesh.metadata.get("units") for mesh in scene.geometry.values()), None)
    stated = str(unit or "millimeter").lower()
    unit_mm = _UNITS_MM.get(stated, _UNITS_MM.get(stated.removesuffix("s")))
    if unit_mm is None:
        raise UnreadableMeshError(f"it states a unit that 3MF does not have ({stated[:40]})")
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        models = [archive.read(name) for name in archive.namelist() if name.lower().endswith(".model")]
    colored = any(_COLORS.search(model) for model in models)
    return MeshContent(scene_parts(scene), unit_mm, ("colours not read",) if colored else ())


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
