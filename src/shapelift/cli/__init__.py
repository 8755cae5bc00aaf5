"""The command line: parses, calls, prints."""

__all__: list[str] = []
