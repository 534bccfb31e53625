// The line that moves while models come.
import { expect, test } from 'vitest';
import { modelsOn, MovingLine } from '../../src/cli/progress-line.ts';

function screen(isTTY: boolean) {
  let now = 0;
  const written: string[] = [];
  const out = { isTTY, columns: 40, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const line = new MovingLine(out, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { line, written, pass };
}

const clear = '\r\u001b[K';
const fetching = (model: string, doneBytes: number) => ({ model, phase: 'fetching' as const, doneBytes, totalBytes: 54e6 });

test('shows all models that come on one line, which stays below what is said', () => {
  const { line, written } = screen(true);
  const show = modelsOn(line);
  show(fetching('ear', 1.9e6));
  show({ model: 'voice', phase: 'converting', doneBytes: 0, totalBytes: 0 });
  line.say('Flite: ready');
  show({ model: 'voice', phase: 'ready', doneBytes: 0, totalBytes: 0 });
  show({ model: 'ear', phase: 'failed', doneBytes: 0, totalBytes: 0 });
  line.say('Done');
  expect(written).toEqual([
    `${clear}ear 1 of 54 MB`,
    `${clear}ear 1 of 54 MB, voice is converted`,
    `${clear}Flite: ready\near 1 of 54 MB, voice is converted`,
    `${clear}ear 1 of 54 MB`,
    clear,
    'Done\n',
  ]);
});

test('is cut at the edge of the screen, so that it stays one', () => {
  const { line, written } = screen(true);
  line.show('x'.repeat(100));
  expect(written).toEqual([clear + 'x'.repeat(39)]);
});

test('is written now and then where nobody watches', () => {
  const { line, written, pass } = screen(false);
  const show = modelsOn(line);
  for (let second = 0; second <= 25; second++) {
    show(fetching('ear', second * 1e6));
    pass(1000);
  }
  expect(written).toEqual(['ear 0 of 54 MB\n', 'ear 10 of 54 MB\n', 'ear 20 of 54 MB\n']);
});
