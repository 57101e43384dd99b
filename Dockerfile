# One image for gateway and workers: `docker run IMAGE serve` or `docker run IMAGE worker`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE NOTICE requirements-production.lock ./
COPY src ./src
RUN python -m venv /opt/pentaprism \
    && /opt/pentaprism/bin/pip install --no-cache-dir --require-hashes -r requirements-production.lock \
    && /opt/pentaprism/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && find /opt/pentaprism -name '__pycache__' -type d -prune -exec rm -rf {} +

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 pentaprism \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data pentaprism \
    && install -d -o 10001 -g 10001 /data
COPY --from=build /opt/pentaprism /opt/pentaprism
ENV PATH=/opt/pentaprism/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    PENTAPRISM_DATA_DIR=/data \
    PENTAPRISM_SERVER__HOST=0.0.0.0
USER 10001:10001
# Everything that is written lies in these two: the root file system may be read-only.
VOLUME ["/data", "/tmp"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["pentaprism"]
CMD ["serve"]
