"""Whole ways through the package, each one function in a module of its own: what the command line calls.

`reconstruction`, `conversion` and `relief` do without PyTorch, `training` needs it.
"""

from shapelift.pipelines.progress import Progress, Silent, Update

__all__ = ["Progress", "Silent", "Update", "conversion", "reconstruction", "relief", "training"]
