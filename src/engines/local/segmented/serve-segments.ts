// What a worker thread of a recogniser does with its model: turns one segment of sound after the other into words.
import { memberData, serve, type TaskPort } from '../crew-member.ts';
import { BEGUN } from './decoder.ts';
import { type SegmentModel, type SegmentTask, type SegmentText, transcribeSegment } from './transcribe.ts';

export interface RecogniserData {
  /** The folder of the converted model. */
  readonly folder: string;
}

/** Where the model of this worker is. */
export function modelFolder(): string {
  return (memberData() as RecogniserData).folder;
}

export async function serveSegments(model: SegmentModel): Promise<void> {
  // The first run plans memory and takes several times as long as any other.
  let runs = 0;
  await model.decode(new Float32Array(16_000), { hints: { vocabulary: [] }, draft: [], aborted: () => runs++ > 0 });
  serve<SegmentText | undefined>((task: SegmentTask, port: TaskPort) => {
    port.part(BEGUN);
    return transcribeSegment(model, task, () => port.aborted);
  });
}
