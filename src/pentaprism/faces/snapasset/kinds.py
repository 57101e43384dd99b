"""The job kinds of the snapasset face."""

from pentaprism.core.jobs.kinds import JobKind

JOB_KINDS: tuple[JobKind, ...] = ()
