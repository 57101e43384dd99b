"""``python -m pentaprism``."""

from pentaprism.cli.main import main

if __name__ == "__main__":
    main()
