/** What a grade rests on; each part is 0 (simple) to 1 (hard). */
export interface ComplexityParts {
  compatibility: number;
  mapping_clarity: number;
  api_constraints: number;
  volume: number;
}

export type Grade = 'A' | 'B' | 'C' | 'D';

/** How much each part counts; they add up to 1. */
const weights: Record<keyof ComplexityParts, number> = {
  compatibility: 0.3,
  mapping_clarity: 0.3,
  api_constraints: 0.2,
  volume: 0.2,
};

/** The highest score of each grade. */
const grades: ReadonlyArray<{ grade: Grade; upTo: number; says: string }> = [
  { grade: 'A', upTo: 0.25, says: 'Standard objects, few rows, nothing that has to be decided twice.' },
  { grade: 'B', upTo: 0.45, says: 'Some custom fields or losses; an afternoon of decisions.' },
  { grade: 'C', upTo: 0.65, says: 'Many own fields, forms or automations to rebuild; several rounds.' },
  { grade: 'D', upTo: 1, says: 'Volume or limits that need a plan of their own.' },
];

export function complexityOf(parts: ComplexityParts) {
  const contributions = Object.fromEntries(
    Object.entries(weights).map(([part, weight]) => [
      part,
      { value: round(parts[part as keyof ComplexityParts]), weight },
    ]),
  );
  const score = round(
    Object.entries(weights).reduce(
      (total, [part, weight]) => total + parts[part as keyof ComplexityParts] * weight,
      0,
    ),
  );
  const found = grades.find(({ upTo }) => score <= upTo) ?? grades[grades.length - 1];
  return { grade: found?.grade ?? 'D', score, says: found?.says ?? '', contributions };
}

/** 0 at `low` and below, 1 at `high` and above, in between by the order of magnitude. */
export function magnitude(count: number, low: number, high: number): number {
  if (count <= low) return 0;
  return Math.min(1, Math.log(count / low) / Math.log(high / low));
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
