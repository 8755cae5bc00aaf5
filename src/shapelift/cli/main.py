"""The `shapelift` command: one typer application, one place where errors become exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer

from shapelift._version import __version__
from shapelift.cli.output import fail, use_flags
from shapelift.errors import InputError

_COMMANDS = {
    "reconstruct": ("shapelift.cli.reconstruct", "reconstruct"),
    "convert": ("shapelift.cli.convert", "convert"),
    "inspect": ("shapelift.cli.inspection", "inspect"),
    "relief": ("shapelift.cli.relief", "relief"),
    "synthesize": ("shapelift.cli.synthesize", "synthesize"),
    "pack-meshes": ("shapelift.cli.pack_meshes", "pack_meshes"),
    "train": ("shapelift.cli.train", "train"),
    "recipes": ("shapelift.cli.train", "recipes"),
    "evaluate": ("shapelift.cli.evaluate", "evaluate"),
}
_SUMMARIES = {
    "reconstruct": "Turn images into closed 3D models.",
    "convert": "Turn a point cloud into a closed mesh, or a mesh into another format.",
    "inspect": "Say what a mesh or a point cloud holds: model, unit, size, and whether it is closed.",
    "relief": "Make a bas-relief or a lithophane of a picture or a depth map.",
    "synthesize": "Render meshes or procedural shapes into a training data set.",
    "pack-meshes": "Pack a folder of meshes into one small file.",
    "train": "Train a model of your own category.",
    "recipes": "List the training recipes.",
    "evaluate": "Score a model on a data set, next to two baselines.",
}


# Typer carries a copy of click of its own since 0.20 and the installed click before: take its classes from it.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def _application(command: str | None) -> Any:
    """The typer application. Only the module of the asked command is imported: start-up time is a feature."""
    app = typer.Typer(
        name="shapelift",
        help="One image of an object in, a closed 3D model out.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_global_options)
    for name, (module, function) in _COMMANDS.items():
        target = getattr(importlib.import_module(module), function) if command == name else _placeholder(name)
        app.command(name, help=None if command == name else _SUMMARIES[name])(target)
    return typer.main.get_command(app)


def _placeholder(name: str) -> Callable[[], None]:
    # Only ever listed in `shapelift --help`; a command that is asked for is imported for real.
    def command() -> None:
        raise typer.BadParameter(f"run `shapelift {name} --help`")

    return command


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"shapelift {__version__}")
        raise typer.Exit


def _global_options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    # Everything happens in the option's callback, before a command is asked for.
    del version


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code: 0 done, 1 partly failed, 2 bad input, 130 interrupted."""
    command = next((word for word in arguments if not word.startswith("-")), None)
    json = "--json" in arguments
    try:
        application = _application(command)
        use_flags(_flags(application, command))
        result = application(args=list(arguments), prog_name="shapelift", standalone_mode=False)
    except InputError as error:
        return fail(str(error), json=json)
    except _UsageError as error:
        return _usage(error, json=json)
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("shapelift: interrupted", err=True)
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (`shapelift ... | head`); nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))


def _flags(application: Any, command: str | None) -> dict[str, str]:
    """What the arguments of a command are called: the longest of the names of each option."""
    chosen = application.commands.get(command)
    options = [] if chosen is None else [one for one in chosen.params if one.param_type_name == "option"]
    return {one.name: max(one.opts, key=len) for one in options}


def _usage(error: Any, *, json: bool) -> int:
    text = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(text)
        return 2
    return fail(" ".join(text.split()), json=json)


if __name__ == "__main__":
    main()
