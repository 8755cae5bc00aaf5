"""HTML pages that load nothing from elsewhere: of one result, to turn and read about, and of all results of a call."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shapelift._version import __version__
from shapelift.geometry import Mesh
from shapelift.inference.reconstruction import Reconstruction
from shapelift.io.atomic import write_atomically
from shapelift.pipelines.jobs import PAGE_MARK, STANDARD_INPUT, Job

_NOTHING_LOADED = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src data:"
)
"""Content security policy of a page: the browser itself refuses every address."""
_STYLE = """
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; }
h1 { font-size: 1.2rem; } h2 { font-size: 1rem; margin: .5rem 0 0; }
h1, h2, p, td { overflow-wrap: anywhere; }
th { text-align: left; vertical-align: top; padding-right: .8rem; font-weight: 600; white-space: nowrap; }
.result { display: flex; flex-wrap: wrap; min-height: 100vh; }
.result iframe { flex: 1 1 24rem; min-height: 24rem; border: 0; }
.result aside { flex: 0 1 22rem; padding: 0 1.2rem; background: #f5f5f5; }
.result aside img { width: 100%; max-width: 16rem; background: #ddd; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
.gallery article { border: 1px solid #ddd; padding: .8rem; }
.gallery img { width: 100%; }
.gallery p { margin: .2rem 0; }
header { padding: 0 1rem; } .gallery { padding: 0 1rem 1rem; } .bad { color: #a11; }
"""
_STATUS = {"ok": "reconstructed", "skipped": "left alone", "failed": "failed"}


def write_page(
    path: Path, job: Job, one: Reconstruction, result: Mapping[str, Any], mesh: Mesh, seen_share: float | None
) -> None:
    """Write the page of a result: its mesh in a viewer, what the model saw, and what is known of both.

    Args:
        path: The file, written whole or not at all.
        job: Where the result comes from.
        one: The result; of several the first.
        result: What the document of the command says of it.
        mesh: Its mesh, coloured or not.
        seen_share: The share of its surface whose colours the image shows; None where it has no colours.

    Raises:
        InputError: the place cannot be written.
    """
    from shapelift.io.images import png_bytes
    from shapelift.rendering.viewer import viewer_html

    name, card = _name(job), one.card
    shape = result["hypotheses"][0] if "hypotheses" in result else result
    rows = {
        "Image": name,
        "Model": f"{card.name}, version {card.version} ({card.licence})",
        **({"Shape": f"the first of {len(result['hypotheses'])}"} if "hypotheses" in result else {}),
        **{f"Size, {Path(saved['file']).suffix[1:]}": _size(saved) for saved in shape["written"]},
        "Triangles": str(len(mesh.faces)),
        **({} if seen_share is None else {"Seen": f"{seen_share:.0%} of the surface; the rest is a guess"}),
        **({} if one.filled_share is None else {"Filled": f"{one.filled_share:.0%} of the outline"}),
        "Made by": f"shapelift {__version__}",
    }
    table = "".join(f"<tr><th>{_text(key)}</th><td>{_text(value)}</td></tr>\n" for key, value in rows.items())
    warnings = "".join(f'<p class="bad">{_text(warning["message"])}</p>\n' for warning in result["warnings"])
    crop = base64.b64encode(png_bytes(one.crop)).decode("ascii")
    body = f"""<main class="result">
<iframe title="3D model" srcdoc="{escape(viewer_html(mesh))}"></iframe>
<aside>
<h1>{_text(name)}</h1>
<p>Drag to turn, scroll to zoom, drag with the right button to move.</p>
<img alt="what the model saw" src="data:image/png;base64,{crop}">
<table>
{table}</table>
{warnings}</aside>
</main>"""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_LOADED}">\n'
    write_atomically(path, _document(name, body, policy))


def write_gallery(path: Path, jobs: Sequence[Job], results: Sequence[Mapping[str, Any]]) -> None:
    """Write a page with a card of every result, which leads to its page and its files.

    Args:
        path: The file, written whole or not at all.
        jobs: All jobs.
        results: What the document of the command says of each.

    Raises:
        InputError: the place cannot be written.
    """
    cards = "\n".join(_card(path.parent, job, result) for job, result in zip(jobs, results, strict=True))
    done = sum(result["status"] != "failed" for result in results)
    title = f"{done} of {len(results)} images reconstructed"
    body = f'<header><h1>{title}</h1></header>\n<main class="gallery">\n{cards}\n</main>'
    write_atomically(path, _document(title, body))


def _card(folder: Path, job: Job, result: Mapping[str, Any]) -> str:
    name, status = _text(_name(job)), _STATUS[result["status"]]
    if result["status"] == "failed":
        return f'<article>\n<h2>{name}</h2>\n<p class="bad">{status}: {_text(result["error"])}</p>\n</article>'
    picture, page = (job.extras.get(kind) for kind in ("preview", "html"))
    image = "" if picture is None else f'<img alt="" loading="lazy" src="{_link(picture, folder)}">'
    if page is not None:
        image, name = (f'<a href="{_link(page, folder)}">{inner}</a>' for inner in (image, name))
    shape = result["hypotheses"][0] if "hypotheses" in result else result
    size = [f"<p>{_size(shape)}</p>"] if "size" in shape else []
    doubts = (f'<p class="bad">{_text(warning["message"])}</p>' for warning in result.get("warnings", ()))
    files = f"<p>{status}: {_links(job.shapes, folder)}</p>"
    return "\n".join(("<article>", image, f"<h2>{name}</h2>", *size, files, *doubts, "</article>"))


def _document(title: str, body: str, policy: str = "") -> bytes:
    """A whole page. What a file name holds that is no text becomes question marks."""
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{PAGE_MARK} {__version__}">
<meta name="viewport" content="width=device-width, initial-scale=1">
{policy}<title>{_text(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
{body}
</body>
</html>
"""
    return page.encode("utf-8", "replace")


def _name(job: Job) -> str:
    return "standard input" if job.image == STANDARD_INPUT else job.image.name


def _text(words: str) -> str:
    """Words as HTML; names in backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(words))


def _size(shape: Mapping[str, Any]) -> str:
    sides = " x ".join(f"{side:.4g}" for side in shape["size"])
    return f"{sides} {shape['unit']}" if shape["unit"] != "1" else f"{sides}, without a unit"


def _link(path: Path, folder: Path) -> str:
    return quote(os.fsencode(os.path.relpath(path, folder)))


def _links(paths: Iterable[Path], folder: Path) -> str:
    return ", ".join(f'<a href="{_link(path, folder)}">{_text(path.name)}</a>' for path in paths)
