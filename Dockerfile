# The worker: `docker build -t tidemark .`, then run it beside a Temporal server with the project at /project.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY workflows workflows
COPY activities activities
COPY demo demo
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
# The SDK's native part checks TLS certificates against the system's list.
RUN apt-get update -q \
  && apt-get install -y -q --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
COPY --from=build /app/package.json /app/
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/src/cli/main.js /usr/local/bin/tidemark && chmod +x /app/dist/src/cli/main.js
# The image's own user, uid 1000: nothing here needs root.
USER node
WORKDIR /project
CMD ["tidemark", "worker"]
