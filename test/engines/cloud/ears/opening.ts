// The engine of a row, at whatever address.
import { noModels, type Stt } from '../../../../src/engines/engine.ts';
import { customEarRow, type EarAccess, type EarRow, earTable } from '../../../../src/engines/cloud/ears/rows.ts';
import { type Clock, systemClock } from '../../../../src/lib/clock.ts';
import { silentLog } from '../../../../src/lib/log.ts';

export const KEY = 'sk-verysecret1234';

export function rowOf(prefix: string): EarRow {
  const row = [...earTable, customEarRow].find((each) => each.prefix === prefix);
  if (!row) throw new Error(`no row for ${prefix}`);
  return row;
}

export function openEar(prefix: string, access: Partial<EarAccess> & Pick<EarAccess, 'baseUrl'>, clock: Clock = systemClock): Stt {
  const { name, languages, defaultModel, create } = rowOf(prefix);
  const info = { id: prefix, kind: 'stt', name, licence: 'LicenseRef-provider', languages } as const;
  const environment = { dataDir: '', settings: {}, log: silentLog, clock, models: noModels };
  return create(info, { apiKey: KEY, defaultModel, ...access }, environment);
}
