"""`python -m shapelift` is the same as `shapelift`."""

from shapelift.cli.main import main

main()
