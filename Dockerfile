# `dp` and the customer project in a small image. Build stage: the toolchain; last stage: one binary.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package platform-cli --bin dp \
    && install target/release/dp /usr/local/bin/dp

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates openssl tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /platform platform
COPY --from=build /usr/local/bin/dp /usr/local/bin/dp
WORKDIR /platform
COPY --chown=platform dbt_project.yml alerts.yml ./
COPY --chown=platform sql sql
COPY --chown=platform seeds seeds
# Volumes take over the owner of what they cover.
RUN mkdir -p target outbox csv_data certificates && chown platform: target outbox csv_data certificates
USER platform
ENV DBT_TARGET_PATH=target/dbt
EXPOSE 8080
ENTRYPOINT ["tini", "--", "dp"]
CMD ["--help"]
