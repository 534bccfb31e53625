// The languages Whisper knows, in the order of their tokens.

export const languages = (
  'en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az ' +
  'sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt ' +
  'haw ln ha ba jv su'
).split(' ');

/** Other names of some. */
const aliases: Readonly<Record<string, string>> = { nb: 'no', fil: 'tl', jw: 'jv', iw: 'he', in: 'id', cmn: 'zh', yue: 'zh', cn: 'zh' };

/** The place of a language among them, whatever its region (`pt-BR`); undefined of one that Whisper does not know, or `auto`. */
export function languageIndex(tag: string): number | undefined {
  const [primary = ''] = tag.toLowerCase().split(/[-_]/);
  const index = languages.indexOf(aliases[primary] ?? primary);
  return index < 0 ? undefined : index;
}
