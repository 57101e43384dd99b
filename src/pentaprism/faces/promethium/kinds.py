"""The job kinds of the promethium face."""

from pentaprism.core.jobs.kinds import JobKind

JOB_KINDS: tuple[JobKind, ...] = ()
