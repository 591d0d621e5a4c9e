# One image for every daemon and command: `docker build -t lockstep .`, then `docker run lockstep doctor`.
# A digest (`python:3.12-slim-bookworm@sha256:...`) makes the base as fixed as the lock makes the rest.
ARG PYTHON=python:3.12-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python -m venv /opt/lockstep
# First what changes rarely: this layer stays while the lock does.
COPY requirements.lock ./
RUN /opt/lockstep/bin/pip install --no-deps --only-binary :all: --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY connectors connectors
COPY worker worker
RUN /opt/lockstep/bin/pip install --no-deps --no-build-isolation .

FROM ${PYTHON}
RUN groupadd --gid 10001 lockstep && useradd --uid 10001 --gid lockstep --no-create-home --home-dir /nonexistent lockstep
COPY --from=build /opt/lockstep /opt/lockstep
COPY mappings /etc/lockstep/mappings
ENV PATH=/opt/lockstep/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LOCKSTEP_CONFIG=/etc/lockstep/mappings
WORKDIR /etc/lockstep
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["lockstep"]
CMD ["--help"]
