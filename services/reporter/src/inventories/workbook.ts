import { unzipSync, zipSync } from 'fflate';
import writeXlsxFile, { type Cell as XlsxCell } from 'write-excel-file/node';

/** A sheet for people: one table under a header that stays, filters and wraps. */
export interface Sheet {
  /** At most 31 characters, none of `[]:*?/\`: what a spreadsheet takes. */
  name: string;
  columns: ReadonlyArray<{ says: string; width: number }>;
  rows: ReadonlyArray<ReadonlyArray<Cell>>;
}

/** Figures are numbers, so that they can be summed; everything else is text, whatever it looks like. */
export type Cell = string | number | null;

/** What a cell of a spreadsheet holds. */
const cellLimit = 32_767;

/**
 * The sheets as the bytes of an `.xlsx`: the same sheets, the same bytes, on every machine and at every time. Text is
 * stored as text: a cell of the export that begins with `=` or `@` is shown, never calculated.
 */
export async function workbookOf(sheets: ReadonlyArray<Sheet>): Promise<Buffer> {
  const zipped = await writeXlsxFile(
    sheets.map((sheet) => ({
      sheet: sheet.name,
      columns: sheet.columns.map(({ width }) => ({ width })),
      stickyRowsCount: 1,
      orientation: 'landscape' as const,
      data: [sheet.columns.map(({ says }) => headerCell(says)), ...sheet.rows.map((row) => row.map(cellOf))],
    })),
    {
      features: [
        {
          files: {
            transform: {
              'xl/worksheets/sheet{id}.xml': {
                transform: (xml, _options, { sheetIndex }) => withFilter(xml, sheets[sheetIndex]),
              },
            },
          },
        },
      ],
      fontFamily: 'Calibri',
      fontSize: 11,
    },
  ).toBuffer();
  return Buffer.from(withoutClock(zipped));
}

function headerCell(says: string): XlsxCell {
  return {
    value: says,
    type: String,
    fontWeight: 'bold',
    backgroundColor: '#E8EEF4',
    wrap: true,
    alignVertical: 'top',
  };
}

function cellOf(value: Cell): XlsxCell {
  if (value === null || value === '') return null;
  if (typeof value === 'number') return { value, type: Number, alignVertical: 'top' };
  return { value: cutCell(value), type: String, wrap: true, alignVertical: 'top' };
}

function cutCell(text: string): string {
  const says = ' … (longer in inventories.json)';
  return text.length <= cellLimit ? text : `${text.slice(0, cellLimit - says.length)}${says}`;
}

/** Filter arrows on the header, which the library leaves to its users. */
function withFilter(xml: string, sheet: Sheet | undefined): string {
  if (!sheet || sheet.rows.length === 0) return xml;
  const range = `A1:${columnLetters(sheet.columns.length)}${sheet.rows.length + 1}`;
  return xml.replace('</sheetData>', `</sheetData><autoFilter ref="${range}"/>`);
}

/** 1 → `A`, 27 → `AA`. */
function columnLetters(nth: number): string {
  const letter = String.fromCharCode(65 + ((nth - 1) % 26));
  return nth <= 26 ? letter : columnLetters(Math.floor((nth - 1) / 26)) + letter;
}

/** The library dates the parts of the zip by the clock. A zip's date has no zone: midnight here is midnight everywhere. */
function withoutClock(zipped: Uint8Array): Uint8Array {
  return zipSync(unzipSync(zipped), { mtime: new Date(2000, 0, 1) });
}
