// Says in the last lines of a run which tests were left out, and why: what they need is not on this machine.
import type { Reporter, TestModule } from 'vitest/node';

export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap(({ children, relativeModuleId }) => {
      const counts = new Map<string, number>();
      for (const test of children.allTests('skipped')) {
        const result = test.result();
        const why = (result.state === 'skipped' ? result.note : undefined) ?? 'what it needs is not on this machine';
        counts.set(why, (counts.get(why) ?? 0) + 1);
      }
      return [...counts].map(([why, count]) => `  ${relativeModuleId}: ${count} ${count === 1 ? 'test' : 'tests'}, since ${why}`);
    });
    if (lines.length > 0) console.log(`Left out:\n${lines.join('\n')}\n`);
  }
}
