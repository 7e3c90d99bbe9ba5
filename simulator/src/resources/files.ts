import { extname } from 'node:path';
import type { Account } from '../account/account.js';
import type { Entity, SimRecord } from '../account/entities.js';
import { hexCode } from '../account/random.js';
import { sqlTime } from '../account/sim-clock.js';
import { ifSeen, seenOf } from '../account/visibility.js';
import { type Answer, asV1, ok, v1Failed } from '../api/answers.js';
import { type Call, jsonOf } from '../api/call.js';
import type { Draft, Json, JsonObject } from '../json.js';
import { checkV1Body } from '../validate/v1-body.js';
import { commit, markDeleted } from './commit.js';
import { offsetPage, sortV1 } from './pages.js';
import { assertNotArchived, touchParents } from './references.js';

/** Since 2025-01-15. */
const LONGEST_PAGE = 100;

const parents = [
  { property: 'deal_id', entity: 'deals', label: 'deal_name', named: 'title' },
  { property: 'person_id', entity: 'persons', label: 'person_name', named: 'name' },
  { property: 'org_id', entity: 'organizations', label: 'org_name', named: 'name' },
  { property: 'product_id', entity: 'products', label: 'product_name', named: 'name' },
  { property: 'activity_id', entity: 'activities' },
  { property: 'lead_id', entity: 'leads', label: 'lead_name', named: 'title' },
  { property: 'project_id' },
] as const satisfies readonly { property: string; entity?: Entity; label?: string; named?: string }[];

export const fileHandlers = {
  uploadFile(call: Call): Answer {
    const { account, received } = call;
    if (received.kind !== 'multipart') throw v1Failed(400, 'The request must be multipart/form-data.');
    const [upload, ...others] = received.files;
    if (upload?.part !== 'file' || others.length > 0) throw v1Failed(400, 'Exactly one file must be given.');
    const links = { ...blankLinks, ...checkV1Body(call.operation, received.fields) };
    assertParents(account, links);
    const file = account.insert('files', {
      ...links,
      user_id: account.caller().id,
      name: upload.name,
      file_name: storedName(account, upload.name),
      file_type: typeOf(upload.name, upload.contentType),
      file_size: upload.size,
      description: '',
      sha256: upload.sha256,
      stored_at: upload.path,
      content_type: upload.contentType,
    });
    touchParents(account, file);
    commit(call, 'create', 'files', file);
    return ok(render(call, file));
  },
  getFile: (call: Call) => ok(render(call, find(call))),
  getFiles: (call: Call) => page(call, [...seenOf(call.account, 'files', call.account.all('files'))]),
  getDealFiles: (call: Call) => filesOf(call, 'deals', 'deal_id'),
  getPersonFiles: (call: Call) => filesOf(call, 'persons', 'person_id'),
  getOrganizationFiles: (call: Call) => filesOf(call, 'organizations', 'org_id'),
  getProductFiles: (call: Call) => filesOf(call, 'products', 'product_id'),
  updateFile(call: Call): Answer {
    const file = find(call);
    Object.assign(file, checkV1Body(call.operation, jsonOf(call)), { update_time: call.account.now() });
    touchParents(call.account, file);
    commit(call, 'update', 'files', file);
    return ok(render(call, file));
  },
  deleteFile(call: Call): Answer {
    const file = find(call);
    markDeleted(call, file);
    touchParents(call.account, file);
    commit(call, 'delete', 'files', file);
    return ok({ id: file.id });
  },
  downloadFile(call: Call): Answer {
    const file = find(call);
    return {
      status: 200,
      headers: {
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(String(file.name))}`,
      },
      file: {
        path: String(file.stored_at),
        size: Number(file.file_size),
        contentType: String(file.content_type),
      },
    };
  },
};

const blankLinks: Draft = Object.fromEntries(parents.map(({ property }) => [property, null]));

function assertParents(account: Account, links: Draft): void {
  for (const parent of parents) {
    const id = links[parent.property];
    if (id === null || id === undefined) continue;
    const exists = 'entity' in parent && account.live(parent.entity, id);
    if (!exists) throw v1Failed(400, `${parent.property} refers to a record that was not found.`);
  }
  asV1(() => assertNotArchived(account, links));
}

function filesOf(call: Call, entity: Entity, property: string): Answer {
  const id = Number(call.params.id);
  const { account } = call;
  if (!ifSeen(account, entity, account.live(entity, id))) throw v1Failed(404, 'Item not found.');
  return page(
    call,
    [...seenOf(account, 'files', account.all('files'))].filter((file) => file[property] === id),
  );
}

function page(call: Call, files: SimRecord[]): Answer {
  sortV1(files, call.query.sort, ['id', 'update_time']);
  const { page: shown, additional } = offsetPage(files, call.query, LONGEST_PAGE);
  return ok(
    shown.map((file) => render(call, file)),
    additional,
  );
}

function find({ account, params }: Call): SimRecord {
  const file = ifSeen(account, 'files', account.live('files', Number(params.id)));
  if (!file) throw v1Failed(404, 'File not found.');
  return file;
}

/** Pipedrive stores a file under an altered name: base, underscore, hash, extension. */
function storedName(account: Account, name: string): string {
  const extension = extname(name);
  const base = name.slice(0, name.length - extension.length).replace(/[^\p{L}\p{N}._-]+/gu, '_');
  return `${base}_${hexCode('file', account.seed, account.table('files').size, name)}${extension}`;
}

function typeOf(name: string, contentType: string): string {
  if (contentType.startsWith('image/')) return 'img';
  return extname(name).slice(1).toLowerCase() || 'file';
}

function render(call: Call, file: SimRecord): JsonObject {
  const { account } = call;
  const { is_deleted, deleted_at, stored_at, sha256, content_type, ...sent } = file;
  const names = parents.flatMap((parent): [string, Json][] =>
    'label' in parent
      ? [[parent.label, nameOf(account, parent.entity, file[parent.property], parent.named)]]
      : [],
  );
  return {
    ...sent,
    ...Object.fromEntries(names),
    log_id: null,
    add_time: sqlTime(file.add_time),
    update_time: sqlTime(file.update_time),
    active_flag: !is_deleted,
    inline_flag: false,
    remote_location: 's3',
    remote_id: file.file_name ?? '',
    cid: '',
    s3_bucket: '',
    mail_message_id: '',
    mail_template_id: '',
    project_name: '',
    url: `${call.origin}/api/v1/files/${file.id}/download`,
  };
}

function nameOf(account: Account, entity: Entity, id: Json | undefined, property: string): Json {
  return account.find(entity, id)?.[property] ?? '';
}
