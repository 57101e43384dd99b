"""A server of jobs as a process of its own, to be killed: ``python -m core.workers.pool_server FOLDER``."""

import sys
import time
from pathlib import Path

from core.jobs.job_world import serving
from pentaprism.core.jobs.maintenance import Chore, Maintenance
from pentaprism.core.jobs.sweeper import Sweeper
from pentaprism.core.workers.rules import WorkerRules


def main(folder: Path) -> None:
    with serving(folder, WorkerRules(processes=2)) as world:
        maintenance = Maintenance([Chore("sweep", 2.0, Sweeper(world.platform).sweep)])
        maintenance.start()
        print("ready", flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
