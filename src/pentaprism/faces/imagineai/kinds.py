"""The job kinds of the imagineai face."""

from pentaprism.core.jobs.kinds import JobKind

JOB_KINDS: tuple[JobKind, ...] = ()
