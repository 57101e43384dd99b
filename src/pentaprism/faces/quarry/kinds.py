"""The job kinds of the quarry face."""

from pentaprism.core.jobs.kinds import JobKind

JOB_KINDS: tuple[JobKind, ...] = ()
