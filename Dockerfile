# Caddy with Gatehouse, built as ./xcaddy.sh builds it, in an image that holds
# nothing else. It runs as an unprivileged user; its state is below /data.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN ./xcaddy.sh --output /caddy

FROM alpine:3.22.2
RUN apk add --no-cache ca-certificates \
	&& adduser -D -H -u 10001 gatehouse \
	&& install -d -o gatehouse -g gatehouse -m 0700 /data /config
COPY --from=build /caddy /usr/bin/caddy
ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config
VOLUME /data /config
USER gatehouse
ENTRYPOINT ["caddy"]
CMD ["run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
