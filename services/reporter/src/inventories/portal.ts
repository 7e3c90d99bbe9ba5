import { plainText } from '@octopipe/shared/domain/convert/html';
import { parseList } from '@octopipe/shared/domain/convert/list';
import { type Html, html } from '../html/html.js';
import { linked, table } from '../html/parts.js';
import { counted, words } from '../html/wording.js';
import type { ReportFacts } from '../reporter/gather-facts.js';
import { inventoryPage, leftOut } from './inventory-page.js';
import { findPortalSection, portalSectionOrder, portalSections } from './portal-sections.js';
import { type InventorySource, readDefinitions } from './read-definitions.js';

export interface PortalSetting {
  /** As the export calls it. */
  section: string;
  key: string;
  /** Null when it looks like a credential: those are never printed. */
  value: string | null;
  notes: string;
}

export interface PortalInventory {
  sections: Array<{ section: string; items: string; replacement: string; settings: PortalSetting[] }>;
  all: number;
  listed: number;
  unread: Array<{ path: string; why: string }>;
}

const otherSection = {
  section: 'Other settings',
  items: '',
  replacement: 'Not known to us: look at each and decide.',
};

export async function gatherPortal(source: InventorySource): Promise<PortalInventory> {
  const found = await readDefinitions(source, 'portal_setting');
  const settings = found.rows.map(({ fields }) => ({
    section: fields.section ?? '',
    key: fields.key ?? '',
    value: isCredential(fields.key ?? '') ? null : valueText(fields.value ?? ''),
    notes: plainText(fields.notes ?? ''),
  }));
  const known = [...portalSections]
    .sort((a, b) => portalSectionOrder.indexOf(a.section) - portalSectionOrder.indexOf(b.section))
    .map(({ section, items, replacement }) => ({
      section,
      items,
      replacement,
      settings: settings.filter(
        (setting) => findPortalSection(setting.section, setting.key)?.section === section,
      ),
    }));
  const others = settings.filter((setting) => !findPortalSection(setting.section, setting.key));
  return {
    sections: [...known, ...(others.length > 0 ? [{ ...otherSection, settings: others }] : [])],
    all: found.all,
    listed: settings.length,
    unread: found.unread,
  };
}

export function portalHtml(facts: ReportFacts, inventory: PortalInventory): string {
  return inventoryPage(facts, {
    title: 'Customer portal',
    lead: [
      'Pipedrive has no customer portal, so none of this moves. Here is how the portal was set up, section by section, and what takes its place.',
      inventory.all === 0
        ? 'The export holds no portal settings (portal_settings.csv or portal_settings.json). The sections below say what to look up in OctopusPro while you still have access.'
        : `The export holds ${counted(inventory.all, 'setting')}.`,
    ],
    body: [
      leftOut({ rows: inventory.listed, all: inventory.all, unread: inventory.unread }),
      ...inventory.sections.map(sectionOf),
    ],
  });
}

function sectionOf(section: PortalInventory['sections'][number]): Html {
  return html`<section><h2>${section.section}</h2>
<p><strong>Replaced by:</strong> ${section.replacement}</p>
${
  section.settings.length === 0
    ? html`<p class="soft">No setting of this section is in the export.</p>`
    : table(
        `Settings of the section “${section.section}”`,
        [{ says: 'Setting' }, { says: 'Value', prose: true }, { says: 'Note', prose: true }],
        section.settings.map((setting) => [
          words(setting.key),
          setting.value === null
            ? html`<span class="soft">not printed: looks like a credential</span>`
            : linked(setting.value),
          setting.notes,
        ]),
      )
}
${section.items !== '' && html`<p class="soft">OctopusPro has here: ${section.items}. What is not listed above was not in the export.</p>`}</section>`;
}

function valueText(text: string): string {
  return text.startsWith('[') ? parseList(text).join(', ') : plainText(text);
}

function isCredential(key: string): boolean {
  return /password|passwd|secret|token|api[ _-]?key|private[ _-]?key|credential/i.test(key);
}
