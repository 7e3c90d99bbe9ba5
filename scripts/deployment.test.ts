import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { prefixes } from '../cli/src/stack/gateway.js';
import { webhookPorts } from '../services/ingest/src/webhooks/guard-address.js';
import { gauges, histograms } from '../shared/src/core/metrics.js';
import { nodeFlags } from '../shared/src/embedded/node-flags.js';
import { type ServiceName, serviceNames } from '../shared/src/queue/catalog.js';
import { commonEnv } from '../shared/src/service/config.js';
import { lookoutPoolSize } from '../shared/src/service/context.js';
import { programs } from './bundle.mjs';

/**
 * What is deployed, read without a Docker engine or a cluster: image, compose, Kubernetes, alerts and dashboard must agree
 * with the code. Rendering the overlays takes kubectl (1.21 or newer); where it is not installed that test is skipped and
 * says so, but not in CI.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Doc {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec: Json;
  data?: Record<string, string>;
}
// biome-ignore lint/suspicious/noExplicitAny: foreign documents, asserted on below and nowhere else
type Json = any;

const dockerfile = read('Dockerfile').split('\n');
const compose: Json = parse(read('docker-compose.yml'), { merge: true });
const base = documentsOf('k8s/base');
const has = (command: string) =>
  spawnSync(command, ['version', '--client'], { stdio: 'ignore' }).status === 0;

/** The keys that our config schemas read, from their source: a mistyped variable would silently be a default. */
const knownEnv = new Set(
  ['shared/src/service/config.ts', 'cli/src/gateway-main.ts', 'shared/src/programs/migrate.ts']
    .concat(serviceNames.map((name) => `services/${name}/src/config.ts`))
    .flatMap((file) => [...read(file).matchAll(/^ {2,4}([A-Z][A-Z0-9_]+):/gm)].map(([, key]) => key ?? ''))
    .concat('DATABASE_URL'),
);

/** What a container runs must be built, and be in the image. */
const isEntryPoint = (file: string) =>
  Object.entries(programs).some(([folder, names]) =>
    names.some((name: string) => file === `${folder}/dist/bundle/${path.basename(name)}.js`),
  ) &&
  dockerfile.some(
    (line) => line.startsWith('COPY --from=build') && line.includes(` /app/${file.split('/dist/')[0]}/dist `),
  );

test('image: pinned, multi-stage, without install scripts and development packages, not as root', () => {
  const text = dockerfile.join('\n');
  expect(text).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-bookworm-slim$/m);
  expect(dockerfile.filter((line) => line.startsWith('FROM '))).toEqual([
    `FROM \${NODE_IMAGE} AS build`,
    `FROM \${NODE_IMAGE} AS runtime`,
  ]);
  expect(text).toContain('npm ci --ignore-scripts');
  expect(text).toContain('npm prune --omit=dev');
  const runtime = text.slice(text.indexOf('AS runtime'));
  expect(runtime).toMatch(/^USER 1000:1000$/m);
  expect(runtime).not.toMatch(/^(ADD|RUN npm|COPY \.)/m);
  const workspaces = JSON.parse(read('package.json')).workspaces as string[];
  for (const folder of workspaces.flatMap((one) =>
    one === 'services/*' ? serviceNames.map((s) => `services/${s}`) : [one],
  ))
    expect(text, `${folder} is known to npm ci`).toContain(`COPY ${folder}/package.json ${folder}/`);
});

test('every program of ours is started with the flags of the image, wherever it is started', () => {
  const entrypoint = dockerfile.find((line) => line.startsWith('ENTRYPOINT ')) ?? '';
  expect(JSON.parse(entrypoint.replace('ENTRYPOINT ', ''))).toEqual(['node', ...nodeFlags]);
  const starters = filesOf('.ts', '.mjs').filter(
    (file) => /execPath/.test(read(file)) && /bundle\/(main|[\w-]+)\.js|builtProgram/.test(read(file)),
  );
  expect(starters.length).toBeGreaterThan(9);
  // Those that are handed the program by its path.
  const handed = ['cli/src/stack/program.ts', 'bench/src/programs.ts'];
  expect([...starters, ...handed].filter((file) => !/\.\.\.nodeFlags/.test(read(file)))).toEqual([]);
});

test('compose: every part of ours starts a built program, healthy in order, locked down, with known variables', () => {
  const ours = [...serviceNames, 'migrate', 'gateway', 'simulator'];
  expect(Object.keys(compose.services).sort()).toEqual([...ours, 'postgres', 'redis'].sort());
  for (const name of ours) {
    const service = compose.services[name];
    expect(isEntryPoint(service.command[0]), `${name}: ${service.command[0]}`).toBe(true);
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    const unknown = Object.keys(service.environment ?? {}).filter((key) => !knownEnv.has(key));
    expect(unknown, name).toEqual([]);
  }
  for (const name of serviceNames)
    expect(compose.services[name], name).toMatchObject({
      depends_on: {
        migrate: { condition: 'service_completed_successfully' },
        redis: { condition: 'service_healthy' },
      },
      stop_grace_period: '30s',
      healthcheck: { test: expect.arrayContaining([expect.stringContaining('/readyz')]) },
      volumes: expect.arrayContaining(['files:/data/files']),
    });
  expect(Object.keys(compose.services.gateway.depends_on).sort()).toEqual([...serviceNames].sort());
  expect(compose.services.simulator.profiles).toEqual(['simulator']);
  for (const name of ['postgres', 'redis', 'gateway', 'simulator'])
    expect(compose.services[name].healthcheck.test.length, name).toBeGreaterThan(1);
  // On its socket a database that the image is still making answers, too.
  expect(compose.services.postgres.healthcheck.test.slice(0, 4)).toEqual([
    'CMD',
    'pg_isready',
    '-h',
    '127.0.0.1',
  ]);
  expect(compose.services.migrate.restart).toMatch(/^on-failure:\d+$/);
  const { DATABASE_POOL_SIZE: pool, WORKER_CONCURRENCY: jobs } = compose.services.ingest.environment;
  // As shipped, without a line in the env file.
  expect([pool, jobs]).toEqual([`\${DATABASE_POOL_SIZE:-}`, `\${WORKER_CONCURRENCY:-}`]);
  const connections = serviceNames.reduce((sum, name) => sum + connectionsOfPod(name, {}), 0);
  expect(connections + besidesPods).toBeLessThanOrEqual(maxConnectionsOf(compose.services.postgres.command));
  const { command } = compose.services.redis;
  expect(command.slice(command.indexOf('--appendonly'))).toEqual(
    expect.arrayContaining(['yes', 'noeviction']),
  );
  for (const image of ['postgres', 'redis'].map((name) => compose.services[name].image))
    expect(image).toMatch(/:\d+\.\d+(\.\d+)?-/);
  // Only the gateway is reached from outside, and from this machine alone unless told.
  const published = Object.entries(compose.services).filter(([, service]) => (service as Json).ports);
  expect(published.map(([name]) => name)).toEqual(['gateway']);
  expect(compose.services.gateway.ports).toEqual([
    expect.stringMatching(/^\$\{OCTOPIPE_BIND:-127\.0\.0\.1\}/),
  ]);
  expect(compose.networks.stores).toEqual({ internal: true });
});

test('a rotation of the master key reaches every service, in compose and Kubernetes, and has its program in the image', () => {
  for (const name of serviceNames) {
    expect(compose.services[name].environment.OCTOPIPE_OTHER_MASTER_KEYS).toBe(
      `\${OCTOPIPE_OTHER_MASTER_KEYS:-}`,
    );
    const [container] = find(base, 'Deployment', name).spec.template.spec.containers;
    expect(container.env).toContainEqual({
      name: 'OCTOPIPE_OTHER_MASTER_KEYS',
      valueFrom: { secretKeyRef: { name: 'octopipe', key: 'OCTOPIPE_OTHER_MASTER_KEYS', optional: true } },
    });
  }
  expect(knownEnv).toContain('OCTOPIPE_OTHER_MASTER_KEYS');
  for (const [program] of read('docs/runbook.md').matchAll(/shared\/dist\/bundle\/[\w-]+\.js/g))
    expect([program, isEntryPoint(program)]).toEqual([program, true]);
});

test('compose: secrets come from the env file, which is not committed; the example names each and holds none', () => {
  const text = read('docker-compose.yml');
  const required = [...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name);
  expect(new Set(required)).toEqual(new Set(['POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'OCTOPIPE_MASTER_KEY']));
  expect(text.match(/(PASSWORD|MASTER_KEY|requirepass): +['"]?[^$\s'"]/g)).toBeNull();
  for (const name of new Set(required)) expect(read('.env.example')).toMatch(new RegExp(`^${name}=$`, 'm'));
  expect(read('.gitignore').split('\n')).toEqual(
    expect.arrayContaining(['.env', 'k8s/overlays/dev/secrets.env']),
  );
});

test('compose: whatever the runbook, the docs or a problem tell to set can be set, and the example has its default', () => {
  const told = [
    'docs/runbook.md',
    'docs/scaling.md',
    'docs/api.md',
    'README.md',
    'shared/src/core/problems.ts',
  ]
    .concat(filesOf('.ts').filter((file) => /^services\/\w+\/src\/routes\/[\w-]+\.ts$/.test(file)))
    .flatMap((file) => [...read(file).matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([name]) => name))
    .filter((name) => knownEnv.has(name));
  expect(told).toEqual(expect.arrayContaining(['TOKEN_RESERVE_SHARE', 'MAX_UPLOAD_BYTES']));
  const passed: Record<string, string> = Object.assign(
    {},
    ...serviceNames.map((name) => compose.services[name].environment),
  );
  expect(Object.keys(passed)).toEqual(expect.arrayContaining([...new Set(told)]));
  const fromFile = Object.values(passed).flatMap((value) => /^\$\{(\w+):-/.exec(value)?.[1] ?? []);
  const example = read('.env.example');
  for (const name of fromFile) expect(example).toMatch(new RegExp(`^# ${name}=`, 'm'));
  const defaultOf = (name: string) => Number(new RegExp(`^# ${name}=(.+)$`, 'm').exec(example)?.[1]);
  expect(defaultOf('DATABASE_POOL_SIZE')).toBe(commonEnv.DATABASE_POOL_SIZE.parse(undefined));
  expect(defaultOf('WORKER_CONCURRENCY')).toBe(commonEnv.WORKER_CONCURRENCY.parse(undefined));
});

test('one table of prefixes: the gateway and the Ingress', () => {
  const ingress = base.find(({ kind }) => kind === 'Ingress');
  const paths = ingress?.spec.rules[0].http.paths.map((one: Json) => [
    one.path,
    one.backend.service.name,
    one.pathType,
  ]);
  expect(paths).toEqual([
    // The gateway answers the bare host itself.
    ['/', 'reporter', 'Exact'],
    ...prefixes.map(([prefix, service]) => [prefix, service, 'Prefix']),
  ]);
});

test.each(serviceNames)(
  'kubernetes: %s has probes, limits, a grace time, its budget, and no more rights than it needs',
  (name) => {
    const { spec } = find(base, 'Deployment', name);
    const pod = spec.template.spec;
    const [container] = pod.containers;
    expect(isEntryPoint(container.args[0])).toBe(true);
    expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    // preStop and the 25 s of shared/src/service/service.ts fit into it.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      Number(container.lifecycle.preStop.exec.command[1]) + 25,
    );
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(
      [container.livenessProbe, container.startupProbe, container.readinessProbe].map(
        (probe) => probe.httpGet.path,
      ),
    ).toEqual(['/livez', '/livez', '/readyz/traffic']);
    expect(Object.keys(container.resources.limits)).toEqual(['cpu', 'memory']);
    expect(Object.keys(container.resources.requests)).toEqual(['cpu', 'memory']);
    for (const { name: key, valueFrom } of container.env) {
      expect(knownEnv.has(key), key).toBe(true);
      expect(valueFrom.secretKeyRef.name, key).toBe('octopipe');
    }
    expect(container.volumeMounts.map((mount: Json) => mount.mountPath)).toEqual(['/data/files', '/tmp']);
    expect(find(base, 'PodDisruptionBudget', name).spec.selector).toEqual(spec.selector);
    expect(find(base, 'Service', name).spec.selector).toEqual(spec.selector.matchLabels);
  },
);

test('kubernetes: nothing in or out unless listed; the migrate step is a job of its own; secrets are nowhere', () => {
  expect(find(base, 'NetworkPolicy', 'deny-all').spec).toEqual({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
  const out = find(base, 'NetworkPolicy', 'internet-out').spec;
  expect(out.podSelector.matchExpressions[0].values).toEqual(['loader', 'ingest']);
  expect(out.egress[0].to[0].ipBlock.except).toEqual(
    expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16']),
  );
  // Every port that a receiver of webhooks may listen on, from ingest; the loader has no reason to go beyond https.
  expect(portsOut(base, 'loader').filter((port) => !storePorts.includes(port))).toEqual([443]);
  expect(portsOut(base, 'ingest')).toEqual(expect.arrayContaining(webhookPorts));
  for (const name of ['transform', 'reporter'] as const)
    expect(portsOut(base, name), name).toEqual(storePorts);
  expect(isEntryPoint(find(base, 'Job', 'octopipe-migrate').spec.template.spec.containers[0].args[0])).toBe(
    true,
  );
  const all = [...base, ...documentsOf('k8s/overlays/dev'), ...documentsOf('k8s/overlays/production')];
  expect(all.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  expect(read('k8s/overlays/dev/secrets.env.example')).not.toMatch(
    /^(POSTGRES_PASSWORD|OCTOPIPE_MASTER_KEY)=.+/m,
  );
  for (const overlay of ['base', 'overlays/dev', 'overlays/production'])
    for (const { literals = [] } of parse(read(`k8s/${overlay}/kustomization.yaml`)).configMapGenerator)
      for (const literal of literals) expect(knownEnv.has(literal.split('=')[0]), literal).toBe(true);
});

test('kubernetes: loaders scale on the age of the backlog, which is a metric of ours', () => {
  const { spec } = find(documentsOf('k8s/overlays/production'), 'ScaledObject', 'loader');
  expect(spec.triggers[0].metadata.query).toBe('max(octopipe_backlog_age_seconds{service="loader"})');
  expect(Object.keys(gauges)).toContain('octopipe_backlog_age_seconds');
  expect(spec.minReplicaCount).toBeGreaterThanOrEqual(2);
  // KEDA before 2.18 refuses the whole object otherwise, and the loader stays alone.
  if (spec.fallback)
    for (const { metricType = 'AverageValue' } of spec.triggers) expect(metricType).toBe('AverageValue');
});

test('kubernetes: both overlays render, and hold what they are for (with kubectl)', ({ skip }) => {
  if (!has('kubectl') && process.env.CI)
    throw new Error('kubectl is not installed; the overlays must be rendered here');
  if (!has('kubectl')) return skip('kubectl is not installed');
  const copy = mkdtempSync(path.join(tmpdir(), 'octopipe-k8s-'));
  try {
    cpSync(path.join(root, 'k8s'), copy, { recursive: true });
    cpSync(path.join(copy, 'overlays/dev/secrets.env.example'), path.join(copy, 'overlays/dev/secrets.env'));
    const render = (overlay: string) => {
      const { status, stdout, stderr } = spawnSync('kubectl', [
        'kustomize',
        path.join(copy, 'overlays', overlay),
      ]);
      expect(status, stderr.toString()).toBe(0);
      return toDocs(stdout.toString());
    };
    const production = render('production');
    expect(
      production.every(({ kind, metadata }) => kind === 'Namespace' || metadata.namespace === 'octopipe'),
    ).toBe(true);
    // KEDA sets it; an apply must not set it back.
    expect(find(production, 'Deployment', 'loader').spec.replicas).toBeUndefined();
    for (const name of serviceNames) {
      const [container] = find(production, 'Deployment', name).spec.template.spec.containers;
      expect(container.image).toMatch(/^registry\.example\.com\/octopipe:\d/);
      expect(container.envFrom[0].configMapRef.name).toMatch(/^octopipe-\w{10}$/);
    }
    const ingress = find(production, 'Ingress', 'octopipe').spec;
    expect(ingress).toMatchObject({ tls: [{ secretName: 'octopipe-tls' }] });
    // A certificate is served to hosts that have a rule.
    const named = ingress.tls.flatMap(({ hosts }: Json) => hosts);
    expect(named.length).toBeGreaterThan(0);
    expect(ingress.rules.map(({ host }: Json) => host)).toEqual(expect.arrayContaining(named));
    for (const rule of ingress.rules) expect(rule.http.paths.length).toBe(prefixes.length + 1);
    // The pods by which cert-manager proves a host stand in this namespace, too.
    expect(find(production, 'NetworkPolicy', 'certificate-challenge-in').spec).toMatchObject({
      podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } },
      ingress: [{ from: fromIngress(production), ports: [{ port: 8089 }] }],
    });
    // At the height of a release: each Deployment with its surge, as many loaders as KEDA may ask for.
    const atMost = connectionsOf(production, 'octopipe');
    const [, promised = ''] =
      /max_connections = (\d+)/.exec(read('k8s/overlays/production/kustomization.yaml')) ?? [];
    expect(atMost + besidesPods).toBeLessThanOrEqual(Number(promised));
    for (const words of [`= ${atMost}`, `max_connections = ${promised}`])
      expect(read('docs/scaling.md')).toContain(words);
    const dev = render('dev');
    const [container] = find(dev, 'StatefulSet', 'postgres').spec.template.spec.containers;
    expect(connectionsOf(dev, 'octopipe-dev') + besidesPods).toBeLessThanOrEqual(
      maxConnectionsOf(container.args),
    );
    for (const name of [...serviceNames, 'simulator'])
      expect(find(dev, 'Deployment', name).spec.replicas).toBe(1);
    const redis = find(dev, 'StatefulSet', 'redis').spec.template.spec.containers[0].args;
    expect(redis).toEqual(expect.arrayContaining(['--appendonly', 'noeviction']));
    expect(
      dev.filter(({ kind }) => kind === 'Secret').map(({ data }) => Object.keys(data ?? {}).sort()),
    ).toEqual([['DATABASE_URL', 'OCTOPIPE_MASTER_KEY', 'POSTGRES_PASSWORD', 'REDIS_URL']]);
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test('runbook: its commands name a namespace, parts that are deployed, and programs that are in the image', () => {
  const commands = [...read('docs/runbook.md').matchAll(/`((?:kubectl|docker compose) [^`]+)`/g)].map(
    ([, command = '']) => command,
  );
  expect(commands.length).toBeGreaterThan(9);
  const production = [...base, ...documentsOf('k8s/overlays/production')];
  for (const command of commands) {
    for (const [part] of command.matchAll(/kubectl [^&]+/g))
      expect(part, command).toMatch(/^kubectl (-n octopipe |apply -k k8s\/overlays\/production)/);
    for (const [, name = ''] of command.matchAll(/deploy\/([\w-]+)/g)) find(production, 'Deployment', name);
    for (const [, name = ''] of command.matchAll(/scaledobject ([\w-]+)/g))
      find(production, 'ScaledObject', name);
    for (const [program] of command.matchAll(/\S+\/dist\/\S+\.js/g))
      expect(isEntryPoint(program), command).toBe(true);
    // What KEDA scales it scales back.
    expect(command, command).not.toMatch(/scale .*deploy\/loader/);
    const [, verb = '', names = ''] = /^docker compose (\w+)((?: [a-z]+)*)$/.exec(command) ?? [];
    if (['stop', 'start'].includes(verb))
      expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(names.trim().split(' ')));
  }
});

test('runbook: each code with which a run stops stands there, with what resuming it does', () => {
  const sources = filesOf('.ts')
    .filter((file) => /^(services|shared)\/.*\/?src\//.test(file) && !file.endsWith('.test.ts'))
    .map((file) => read(file));
  const all = (pattern: RegExp) =>
    sources.flatMap((text) => [...text.matchAll(pattern)].map(([, code = '']) => code));
  const stopped = all(/new RunStopped\(\s*'(\w+)'/g);
  // One whose code is computed would not be seen here.
  expect(stopped).toHaveLength(all(/(new RunStopped\()/g).length);
  const gates = all(/needsPerson: true,\s*code: '(\w+)'/g);
  const waiting = [...stopped, ...gates, ...all(/to: 'waiting_person',\s*reasonCode: '(\w+)'/g)];
  expect(waiting).toEqual(expect.arrayContaining(['matches_open', 'rollback_preview', 'records_failed']));
  const section =
    read('docs/runbook.md')
      .split(/^## /m)
      .find((text) => text.startsWith('A run waits for a person')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code),
  );
  expect(told.sort()).toEqual([...new Set(waiting)].sort());
  for (const code of all(/reasonCode: (?:\w+(?:\.\w+)* \?\? )?'(\w+)'/g))
    expect(section).toContain(`\`${code}\``);

  // A wait of weeks for one customer must not hide another's: each code is of exactly one rule, and its series has a name.
  const rules: Json[] = parse(read('deploy/prometheus/alerts.yml')).groups.flatMap(
    ({ rules }: Json) => rules,
  );
  const rulesOf = (series: string, code: string) =>
    rules.filter(({ expr }) => {
      const [, sign = '', value = ''] =
        new RegExp(`by \\(reason\\) \\(${series}reason(=|!=|=~|!~)"([^"]+)"`).exec(expr) ?? [];
      return value !== '' && value.split('|').includes(code) === sign.startsWith('=');
    }).length;
  for (const code of told)
    expect([code, rulesOf('octopipe_runs\\{status="waiting_person",', code ?? '')]).toEqual([code, 1]);
  const faults = [...read('services/transform/src/mapping/finish-set.ts').matchAll(/\bfault: '(\w+)'/g)];
  expect(faults.length).toBeGreaterThan(1);
  for (const code of [
    ...faults.map(([, code = '']) => code),
    'mapper_error',
    'mapping_failed',
    'plan_changed',
  ])
    expect([code, rulesOf('octopipe_runs_failed\\{', code)]).toEqual([code, 1]);
});

test('alerts and dashboard speak of metrics that exist, with labels they have; each alert has its heading in the runbook', () => {
  const known: Record<string, ReadonlyArray<string>> = Object.fromEntries(
    Object.entries({ ...gauges, ...histograms }).map(([name, { labels }]) => [name, labels]),
  );
  const alerts: Json[] = parse(read('deploy/prometheus/alerts.yml')).groups.flatMap(
    ({ rules }: Json) => rules,
  );
  const dashboard: Json = JSON.parse(read('deploy/grafana/octopipe.json'));
  const expressions: string[] = [
    ...alerts.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets }: Json) => targets.map(({ expr }: Json) => expr)),
  ];
  expect(expressions.length).toBeGreaterThan(25);
  const used = new Set<string>();
  for (const expression of expressions) {
    for (const [, name = '', selector = ''] of expression.matchAll(/\b(octopipe_\w+)(?:\{([^}]*)\})?/g)) {
      const metric = name.replace(/_(bucket|count|sum)$/, '');
      used.add(metric);
      expect(Object.keys(known), expression).toContain(metric);
      for (const [, label] of selector.matchAll(/(\w+) *[=!]/g))
        expect([...(known[metric] ?? []), 'service'], expression).toContain(label);
    }
  }
  // And nothing is measured that nobody looks at.
  expect([...used].sort()).toEqual(Object.keys(known).sort());
  const headings = [...read('docs/runbook.md').matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w ]/g, '')
      .replaceAll(' ', '-'),
  );
  for (const { alert, annotations, labels } of alerts) {
    expect(headings, alert).toContain(annotations.runbook.replace('docs/runbook.md#', ''));
    expect(['page', 'ticket'], alert).toContain(labels.severity);
  }
});

/** The migrate step, a program that a person runs, and what Postgres keeps for its superuser. */
const besidesPods = 2 + 1 + 3;

interface Sizes {
  pool?: string | undefined;
  jobs?: string | undefined;
}

/** With the queue on Redis, as in all that is deployed. */
function connectionsOfPod(service: ServiceName, { pool, jobs }: Sizes): number {
  const perPod = commonEnv.DATABASE_POOL_SIZE.parse(pool) + lookoutPoolSize;
  // A job that stages holds a COPY.
  return service === 'ingest' ? perPod + commonEnv.WORKER_CONCURRENCY.parse(jobs) : perPod;
}

function connectionsOf(docs: Doc[], namespace: string): number {
  const settings = docs.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.namespace === namespace,
  )?.data;
  const sizes = { pool: settings?.DATABASE_POOL_SIZE, jobs: settings?.WORKER_CONCURRENCY };
  const scaled = docs.find(({ kind }) => kind === 'ScaledObject')?.spec.maxReplicaCount;
  return serviceNames.reduce((sum, name) => {
    const { replicas = scaled, strategy } = find(docs, 'Deployment', name).spec;
    return sum + (replicas + strategy.rollingUpdate.maxSurge) * connectionsOfPod(name, sizes);
  }, 0);
}

function maxConnectionsOf(args: string[]): number {
  return Number(args.find((arg) => arg.startsWith('max_connections='))?.split('=')[1]);
}

/** What every pod may reach: names, Postgres, Redis, traces. */
const storePorts = [53, 53, 5432, 6379, 4318];

/** The ports that the pods of a service may open connections to, by all policies that select them. */
function portsOut(docs: Doc[], service: string): number[] {
  return docs
    .filter(({ kind, spec }) => kind === 'NetworkPolicy' && selects(spec.podSelector, service))
    .flatMap(({ spec }) => spec.egress ?? [])
    .flatMap(({ ports }: Json) => ports.map(({ port }: Json) => port));
}

function selects({ matchLabels = {}, matchExpressions = [] }: Json, service: string): boolean {
  const labels: Record<string, string> = {
    'app.kubernetes.io/name': service,
    'octopipe.dev/service': 'true',
  };
  return (
    Object.entries(matchLabels).every(([label, value]) => labels[label] === value) &&
    matchExpressions.every(({ key, values }: Json) => values.includes(labels[key]))
  );
}

/** Where requests from outside come from, as the services' own policy says. */
function fromIngress(docs: Doc[]): Json[] {
  return find(docs, 'NetworkPolicy', 'services-in').spec.ingress[0].from.slice(0, 1);
}

/** Our own sources with one of these endings. */
function filesOf(...endings: string[]): string[] {
  return ['shared', 'services', 'simulator', 'generator', 'cli', 'bench', 'e2e', 'scripts'].flatMap(
    (folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(
          (file) =>
            endings.some((ending) => file.endsWith(ending)) && !/(^|\/)(dist|node_modules)\//.test(file),
        )
        .map((file) => `${folder}/${file}`),
  );
}

function documentsOf(folder: string): Doc[] {
  return readdirSync(path.join(root, folder))
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap((file) => toDocs(read(`${folder}/${file}`)));
}

function toDocs(text: string): Doc[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Doc | null)
    .filter((doc) => doc !== null);
}

function find(docs: Doc[], kind: string, name: string): Doc {
  const found = docs.find((doc) => doc.kind === kind && doc.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}
