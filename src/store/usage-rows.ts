// The tables of what was used, in SQLite: sums by day, key, session, stage and model. Everything here runs within a transaction of database.ts.
import type { StatementSync } from 'node:sqlite';
import type { StoredUsage, UnitPrice, UsageColumn, UsagePage, UsageRange, UsageSum } from './store.ts';

/** The statement of that text, which is prepared once. */
type Sql = (text: string) => StatementSync;

const sums = `requests = requests + excluded.requests, inputTokens = inputTokens + excluded.inputTokens,
  outputTokens = outputTokens + excluded.outputTokens, cachedTokens = cachedTokens + excluded.cachedTokens,
  seconds = seconds + excluded.seconds, characters = characters + excluded.characters`;

export function addUsage(sql: Sql, batch: string, rows: readonly StoredUsage[], nowMs: number): void {
  if (sql('INSERT OR IGNORE INTO usage_batch VALUES (?, ?)').run(batch, nowMs).changes === 0) return;
  const add = sql(`INSERT INTO usage_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ${sums}`);
  for (const row of rows) {
    const { day, keyId, session, stage, model, requests, inputTokens, outputTokens, cachedTokens, seconds, characters } = row;
    add.run(day, keyId, session, stage, model, requests, inputTokens, outputTokens, cachedTokens, seconds, characters);
  }
}

const inRange = 'day BETWEEN ? AND ? AND (? IS NULL OR keyId = ?)';

function rangeValues({ from, to, keyId = null }: { from: string; to: string; keyId?: string | null }) {
  return [from, to, keyId, keyId] as const;
}

export function usedModels(sql: Sql, range: UsageRange): Pick<StoredUsage, 'stage' | 'model'>[] {
  const rows = sql(`SELECT DISTINCT stage, model FROM usage_row WHERE ${inRange}`).all(...rangeValues(range));
  return rows as unknown as Pick<StoredUsage, 'stage' | 'model'>[];
}

export function sumUsage(
  sql: Sql,
  range: UsageRange,
  by: readonly UsageColumn[],
  prices: readonly UnitPrice[],
  { limit, offset, order }: UsagePage,
): UsageSum[] {
  const columns = by.map((column) => `used.${column} AS ${column},`).join(' ');
  const groups =
    by.length === 0
      ? ''
      : `GROUP BY ${by.map((column) => `used.${column}`).join()} ORDER BY ${by.map((column) => `${column} ${order}`).join()}`;
  const text = `WITH price AS MATERIALIZED (
      SELECT value->>'stage' AS stage, value->>'model' AS model, value->>'inputToken' AS inputToken, value->>'cachedToken' AS cachedToken,
        value->>'outputToken' AS outputToken, value->>'second' AS second, value->>'character' AS character
      FROM json_each(?))
    SELECT ${columns} coalesce(sum(requests), 0) AS requests, coalesce(sum(inputTokens), 0) AS inputTokens,
      coalesce(sum(outputTokens), 0) AS outputTokens, coalesce(sum(cachedTokens), 0) AS cachedTokens,
      total(iif(used.stage = 'stt', seconds, 0)) AS heardSeconds, total(iif(used.stage = 'tts', seconds, 0)) AS spokenSeconds,
      coalesce(sum(characters), 0) AS characters,
      sum((inputTokens - cachedTokens) * price.inputToken + cachedTokens * price.cachedToken + outputTokens * price.outputToken
        + seconds * price.second + characters * price.character) AS cost,
      count(*) > count(price.stage) AS hasUnpriced
    FROM usage_row AS used LEFT JOIN price ON price.stage = used.stage AND price.model = used.model
    WHERE ${inRange} ${groups} LIMIT ? OFFSET ?`;
  const rows = sql(text).all(JSON.stringify(prices), ...rangeValues(range), limit, offset);
  return rows.map((row) => ({
    by: Object.fromEntries(by.map((column) => [column, String(row[column])])),
    requests: Number(row['requests']),
    inputTokens: Number(row['inputTokens']),
    outputTokens: Number(row['outputTokens']),
    cachedTokens: Number(row['cachedTokens']),
    heardSeconds: Number(row['heardSeconds']),
    spokenSeconds: Number(row['spokenSeconds']),
    characters: Number(row['characters']),
    cost: row['cost'] === null ? undefined : Number(row['cost']),
    hasUnpriced: row['hasUnpriced'] === 1,
  }));
}

export function foldUsage(sql: Sql, before: string, most: number, addedMs: number): boolean {
  sql('DELETE FROM usage_batch WHERE takenMs < ?').run(addedMs);
  const held = sql("SELECT count(*) AS held, min(day) AS oldest FROM usage_row WHERE session <> ''").get();
  const oldest = held?.['oldest'];
  if (typeof oldest !== 'string' || (oldest >= before && Number(held?.['held']) <= most)) return false;
  sql(
    `INSERT INTO usage_row
      SELECT day, keyId, '', stage, model, sum(requests), sum(inputTokens), sum(outputTokens), sum(cachedTokens), sum(seconds), sum(characters)
      FROM usage_row WHERE day = ? AND session <> '' GROUP BY keyId, stage, model
      ON CONFLICT DO UPDATE SET ${sums}`,
  ).run(oldest);
  sql("DELETE FROM usage_row WHERE day = ? AND session <> ''").run(oldest);
  return true;
}
