# The tag names version and base; pin it by digest where your registry can tell you one.
ARG NODE_IMAGE=node:26.9.0-trixie-slim

# Install scripts stay off: none is needed here, and the only one allowed fetches a second Node for development.
FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/build.ts
COPY src src
RUN node scripts/build.ts

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="xdrelay" \
      org.opencontainers.image.description="Moves Microsoft Defender XDR data to where a security team works" \
      org.opencontainers.image.licenses="Apache-2.0"

WORKDIR /opt/xdrelay
COPY --from=dependencies /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
COPY schemas schemas
COPY deploy/elasticsearch deploy/elasticsearch

# The only place it writes to. A named volume takes over owner and mode from here.
RUN install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/xdrelay
VOLUME /var/lib/xdrelay
ENV NODE_ENV=production \
    DEAD_LETTER_PATH=/var/lib/xdrelay/dead-letters
USER 65532:65532

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "const port = (process.env.ADMIN_LISTEN || ':9464').split(':').at(-1); fetch(`http://127.0.0.1:${port}/livez`).then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["run"]
