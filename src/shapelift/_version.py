"""The version, for all that writes it into files: importing it imports nothing else."""

__version__ = "0.1.0"
