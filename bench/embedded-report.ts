// The tables of (e): one column for each generation of engines.
import type { EmbeddedResult } from './embedded.ts';
import type { Spread } from './statistics.ts';
import { table, title } from './table.ts';
import type { Understood } from './voice.ts';

type Row = readonly [name: string, value: (result: EmbeddedResult) => string | undefined];

const ms = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? '-' : `${value.toFixed(0)} ms`);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const both = (spread: Spread | undefined) => spread && `${ms(spread.p50)} / ${ms(spread.p95)}`;

export function embeddedReport(results: readonly EmbeddedResult[]): string[] {
  const sets = [...new Set(results.flatMap(({ ears }) => ears?.sets.map(({ set }) => set) ?? []))];
  const readers = [...new Set(results.flatMap(({ voice }) => voice?.understood.map(({ reader }) => reader) ?? []))];
  const characters = [...new Set(results.flatMap(({ voice }) => voice?.characters.map(({ name }) => name) ?? []))];
  return [
    ...part(results, '(e) The machine meanwhile', [['load average', loadOf]]),
    ...part(results, '(e) Embedded engines, end to end: one conversation', [
      ['end of speech to first audio, p50 / p95', ({ answers }) => both(answers?.answerMs)],
      ['questions answered', ({ answers }) => answers && `${answers.answerMs.count} of ${answers.answerMs.count + answers.unanswered}`],
      ['speech over an answer to `speech_started`, p50 / p95', ({ answers }) => both(answers?.bargeInMs)],
      ['of these noticed', ({ answers }) => answers && `${answers.bargeInMs.count} of ${answers.bargeInMs.count + answers.missedBargeIns}`],
      ['start to self-check, empty data folder', ({ starts }) => starts && ms(starts.emptyMs)],
      ['the same again', ({ starts }) => starts && ms(starts.againMs)],
      ['resident memory of all processes, idle', ({ starts }) => starts && `${(starts.idleBytes / 1e6).toFixed(0)} MB`],
    ]),
    ...part(results, '(e) What is heard', [
      ...sets.map((name): Row => [`word errors, ${name}`, ({ ears }) => errorsOf(ears?.sets.find(({ set }) => set === name))]),
      [
        'clips without speech that gave words',
        ({ ears }) => ears?.speechless && `${ears.speechless.withWords.length} of ${ears.speechless.clips}`,
      ],
      ['end of turn to words, one speaker, p50 / p95', ({ ears }) => both(ears?.delayMs)],
      ['speakers at once on one core, p95 up to 600 ms', ({ crowd }) => crowd && String(crowd.inTime)],
      [
        'of these steps (speakers: p50 / p95)',
        ({ crowd }) => crowd?.steps.map(({ speakers, delayMs }) => `${speakers}: ${both(delayMs)}`).join('; '),
      ],
      ['a speaker alone on one core, p50 / p95', ({ flood }) => both(flood?.alone)],
      ['the same beside a flood by another key', ({ flood }) => both(flood?.beside)],
    ]),
    ...part(results, '(e) The voice', [
      ['sentences', ({ voice }) => voice && `${voice.sentences}${voice.failed > 0 ? `, ${voice.failed} failed` : ''}`],
      ...readers.map((name): Row => [`word errors, read by ${name}`, ({ voice }) => errorsOf(understoodBy(voice?.understood, name))]),
      ['text to first sound, p50 / p95', ({ voice }) => both(voice?.firstSoundMs)],
      ['CPU for a second of sound, whole server', ({ voice }) => voice && `${voice.cpuPerSecond.toFixed(3)} s`],
      [
        'loudness, mean (least to most)',
        ({ voice }) => voice && `${lufs(voice.lufs.mean)} (${lufs(voice.lufs.least)} to ${lufs(voice.lufs.most)}) LUFS`,
      ],
      ['clipped samples', ({ voice }) => voice && String(voice.clippedSamples)],
      ['longest silence before a first sound', ({ voice }) => voice && ms(voice.longestSilenceMs)],
    ]),
    ...part(
      results,
      '(e) Characters: loudness, median pitch, word errors',
      characters.map(
        (name): Row => [
          name,
          ({ voice }) => {
            const character = voice?.characters.find((each) => each.name === name);
            if (!character) return undefined;
            const errors = character.understood.map((each) => `${each.reader} ${errorsOf(each)}`);
            return [`${lufs(character.lufs)} LUFS`, `${character.pitchHz.toFixed(0)} Hz`, ...errors].join(', ');
          },
        ],
      ),
    ),
  ];
}

/** Nothing where nobody measured any of it. */
function part(results: readonly EmbeddedResult[], name: string, rows: readonly Row[]): string[] {
  const lines = rows.map(([label, value]) => [label, ...results.map((result) => value(result) ?? '-')]);
  const told = lines.filter((line) => line.slice(1).some((cell) => cell !== '-'));
  return told.length === 0 ? [] : [title(name), table(['', ...results.map(({ engines }) => engines.join(', '))], told)];
}

function loadOf({ load }: EmbeddedResult): string | undefined {
  return load.length === 0 ? undefined : `${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}`;
}

function understoodBy(list: readonly Understood[] | undefined, name: string): Understood | undefined {
  return list?.find(({ reader }) => reader === name);
}

function errorsOf(counts: { words: number; errors: number } | undefined): string | undefined {
  return counts && `${percent(counts.errors / counts.words)} of ${counts.words}`;
}

function lufs(value: number): string {
  return value.toFixed(1);
}
