# syntax=docker/dockerfile:1
FROM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /gatehouse .

FROM alpine:3.22
RUN apk add --no-cache ca-certificates tzdata \
	&& adduser -D -H -u 10001 gatehouse \
	&& install -d -o gatehouse -g gatehouse -m 0700 /data
COPY --from=build /gatehouse /usr/local/bin/gatehouse
USER gatehouse
# Inside a container every interface is the container's own; publish the port only where a TLS proxy can reach it.
ENV LISTEN_ADDR=0.0.0.0:8080 \
	DATABASE_URL=sqlite:/data/gatehouse.db \
	LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
	CMD wget -q -O /dev/null http://127.0.0.1:8080/healthz || exit 1
ENTRYPOINT ["gatehouse"]
CMD ["serve"]
