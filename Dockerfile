# syntax=docker/dockerfile:1
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
COPY requirements-uv.lock requirements.lock ./
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements-uv.lock \
    && python3 -m venv --without-pip /opt/darkstar \
    && /opt/uv/bin/uv pip sync --no-cache --compile-bytecode --require-hashes --python /opt/darkstar/bin/python requirements.lock

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Darkstar Energy Manager" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 darkstar \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin darkstar \
    && install -d -o darkstar -g darkstar /data
COPY --from=build /opt/darkstar /opt/darkstar
WORKDIR /app
COPY app app
COPY migrations migrations
COPY locales locales
COPY templates templates
COPY themes themes
COPY static static
COPY config.yaml config.default.yaml ./
# The file system is read-only at run time: what is not compiled here is compiled at every start.
RUN python -m compileall -q app migrations \
    && printf '#!/bin/sh\nexec python -m app "$@"\n' > /usr/local/bin/darkstar \
    && chmod 755 /usr/local/bin/darkstar
ENV PATH=/opt/darkstar/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DARKSTAR_DATA_DIR=/data \
    DARKSTAR_SERVER__HOST=0.0.0.0
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: where prices or the database are missing, a restart mends nothing.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["darkstar", "serve"]
