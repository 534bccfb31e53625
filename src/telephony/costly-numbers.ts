// Numbers that cost their caller far more than others, which is what toll fraud calls: an allowed prefix means them only when it names them itself.

/**
 * Prefixes in E.164 digits, and what they are. Sources: ITU-T E.164 assigned codes (878, 881 to 883, 870, 979); the North American Numbering Plan
 * Administrator's list of area codes by country (those outside of the United States and Canada), 900 and exchange 976; the national numbering plans of
 * the countries named (Ofcom 09, 070, 087; ARCEP 89, 81, 82; Bundesnetzagentur 900, 137; CNMC 803, 806, 807, 905; OFCOM 90x; ACMA 190; and so on).
 */
const costly: Readonly<Record<string, readonly string[]>> = {
  'a premium-rate number': [
    ...[
      '1900',
      '979',
      '449',
      '4487',
      '4470',
      '3389',
      '3381',
      '3382',
      '49900',
      '49137',
      '34803',
      '34806',
      '34807',
      '34905',
      '39892',
      '39893',
    ],
    ...[
      '39894',
      '39895',
      '39899',
      '41900',
      '41901',
      '41906',
      '43900',
      '43901',
      '43930',
      '43931',
      '31900',
      '31906',
      '31909',
      '32900',
      '32901',
    ],
    ...['32902', '32903', '35315', '46900', '46939', '46944', '61190', '64900', '8190', '8200', '420900', '420906', '420909'],
  ],
  'a satellite or global service': ['870', '878', '881', '882', '883'],
  'a country of the North American plan outside of the United States and Canada': [
    ...[
      '1242',
      '1246',
      '1264',
      '1268',
      '1284',
      '1345',
      '1441',
      '1473',
      '1649',
      '1658',
      '1664',
      '1721',
      '1758',
      '1767',
      '1784',
      '1809',
      '1829',
    ],
    ...['1849', '1868', '1869', '1876'],
  ],
};

const table = Object.entries(costly).flatMap(([what, prefixes]) => prefixes.map((prefix) => ({ prefix: `+${prefix}`, what })));

/** What a number is, if it costs more than others, and the prefix by which it is known. */
export function costlyKind(number: string): { readonly prefix: string; readonly what: string } | undefined {
  const [, exchange] = /^(\+1\d{3}976)\d{4}$/.exec(number) ?? [];
  if (exchange !== undefined) return { prefix: exchange, what: 'a premium-rate number' };
  return table.find(({ prefix }) => number.startsWith(prefix));
}
