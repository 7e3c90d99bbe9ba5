/**
 * Looks something up by one question at a time for each key: calls that come while one is under way share the next. None
 * gets an answer whose look began before it came, so the answer is never older than the call; and however many come at
 * once, each waits for two looks at most. Rejections are shared, too. Keeps nothing between looks.
 */
export function shareNext<T>(look: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const places = new Map<string, Place<T>>();

  return (key) => {
    const place = places.get(key);
    if (!place) return begin(key);
    place.next ??= place.settled.then(() => begin(key));
    return place.next;
  };

  function begin(key: string): Promise<T> {
    const answer = look(key);
    const settled = answer.then(
      () => {},
      () => {},
    );
    const place: Place<T> = { settled, next: undefined };
    places.set(key, place);
    // Where somebody waits, the next look takes this place in a moment.
    void settled.then(() => {
      if (place.next === undefined) places.delete(key);
    });
    return answer;
  }
}

interface Place<T> {
  /** The look that is under way; fulfilled whatever became of it. */
  settled: Promise<void>;
  /** For all who came since it began. */
  next: Promise<T> | undefined;
}
