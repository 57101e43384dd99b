"""What the platform counts, for Prometheus. Every label has few values: routes are templates, never paths."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
JOB_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)

# The time of creation of each series would double their number, and nothing here needs it.
disable_created_metrics()  # type: ignore[no-untyped-call]

Reading = tuple[tuple[str, ...], float]


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pentaprism_requests_total", "HTTP requests answered.", ["face", "method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "pentaprism_request_seconds",
            "Time until the response was complete.",
            ["face", "route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.requests_open = Gauge("pentaprism_requests_open", "HTTP requests being answered.", ["face"], registry=self.registry)
        self.sockets_open = Gauge("pentaprism_sockets_open", "Open WebSocket connections.", ["face"], registry=self.registry)
        self.jobs_ended = Counter("pentaprism_jobs_ended_total", "Jobs that ended.", ["kind", "state"], registry=self.registry)
        self.job_seconds = Histogram(
            "pentaprism_job_seconds", "Running time of ended jobs.", ["kind"], buckets=JOB_SECONDS, registry=self.registry
        )
        self.limit_hits = Counter(
            "pentaprism_limit_hits_total", "Requests refused by a rate limit.", ["face", "rule"], registry=self.registry
        )

    def observe(self, name: str, description: str, labels: Iterable[str], read: Callable[[], Iterable[Reading]]) -> None:
        """Add a gauge whose values ``read`` gives whenever the metrics are asked for."""
        self.registry.register(_Observed(name, description, tuple(labels), read))

    def text(self) -> bytes:
        """All metrics in the text format (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
        return generate_latest(self.registry)


class _Observed(Collector):
    def __init__(self, name: str, description: str, labels: tuple[str, ...], read: Callable[[], Iterable[Reading]]) -> None:
        self.name = name
        self.description = description
        self.labels = labels
        self.read = read

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [GaugeMetricFamily(self.name, self.description, labels=self.labels)]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily(self.name, self.description, labels=self.labels)
        for values, number in self.read():
            family.add_metric(values, number)
        yield family
