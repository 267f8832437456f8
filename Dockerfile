# syntax=docker/dockerfile:1
# The proxy in a small image, without a configuration: mount one at /config (docs/operations.md).

# The compiler of rust-toolchain.toml.
FROM rust:1.95.0-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake g++ make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY Cargo.toml Cargo.lock config.sample.yaml routes.yaml ./
COPY .cargo .cargo
COPY src src
COPY crates crates
COPY bench/tools bench/tools
COPY fuzz fuzz
RUN cargo build --profile dist --locked --bin argo-openai-proxy

FROM debian:bookworm-slim
# The authorities that ARGO's certificate is checked with.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/dist/argo-openai-proxy /usr/local/bin/
USER 65532:65532
WORKDIR /config
# In a container only 0.0.0.0 can be published; publish it on the host's loopback, as docs/operations.md does.
ENV CONFIG_PATH=/config/config.yaml ARGO_PROXY_HOST=0.0.0.0 PORT=8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s CMD ["argo-openai-proxy", "health"]
ENTRYPOINT ["argo-openai-proxy"]
CMD ["serve"]
