// The order of the files of a run: those that wait for speech are spread over those that compute, so that neither core stands still, and those
// that share a process come one after the other, since a process is kept only for a next file of its own kind.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

export default class Sequence extends BaseSequencer {
  /** Within a project the order is Vitest's own: the longest first, or the largest where nothing is known of an earlier run. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = Map.groupBy(sorted, ({ project }) => project);
    const places = new Map<TestSpecification, number>();
    for (const [{ config }, own] of projects) {
      // Short files that share a process are the last: they fill what the last conversations leave of both cores.
      const from = config.sequence.groupOrder * 2 + (config.isolate ? 0 : 1);
      for (const [index, file] of own.entries()) places.set(file, from + index / own.length);
    }
    return sorted.toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  }
}
