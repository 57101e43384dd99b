"""The production implementations of the core's ports: S3, Redis, Celery. They need the package extra ``production``."""
