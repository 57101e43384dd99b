"""``python -m pentaprism``."""

from pentaprism.cli.main import main

main()
