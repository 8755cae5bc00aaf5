"""Options that say how an object stands in the file that is written."""

from __future__ import annotations

from typing import Annotated

import typer

from shapelift.geometry.placement import ORIGINS, UPS

Rest = Annotated[bool, typer.Option("--rest", help="Turn it so that it lies as low as it can.")]
Origin = Annotated[
    str | None,
    typer.Option(
        help=f"What lies at 0 of the bounding box: {' or '.join(ORIGINS)}.", show_default="bottom of stl and 3mf"
    ),
]
Up = Annotated[
    str | None,
    typer.Option(help=f"Axis that points up in the file: {' or '.join(UPS)}.", show_default="y; z of stl and 3mf"),
]
