// A thread that hears: loads the graphs once, then turns one segment of sound after the other into words.
import { memberData, type TaskPort, serve } from '../crew-member.ts';
import { BEGUN } from './decoder.ts';
import { loadGraphs } from './graphs.ts';
import { TermBook } from './key-terms.ts';
import { BEGIN } from './tokens.ts';
import { type SegmentTask, type SegmentText, transcribeSegment } from './transcribe.ts';

export interface MoonshineData {
  /** The folder of the converted model. */
  readonly folder: string;
}

const { folder } = memberData() as MoonshineData;
const graphs = await loadGraphs(folder);
// The first run plans memory and takes several times as long as any other.
await (await graphs.listen(new Float32Array(16_000))).feed([BEGIN]);

const terms = new TermBook(graphs.tokens);

serve<SegmentText | undefined>((task: SegmentTask, port: TaskPort) => {
  port.part(BEGUN);
  return transcribeSegment(graphs, terms.of(task.hints), task, () => port.aborted);
});
