// Which of the ids that are served somebody may have meant who named one that is not.

const most = 3;

/** At most three, the likest first; none that has nothing in common with what was asked for. */
export function nearestIds(asked: string, served: readonly string[]): string[] {
  const wanted = asked.toLowerCase();
  return [...new Set(served)]
    .map((id) => ({ id, distance: distance(wanted, id.toLowerCase()) }))
    .filter(({ id, distance: far }) => far < Math.max(asked.length, id.length) / 2 || sharesName(wanted, id.toLowerCase()))
    .sort((one, other) => one.distance - other.distance)
    .slice(0, most)
    .map(({ id }) => id);
}

/** Whether the model's own name, or the provider's, is that of the other. */
function sharesName(one: string, other: string): boolean {
  return [one.split('/').at(-1), one.split('/', 1)[0]].some((part) => part !== undefined && part !== '' && other.split('/').includes(part));
}

/** Levenshtein's: how many characters have to be put in, taken out or replaced. */
function distance(one: string, other: string): number {
  const a = one.slice(0, 128);
  const b = other.slice(0, 128);
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
