/**
 * Chance without state: every number is a function of (seed, name, index, turn), so any row can be computed on its
 * own, in any order, and the same on every machine. Integer arithmetic only; not for secrets.
 */
export class Dice {
  private turn = 0;
  constructor(private readonly key: number) {}

  /** In [0, 1). */
  next(): number {
    this.turn += 1;
    return mix(this.key ^ Math.imul(this.turn, 0x9e3779b1)) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(from: ReadonlyArray<T>): T {
    return at(from, Math.floor(this.next() * from.length));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

export function dice(seed: number, name: string, index: number): Dice {
  return new Dice(keyOf(seed, name, index));
}

/**
 * A permutation of 0..size-1 that can be walked both ways without a table: four Feistel rounds, and round again while
 * the result is outside (cycle walking).
 * Ranks instead of throws: a share of 3 % of 5,000 is then 150, not 150 give or take 24.
 */
export class Shuffle {
  private readonly half: number;
  private readonly mask: number;
  private readonly keys: ReadonlyArray<number>;

  constructor(
    seed: number,
    name: string,
    readonly size: number,
  ) {
    const bits = Math.max(2, Math.ceil(Math.log2(Math.max(2, size))));
    this.half = Math.ceil(bits / 2);
    this.mask = 2 ** this.half - 1;
    this.keys = [0, 1, 2, 3].map((round) => keyOf(seed, name, round));
  }

  of(index: number): number {
    let value = index;
    do value = this.walk(value, this.keys);
    while (value >= this.size);
    return value;
  }

  /** Which index `of` sends to this rank. */
  from(rank: number): number {
    let value = rank;
    do value = this.back(value);
    while (value >= this.size);
    return value;
  }

  /** The rank as a share in (0, 1). */
  share(index: number): Share {
    return new Share((this.of(index) + 0.5) / this.size);
  }

  private walk(value: number, keys: ReadonlyArray<number>): number {
    let left = value >>> this.half;
    let right = value & this.mask;
    for (const key of keys) [left, right] = [right, left ^ (mix(key ^ right) & this.mask)];
    return ((left << this.half) | right) >>> 0;
  }

  private back(value: number): number {
    let left = value >>> this.half;
    let right = value & this.mask;
    for (let round = 3; round >= 0; round--)
      [left, right] = [right ^ (mix(at(this.keys, round) ^ left) & this.mask), left];
    return ((left << this.half) | right) >>> 0;
  }
}

/** A share that can be divided again and again, as arithmetic coding does: each part is spread evenly once more. */
export class Share {
  constructor(public value: number) {}

  /** The name of the part the share falls into; what is left is its place within that part. */
  split<K extends string>(parts: Readonly<Record<K, number>>): K {
    const entries = Object.entries(parts) as Array<[K, number]>;
    const whole = entries.reduce((sum, [, weight]) => sum + weight, 0);
    let low = 0;
    for (const [name, weight] of entries) {
      const part = weight / whole;
      if (this.value < low + part) {
        this.value = Math.min(1 - 1e-9, Math.max(0, (this.value - low) / part));
        return name;
      }
      low += part;
    }
    const last = entries.at(-1);
    if (!last) throw new Error('a share needs at least one part');
    return last[0];
  }

  below(part: number): boolean {
    return this.split({ yes: part, no: 1 - part }) === 'yes';
  }

  pick<T>(from: ReadonlyArray<T>): T {
    return at(from, Math.min(from.length - 1, Math.floor(this.value * from.length)));
  }
}

/** Quantile of the standard normal distribution (Acklam's approximation, |error| < 1.2e-9). */
export function normalQuantile(p: number): number {
  const tail = (q: number) => {
    const top =
      ((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
        q +
        4.374664141464968) *
        q +
      2.938163982698783;
    const bottom =
      (((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
      1;
    return top / bottom;
  };
  if (p < 0.02425) return tail(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  const top =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q;
  const bottom =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return top / bottom;
}

/** The element; a list that is too short is a bug of the table it comes from. */
export function at<T>(list: ReadonlyArray<T>, index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`no element ${index} in a list of ${list.length}`);
  return found;
}

const nameKeys = new Map<string, number>();

function keyOf(seed: number, name: string, index: number): number {
  let key = nameKeys.get(name);
  if (key === undefined) {
    key = 0x811c9dc5;
    for (const letter of name) key = Math.imul(key ^ (letter.codePointAt(0) ?? 0), 0x01000193);
    nameKeys.set(name, key);
  }
  return mix(mix(key ^ Math.imul(seed, 0x85ebca6b)) ^ Math.imul(index + 1, 0xc2b2ae35));
}

/** murmur3's finaliser: every bit of the input moves every bit of the output. */
function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
