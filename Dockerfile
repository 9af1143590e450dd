# Stage 1 builds the wheel, page included: the Node it needs comes as a Python package.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE CHANGELOG.md ./
COPY scripts scripts
COPY webapp webapp
COPY static static
COPY templates templates
RUN PIP_CONSTRAINT=/src/requirements.lock pip wheel --no-cache-dir --wheel-dir /wheels .

# Stage 2 holds Python, the wheels and nothing else; it runs as an ordinary user.
FROM python:3.13-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels podarium \
    && rm -r /wheels \
    && useradd --create-home --uid 10001 podarium \
    && mkdir /data && chown podarium /data
USER podarium
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
# Beyond loopback Podarium asks for tokens: pass --token or --token-file (see `podarium serve --help`).
ENTRYPOINT ["podarium", "serve", "--host", "0.0.0.0", "--port", "8080", "--data-dir", "/data"]
