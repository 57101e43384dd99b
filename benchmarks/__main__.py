"""Every benchmark, one after the other: ``python -m benchmarks`` or ``make bench``. Each prints a table of its own.

Names choose some: ``make bench BENCHMARKS="cells sam"``.
"""

import subprocess
import sys

SUITES = ("jobs", "gateway", "uploads", "sockets", "scale", "cells", "seismic", "seismic_io", "products", "artwork", "sam", "studio")


def main() -> None:
    """Run each suite in a process of its own; the status tells whether all of them ended well."""
    failed = []
    for suite in sys.argv[1:] or SUITES:
        print(f"\n== {suite}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{suite}"], check=False).returncode:
            failed.append(suite)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
