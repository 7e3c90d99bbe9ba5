# syntax=docker/dockerfile:1
# One image for everything: docker build -t octopipe:local .
#   services/{ingest,transform,loader,reporter}/dist/bundle/main.js   the four services
#   shared/dist/bundle/migrate.js                                     the migrate step
#   shared/dist/bundle/create-key.js                                  the first API key
#   services/loader/dist/bundle/cancel-live-runs.js                   after a restore (docs/runbook.md)
#   cli/dist/bundle/gateway-main.js                                   the gateway of docker-compose
#   simulator/dist/bundle/main.js                                     a simulated Pipedrive account
# Pin by digest in your registry's build: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
# What npm needs to know alone, so that a change of source does not install again.
COPY package.json package-lock.json .npmrc ./
COPY shared/package.json shared/
COPY services/ingest/package.json services/ingest/
COPY services/transform/package.json services/transform/
COPY services/loader/package.json services/loader/
COPY services/reporter/package.json services/reporter/
COPY simulator/package.json simulator/
COPY generator/package.json generator/
COPY cli/package.json cli/
COPY bench/package.json bench/
# The embedded Postgres is optional and not for images; no install script runs (.npmrc says so, too).
RUN npm ci --ignore-scripts --include=dev
COPY . .
RUN npm run build
RUN npm prune --omit=dev --omit=optional --ignore-scripts \
  && find . -path ./node_modules -prune -o -name '*.test.*' -type f -exec rm {} +

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/shared/package.json ./shared/
COPY --from=build /app/shared/dist ./shared/dist
COPY --from=build /app/services/ingest/package.json ./services/ingest/
COPY --from=build /app/services/ingest/dist ./services/ingest/dist
COPY --from=build /app/services/transform/package.json ./services/transform/
COPY --from=build /app/services/transform/dist ./services/transform/dist
COPY --from=build /app/services/loader/package.json ./services/loader/
COPY --from=build /app/services/loader/dist ./services/loader/dist
COPY --from=build /app/services/reporter/package.json ./services/reporter/
COPY --from=build /app/services/reporter/dist ./services/reporter/dist
COPY --from=build /app/simulator/package.json ./simulator/
COPY --from=build /app/simulator/dist ./simulator/dist
COPY --from=build /app/cli/package.json ./cli/
COPY --from=build /app/cli/dist ./cli/dist
# A volume that is mounted here for the first time takes this owner.
RUN install -d -o node -g node -m 0700 /data/files
USER 1000:1000
# Nothing is written below / at run time: files go to /data/files, uploads are unpacked through /tmp.
ENTRYPOINT ["node", "--disable-proto=delete"]
CMD ["services/ingest/dist/bundle/main.js"]
