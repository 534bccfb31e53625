// Word errors: how many words must be changed, put in or taken out to make what was heard out of what was said.

/** `words` are those that were said. */
export function wordErrors(said: string, heard: string): { words: number; errors: number } {
  const from = wordsOf(said);
  const to = wordsOf(heard);
  let row = to.map((_, index) => index + 1);
  row.unshift(0);
  for (const [index, word] of from.entries()) {
    const next = [index + 1];
    for (const [column, other] of to.entries()) {
      const change = (row[column] ?? 0) + (word === other ? 0 : 1);
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return { words: from.length, errors: row.at(-1) ?? 0 };
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll(/[-–—]/g, ' ')
    .replaceAll(/[^\p{L}\p{N}\s]/gu, '')
    .split(/\s+/)
    .filter((word) => word !== '');
}
